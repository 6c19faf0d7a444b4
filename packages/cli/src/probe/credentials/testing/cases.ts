/** What is in every secret of the cases, and in nothing else. */
export const CANARY = "c4n4ry";
/** Signs that mean something to one reader or another. */
export const SIGNS: readonly string[] = "/?#@:;&=%[](){}<>, '\"\\.-1a$\t!|*".split("");
const S = `${CANARY}Hunter2`;
const GITHUB = `ghp_${CANARY}0123456789abcdefghijKLMN`;
const KEY = `-----BEGIN PRIVATE KEY-----\n${CANARY}AAAA==\n-----END PRIVATE KEY-----\n`;

type Files = Readonly<Record<string, string>>;
type Env = Readonly<Record<string, string>>;

/** A source of credentials: where something is found, and a near miss where nothing is. */
export interface Case {
  readonly what: string;
  readonly files?: Files;
  readonly env?: Env;
  /** "kind place: name", with "-> host:port" behind it where it leads somewhere. */
  readonly found: readonly string[];
  readonly miss: { readonly files?: Files; readonly env?: Env };
}

const kubeconfig = (server: string, user: string): string => `apiVersion: v1
kind: Config
clusters: [{ name: prod, cluster: { server: "${server}" } }]
contexts: [{ name: main, context: { cluster: prod, user: admin } }]
users: [{ name: admin, user: ${user} }]
`;
const exec = "{ exec: { command: mayfly, args: [credential], apiVersion: client.authentication.k8s.io/v1 } }";

export const CASES: readonly Case[] = [
  {
    what: "settings of MCP servers",
    files: {
      "./.mcp.json": JSON.stringify({
        mcpServers: {
          shop: {
            command: "npx",
            args: ["-y", "server-postgres", `postgresql://support:${S}@db.internal/shop`],
          },
          crm: { url: "https://crm.internal/mcp", headers: { Authorization: `Bearer ${S}` } },
          forge: { command: "forge", env: { FORGE_TOKEN: S } },
        },
      }),
      "~/.claude.json": JSON.stringify({
        projects: {
          "/work": { mcpServers: { old: { command: "x", args: [`--dsn=mysql://u:${S}@db.internal/shop`] } } },
        },
      }),
    },
    found: [
      "postgres ./.mcp.json (MCP server shop), an argument: db.internal:5432/shop as support -> db.internal:5432",
      "http ./.mcp.json (MCP server crm): a header, crm.internal:443 -> crm.internal:443",
      "environment ./.mcp.json (MCP server forge), variable FORGE_TOKEN: FORGE_TOKEN",
      "mysql ~/.claude.json (MCP server old), an argument: db.internal:3306/shop as u -> db.internal:3306",
    ],
    miss: {
      files: {
        "./.mcp.json": JSON.stringify({
          mcpServers: {
            shop: { command: "npx", args: ["-y", "server-postgres", "postgresql://db.internal/shop"] },
            mayfly: { url: "https://gateway.test:8443/mcp", headers: { Authorization: `Bearer ${S}` } },
            crm: { url: "https://crm.internal/mcp", headers: { Authorization: "Bearer ${CRM_TOKEN}" } },
            forge: { command: "forge", env: { FORGE_TOKEN: "${FORGE_TOKEN}", LOG: S } },
          },
        }),
      },
    },
  },
  {
    what: "PGPASSWORD with PGHOST",
    env: {
      PGPASSWORD: S,
      PGHOST: "db.internal,b.internal",
      PGPORT: "5433",
      PGDATABASE: "shop",
      PGUSER: "support",
    },
    found: [
      "postgres environment variable PGPASSWORD: db.internal:5433/shop as support -> db.internal:5433",
      "postgres environment variable PGPASSWORD: b.internal:5433/shop as support -> b.internal:5433",
    ],
    miss: { env: { PGPASSWORD: S, PGHOST: "gateway.test", PGPORT: "6432" } },
  },
  {
    what: "PGPASSWORD alone",
    env: { PGPASSWORD: S },
    found: ["postgres environment variable PGPASSWORD: PostgreSQL, on the host that the client names"],
    miss: { env: { PGPASSWORD: "", PGHOST: "db.internal" } },
  },
  {
    what: "a password file",
    files: { "~/.pgpass": `# comment:1:2:3:${S}\r\n*:*:*:support:${S}\r\nfd00\\:\\:1:5432:a\\\\b:u:${S}\n` },
    found: [
      "postgres ~/.pgpass:2: any host as support -> *",
      "postgres ~/.pgpass:3: [fd00::1]:5432 as u -> fd00::1:5432",
    ],
    miss: { files: { "~/.pgpass": `#db:5432:shop:u:${S}\ndb:5432:shop:u:\ngateway.test:6432:*:*:${S}\n` } },
  },
  {
    what: "PGPASSFILE",
    files: { "~/other": `db.internal:5432:shop:support:${S}` },
    env: { PGPASSFILE: "ROOT/home/a/other" },
    found: ["postgres ~/other:1: db.internal:5432/shop as support -> db.internal:5432"],
    miss: { env: { PGPASSFILE: "ROOT/absent" } },
  },
  {
    what: "a service file",
    files: {
      "/etc/postgresql-common/pg_service.conf": `[shop]\nhost=a,b\nport=1,\nuser=support\npassword=${S}\n[key]\nsslkey=../k\n`,
      "~/k": KEY,
    },
    found: [
      "postgres /etc/postgresql-common/pg_service.conf:5: a:1 as support -> a:1",
      "postgres /etc/postgresql-common/pg_service.conf:5: b:5432 as support -> b:5432",
      "postgres /etc/postgresql-common/pg_service.conf:7: service key",
    ],
    miss: { files: { "~/.pg_service.conf": "[shop]\nhost=db.internal\nsslkey=absent\n" } },
  },
  {
    what: "a client certificate's key",
    files: { "~/.postgresql/postgresql.key": KEY },
    found: ["postgres ~/.postgresql/postgresql.key: PostgreSQL, a client certificate's key"],
    miss: { files: { "~/.postgresql/root.crt": "public" } },
  },
  {
    what: "MySQL's options",
    files: { "~/.my.cnf": `[client]\nhost = db.internal\nuser=a\npassword="${S}"\n` },
    found: ["mysql ~/.my.cnf:4: db.internal:3306 as a -> db.internal:3306"],
    miss: { files: { "~/.my.cnf": `[client]\npassword\nuser=a\n[mysqld]\npassword=${S}\n` } },
  },
  {
    what: "sources of ODBC",
    files: {
      "~/.odbc.ini": `[shop]\nDriver=PostgreSQL\nServername=db.internal\nPort=5433\nDatabase=shop\nUserName=a\nPassword=${S}\n`,
      "/etc/odbc.ini": `[sql]\nServer = tcp:sql.internal,1433\nUID = a\nPWD = ${S}\n`,
    },
    found: [
      "database ~/.odbc.ini:7: db.internal:5433/shop as a -> db.internal:5433",
      "database /etc/odbc.ini:4: sql.internal:1433 as a -> sql.internal:1433",
    ],
    miss: { files: { "~/.odbc.ini": "[shop]\nServername=db.internal\nPWD=\n" } },
  },
  {
    what: "dbt's profiles",
    files: {
      "~/.dbt/profiles.yml": `shop:\n  target: dev\n  outputs:\n    dev:\n      type: postgres\n      host: db.internal\n      user: a\n      dbname: shop\n      password: ${S}\n`,
    },
    found: ["database ~/.dbt/profiles.yml (output dev): db.internal:5432/shop as a -> db.internal:5432"],
    miss: {
      files: {
        "~/.dbt/profiles.yml":
          "shop:\n  outputs:\n    dev:\n      host: db.internal\n      password: \"{{ env_var('X') }}\"\n",
      },
    },
  },
  {
    what: "pgcli's aliases, and usql's passwords",
    files: {
      "~/.config/pgcli/config": `[alias_dsn]\nshop = postgresql://a:${S}@db.internal/shop\n`,
      "~/.usqlpass": `# a:b:1:c:d:${S}\npostgres:db.internal:5432:shop:a:${S}\npg:*:*:*:*:${S}\n`,
    },
    found: [
      "postgres ~/.config/pgcli/config:2: db.internal:5432/shop as a -> db.internal:5432",
      "database ~/.usqlpass:2: db.internal:5432/shop as a -> db.internal:5432",
      "database ~/.usqlpass:3: any host -> *",
    ],
    miss: {
      files: {
        "~/.config/pgcli/config": "[alias_dsn]\nshop = postgresql://a@db.internal/shop\n[main]\nless = 1\n",
        "~/.usqlpass": "postgres:db.internal:5432:shop:a:\n",
      },
    },
  },
  {
    what: "ClickHouse's client",
    files: {
      "~/.clickhouse-client/config.xml": `<config>\n<user>a</user>\n<password>${S}</password>\n<host>ch.internal</host>\n<connections_credentials><connection><name>b</name><hostname>b.internal</hostname>\n<password>${S}</password></connection></connections_credentials></config>`,
    },
    found: [
      "database ~/.clickhouse-client/config.xml:3: ch.internal:9000 as a -> ch.internal:9000",
      "database ~/.clickhouse-client/config.xml:6: b.internal:9000 -> b.internal:9000",
    ],
    miss: {
      files: { "~/.clickhouse-client/config.xml": "<config><user>a</user><password></password></config>" },
    },
  },
  {
    what: "Snowflake",
    files: {
      "~/.snowsql/config": `[connections.shop]\naccountname = ab12345.eu\nusername = a\npassword = "${S}"\n`,
      "~/.snowflake/connections.toml": `[shop]\naccount = "ab12345"\nuser = "a"\ntoken = "${S}"\n`,
    },
    found: [
      "database ~/.snowsql/config:4: ab12345.eu.snowflakecomputing.com:443 as a -> ab12345.eu.snowflakecomputing.com:443",
      "database ~/.snowflake/connections.toml:4: ab12345.snowflakecomputing.com:443 as a -> ab12345.snowflakecomputing.com:443",
    ],
    miss: {
      files: {
        "~/.snowsql/config": "[connections]\n#password = x\naccountname = a\n",
        "~/.snowflake/connections.toml": '[shop]\nauthenticator = "externalbrowser"\n',
      },
    },
  },
  {
    what: "Kerberos",
    files: {
      "/tmp/krb5cc_1000": `\u0005\u0004${S}`,
      "~/dir/tkt1": `\u0005\u0004${S}`,
      "~/dir/primary": "tkt1",
    },
    env: { KRB5CCNAME: "DIR:ROOT/home/a/dir" },
    found: ["environment /tmp/krb5cc_1000: Kerberos, tickets", "environment ~/dir/tkt1: Kerberos, tickets"],
    miss: { files: { "/tmp/krb5cc_1000": "text" }, env: { KRB5CCNAME: "FILE:ROOT/absent" } },
  },
  {
    what: "a Kerberos cache in a file",
    files: { "~/cc": `\u0005\u0004${S}` },
    env: { KRB5CCNAME: "FILE:ROOT/home/a/cc" },
    found: ["environment ~/cc: Kerberos, tickets"],
    miss: { files: { "~/cc": "" }, env: { KRB5CCNAME: "ROOT/home/a/cc" } },
  },
  {
    what: "MYSQL_PWD",
    env: { MYSQL_PWD: S, MYSQL_HOST: "db.internal" },
    found: ["mysql environment variable MYSQL_PWD: db.internal:3306 -> db.internal:3306"],
    miss: { env: { MYSQL_HOST: "db.internal" } },
  },
  {
    what: "a database's URL",
    env: { DATABASE_URL: `postgres://support:${S}@db.internal/shop?sslmode=require` },
    found: [
      "postgres environment variable DATABASE_URL: db.internal:5432/shop as support -> db.internal:5432",
    ],
    miss: {
      env: {
        DATABASE_URL: "postgres://support@db.internal/shop",
        OTHER_URL: `postgres://g:${S}@gateway.test:6432/x`,
        SHOUTED_URL: `postgres://g:${S}@Gateway.TEST.:6432/x`,
      },
    },
  },
  {
    what: "the gateway's host, where no port or another one is named",
    env: { A: `Server=gateway.test;Uid=a;Pwd=${S}`, B: `postgres://g:${S}@gateway.test/x` },
    found: [
      "database environment variable A: gateway.test as a -> gateway.test",
      "postgres environment variable B: gateway.test:5432/x as g -> gateway.test:5432",
    ],
    miss: {
      env: { A: `Server=GATEWAY.test,6432;Uid=a;Pwd=${S}`, B: `postgres://g:${S}@gateway.test:8443/x` },
    },
  },
  {
    what: "a URL of a scheme that nobody knows, a token for its host",
    env: { NOTIFY: `pushover://${S}:${S}@${S}/` },
    found: ["environment environment variable NOTIFY: a URL"],
    miss: { env: { NOTIFY: "pushover://shoutrrr/" } },
  },
  {
    what: "a password with an escaped blank",
    env: { DSN: `host=db user=a password=abc\\ user=${S}`, CUT: `host=db user=a password='abc user=${S}` },
    found: [
      "postgres environment variable DSN: db:5432 as a -> db:5432",
      "postgres environment variable CUT: a connection string of PostgreSQL",
    ],
    miss: { env: { DSN: "host=db user=a\\ password=abc" } },
  },
  {
    what: "keys and password files that connection strings name",
    files: { "~/k.pem": KEY, "~/passwords": `*:*:*:*:${S}` },
    env: {
      URL: "postgres://u@db/x?sslkey=ROOT/home/a/k.pem",
      DSN: "host=a,b user=u sslkey='ROOT/home/a/k.pem'",
      FILE_URL: "postgres://u@db/x?passfile=ROOT/home/a/passwords",
    },
    found: [
      "postgres environment variable URL: db:5432/x as u -> db:5432",
      "postgres environment variable DSN: a:5432 as u -> a:5432",
      "postgres environment variable DSN: b:5432 as u -> b:5432",
      "postgres ~/passwords:1: any host -> *",
    ],
    miss: {
      env: {
        URL: "postgres://u@db/x?sslkey=ROOT/home/a/absent&passfile=ROOT/absent",
        DSN: "host=a,b user=u sslkey=ROOT/absent",
      },
    },
  },
  {
    what: "a URL of several hosts",
    env: { MONGO: `mongodb://u:${S}@a.test:1,b.test/x` },
    found: [
      "database environment variable MONGO: a.test:1/x as u -> a.test:1",
      "database environment variable MONGO: b.test:27017/x as u -> b.test:27017",
    ],
    miss: { env: { MONGO: "mongodb://a.test:1,b.test/x" } },
  },
  {
    what: "a password with a slash, that ends the host early",
    env: { DATABASE_URL: `postgres://support:12/${S}@db.internal/shop` },
    found: ["postgres environment variable DATABASE_URL: a URL of postgres"],
    miss: { env: { DATABASE_URL: "postgres://db.internal:12/shop" } },
  },
  {
    what: "a token as the user of a URL",
    env: { REMOTE: `https://${GITHUB}@github.com/a/b` },
    found: ["http environment variable REMOTE: github.com:443 -> github.com:443"],
    miss: { env: { REMOTE: "https://git@github.com/a/b", CDN: "https://unpkg.test/@scope/package" } },
  },
  {
    what: "JDBC, conninfo and other strings",
    env: {
      SPRING: `jdbc:postgresql://db.internal/shop?user=support&password=${S}`,
      CONNINFO: `host=db.internal dbname=shop user=support password='${S}'`,
      ADO: `Server=tcp:sql.internal,1433;Database=shop;User Id=a;Password=${S};`,
      GO: `a:${S}@tcp(my.internal:3307)/shop`,
      ORACLE: `jdbc:oracle:thin:a/${S}@//ora.internal:1521/x`,
    },
    found: [
      "postgres environment variable SPRING: db.internal:5432/shop as support -> db.internal:5432",
      "postgres environment variable CONNINFO: db.internal:5432/shop as support -> db.internal:5432",
      "database environment variable ADO: sql.internal:1433/shop as a -> sql.internal:1433",
      "mysql environment variable GO: my.internal:3307/shop as a -> my.internal:3307",
      "database environment variable ORACLE: a connection string of Oracle",
    ],
    miss: {
      env: {
        SPRING: "jdbc:postgresql://db.internal/shop?user=support",
        CONNINFO: "host=db.internal dbname=shop",
        ADO: "Server=sql.internal;Integrated Security=true",
        GO: "a@tcp(my.internal:3307)/shop",
        TEXT: "the password=is a word",
      },
    },
  },
  {
    what: "names of secrets",
    env: {
      STRIPE_API_KEY: S,
      DB_PASS: S,
      ADMINPWD: S,
      npm_config__authToken: S,
      A_TOKEN: S,
      PLAIN: GITHUB,
      PEM: KEY,
    },
    found: ["STRIPE_API_KEY", "DB_PASS", "ADMINPWD", "npm_config__authToken", "A_TOKEN", "PLAIN", "PEM"].map(
      (name) => `environment environment variable ${name}: ${name}`,
    ),
    miss: {
      env: {
        PWD: "/",
        OLDPWD: "/",
        COLORTERM: "truecolor",
        XAUTHORITY: "/x",
        GPG_TTY: "/dev/tty",
        MAYFLY_TOKEN: S,
        MAX_OUTPUT_TOKENS: "1000",
        TOKENIZERS_PARALLELISM: "false",
        TOKEN_URL: "https://a.test/token",
        GIT_AUTHOR_NAME: "a",
        USE_AUTH: "true",
        EMPTY_TOKEN: "",
        GIT_ASKPASS: "echo",
        OTHER_TOKEN: "${A_TOKEN}",
        AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      },
    },
  },
  {
    what: "a secret's file",
    files: { "/run/secret": S },
    env: { DB_PASSWORD_FILE: "ROOT/run/secret" },
    found: ["environment environment variable DB_PASSWORD_FILE: the file /run/secret"],
    miss: {
      files: { "/run/empty": "" },
      env: {
        DB_PASSWORD_FILE: "ROOT/run/absent",
        X_TOKEN_FILE: "/proc/self/status",
        Y_TOKEN_FILE: "ROOT/run/empty",
      },
    },
  },
  {
    what: "a kubeconfig's token",
    files: { "~/.kube/config": kubeconfig("https://k.internal:6443", `{ token: ${S} }`) },
    found: [
      "kubernetes ~/.kube/config (user admin): k.internal:6443, context main (a token) -> k.internal:6443",
    ],
    miss: { files: { "~/.kube/config": kubeconfig("https://gateway.test:8443/kubernetes/prod", exec) } },
  },
  {
    what: "a kubeconfig's command and files, merged",
    files: {
      "~/1": "clusters: [{ name: prod, cluster: { server: 'https://k.internal' } }]",
      "~/2": `contexts: [{ name: main, context: { cluster: prod, user: admin } }]\nusers: [{ name: admin, user: ${exec} }, { name: lone, user: { client-key: key } }]`,
      "~/key": KEY,
    },
    env: { KUBECONFIG: "ROOT/home/a/1:ROOT/home/a/2" },
    found: [
      "kubernetes ~/2 (user admin): k.internal:443, context main (command mayfly) -> k.internal:443",
      "kubernetes ~/2 (user lone): no context's (a client certificate)",
    ],
    miss: {
      files: { "~/.kube/config": kubeconfig("https://k.internal", "{ client-key: absent, username: a }") },
    },
  },
  {
    what: "a pod's tokens",
    files: {
      "/var/run/secrets/kubernetes.io/serviceaccount/token": S,
      "/var/run/secrets/eks.amazonaws.com/serviceaccount/token": S,
    },
    env: { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "6443" },
    found: [
      "cloud /var/run/secrets/eks.amazonaws.com/serviceaccount/token: a token of eks.amazonaws.com",
      "kubernetes /var/run/secrets/kubernetes.io/serviceaccount/token: a service account's token -> 10.0.0.1:6443",
    ],
    miss: { files: { "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt": "public" } },
  },
  {
    what: "a workload's identity",
    files: { "~/t": S },
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: "ROOT/home/a/t", AZURE_FEDERATED_TOKEN_FILE: "ROOT/home/a/t" },
    found: ["cloud ~/t: AWS, a workload's identity token", "cloud ~/t: Azure, a workload's identity token"],
    miss: { env: { AWS_WEB_IDENTITY_TOKEN_FILE: "ROOT/absent" } },
  },
  {
    what: ".netrc",
    files: {
      "~/.netrc": `machine api.internal login a\n  password "${S} x"\ndefault login b password ${S}\n`,
    },
    found: ["http ~/.netrc:2: api.internal:443 -> api.internal:443", "http ~/.netrc:3: any host -> *"],
    miss: {
      files: {
        "~/.netrc": `machine api.internal login a\n# machine b password ${S}\nmacdef init\nmachine c password ${S}\n\n`,
      },
    },
  },
  {
    what: "curl's defaults",
    files: {
      "~/.curlrc": `user = "a:${S}"\n-H "Authorization: Bearer ${S}"\noauth2-bearer ${S}\nproxy-user=a:${S}\n-ub:${S}\n`,
    },
    found: [
      "http ~/.curlrc:1: curl, a user and password for any host",
      "http ~/.curlrc:2: curl, a header with a login for any host",
      "http ~/.curlrc:3: curl, a token for any host",
      "http ~/.curlrc:4: curl, a user and password for its proxy",
      "http ~/.curlrc:5: curl, a user and password for any host",
    ],
    miss: {
      files: { "~/.curlrc": `#user=a:${S}\nuser = a\nheader = "Accept: text/html"\nuser-agent = "a:b"\n` },
    },
  },
  {
    what: "curl's client certificates, and the login of its proxy",
    files: {
      "~/.curlrc": `proxy = p.internal:3128\nproxy-user = "a:${S}"\ncert = ../both.pem:${S}\nkey = ../k.pem\n`,
      "~/both.pem": KEY,
      "~/k.pem": KEY,
    },
    found: [
      "http ~/.curlrc:2: a proxy's login, p.internal:3128 -> p.internal:3128",
      "http ~/.curlrc:3: curl, a client certificate's key for any host",
      "http ~/.curlrc:4: curl, a client certificate's key for any host",
    ],
    miss: {
      files: {
        "~/.curlrc": "proxy-user = a\ncert = ../public.pem\nkey = ../absent\n",
        "~/public.pem": "-----BEGIN CERTIFICATE-----\n",
      },
    },
  },
  {
    what: "wget's client certificate, and the login of its proxy",
    files: {
      "~/.wgetrc": `proxy_user = a\nproxy_password = ${S}\nhttps_proxy = http://p.internal:3128\nprivate_key = ../k.pem\n`,
      "~/k.pem": KEY,
    },
    found: [
      "http ~/.wgetrc:2: a proxy's login, p.internal:3128 -> p.internal:3128",
      "http ~/.wgetrc:4: wget, a client certificate's key for any host",
    ],
    miss: { files: { "~/.wgetrc": "proxy_user = a\nprivate_key = ../absent\n" } },
  },
  {
    what: "wget's defaults",
    files: { "~/.wgetrc": `http_password = ${S}\n` },
    found: ["http ~/.wgetrc:1: wget, a password for any host"],
    miss: { files: { "~/.wgetrc": `# password = ${S}\nuser = a\n` } },
  },
  {
    what: "git's stores and settings",
    files: {
      "~/.git-credentials": `https://a:${S}@git.internal\n`,
      "~/.gitconfig": `[http "https://b.internal/"]\n\textraheader = AUTHORIZATION: basic ${S}\n[url "https://${GITHUB}@github.com/"]\n insteadOf = x\n[include]\npath = more\n[credential]\nhelper = store --file ~/creds\n`,
      "~/more": `[http]\nextraheader = "Authorization: Bearer ${S}"\n`,
      "~/creds": `https://a:${S}@c.internal\n`,
      "./.git/config": `[remote "origin"]\n\turl = https://x-access-token:${S}@github.com/a/b.git\n`,
    },
    found: [
      "git ~/.gitconfig:2: git, a header with a login for b.internal:443 -> b.internal:443",
      "git ~/.gitconfig:3: github.com:443 -> github.com:443",
      "git ./.git/config:2: github.com:443 -> github.com:443",
      "git ~/more:2: git, a header with a login for any host",
      "git ~/.git-credentials:1: git.internal:443 -> git.internal:443",
      "git ~/creds:1: c.internal:443 -> c.internal:443",
    ],
    miss: {
      files: {
        "~/.git-credentials": "https://git.internal\n",
        "~/.gitconfig": '[user]\nname = a\n[http]\nextraheader = "X-Trace: 1"\n',
        "./.git/config": '[remote "origin"]\n\turl = git@github.com:a/b.git\n',
      },
    },
  },
  {
    what: "a worktree's repository",
    files: {
      "./.git": "gitdir: ../repository/.git/worktrees/w\n",
      "~/repository/.git/worktrees/w/commondir": "../..\n",
      "~/repository/.git/config": `[remote "origin"]\nurl = https://a:${S}@git.internal/x\n`,
    },
    found: ["git ~/repository/.git/config:2: git.internal:443 -> git.internal:443"],
    miss: { files: { "./.git": "gitdir: ../absent\n" } },
  },
  {
    what: "a header for git in variables",
    env: {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "http.https://github.com/.extraheader",
      GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${S}`,
    },
    found: [
      "git environment variable GIT_CONFIG_VALUE_0: git, a header with a login for github.com:443 -> github.com:443",
    ],
    miss: {
      env: {
        GIT_CONFIG_COUNT: "0",
        GIT_CONFIG_KEY_0: "http.extraheader",
        GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${S}`,
      },
    },
  },
  {
    what: "gh, glab and hub",
    files: {
      "~/.config/gh/hosts.yml": `github.com:\n  oauth_token: ${S}\n  user: a\nghe.internal:\n  user: b\n`,
      "~/.config/glab-cli/config.yml": `hosts:\n  gitlab.internal:\n    token: ${S}\n`,
      "~/.config/hub": `h.internal:\n- user: a\n  oauth_token: ${S}\n`,
    },
    found: [
      "git ~/.config/gh/hosts.yml: gh at github.com:443 -> github.com:443",
      "git ~/.config/gh/hosts.yml: gh, the token in the system's keyring at ghe.internal:443 -> ghe.internal:443",
      "git ~/.config/glab-cli/config.yml: glab at gitlab.internal:443 -> gitlab.internal:443",
      "git ~/.config/hub: hub at h.internal:443 -> h.internal:443",
    ],
    miss: {
      files: {
        "~/.config/gh/hosts.yml": "github.com:\n  git_protocol: https\n",
        "~/.config/glab-cli/config.yml": "hosts:\n  gitlab.com:\n    token:\n",
      },
    },
  },
  {
    what: "npm",
    files: {
      "~/.npmrc": `//npm.internal/:_authToken=${S}\n_auth=${S}\n`,
      "./.npmrc": "//r.internal/:_authToken=${SET_HERE}\n",
    },
    env: { SET_HERE: "x" },
    found: [
      "registry ~/.npmrc:1: npm.internal:443 -> npm.internal:443",
      "registry ~/.npmrc:2: registry.npmjs.org:443 -> registry.npmjs.org:443",
      "registry ./.npmrc:1: r.internal:443 -> r.internal:443",
    ],
    miss: {
      files: {
        "~/.npmrc": `#_authToken=${S}\nregistry=https://npm.internal\nalways-auth=true\n//r.internal/:_authToken=\${ABSENT}\n`,
      },
    },
  },
  {
    what: "container registries",
    files: {
      "~/.docker/config.json": JSON.stringify({
        auths: { "https://index.docker.io/v1/": { auth: S }, "ghcr.io": {} },
        credsStore: "desktop",
        credHelpers: { "gcr.io": "gcloud" },
      }),
      "~/.config/containers/auth.json": JSON.stringify({ auths: { "quay.io": { identitytoken: S } } }),
    },
    found: [
      "registry ~/.docker/config.json: index.docker.io:443 -> index.docker.io:443",
      "registry ~/.docker/config.json: ghcr.io:443, by the helper docker-credential-desktop -> ghcr.io:443",
      "registry ~/.docker/config.json: gcr.io:443, by the helper docker-credential-gcloud -> gcr.io:443",
      "registry ~/.config/containers/auth.json: quay.io:443 -> quay.io:443",
    ],
    miss: { files: { "~/.docker/config.json": '{"auths":{"ghcr.io":{}},"HttpHeaders":{}}' } },
  },
  {
    what: "Python's registries",
    files: {
      "~/.pypirc": `[pypi]\nusername = __token__\npassword = ${S}\n`,
      "~/.config/pip/pip.conf": `[global]\nextra-index-url =\n  https://a:${S}@pip.internal/simple\n`,
    },
    found: [
      "registry ~/.pypirc:3: upload.pypi.org:443 -> upload.pypi.org:443",
      "registry ~/.config/pip/pip.conf:3: pip.internal:443 -> pip.internal:443",
    ],
    miss: {
      files: {
        "~/.pypirc": "[pypi]\nusername = a\n",
        "~/.pip/pip.conf": "[global]\nindex-url = https://pypi.org/simple\n",
      },
    },
  },
  {
    what: "other registries",
    files: {
      "~/.cargo/credentials.toml": `[registry]\ntoken = "${S}"\n[registries.own]\ntoken = "${S}"\n`,
      "~/.m2/settings.xml": `<settings><!-- <server><password>${S}</password></server> --><servers>\n<server><id>nexus</id><password>${S}</password></server></servers></settings>`,
      "~/.gradle/gradle.properties": `nexusPassword=${S}\n`,
      "~/.gem/credentials": `---\n:rubygems_api_key: ${S}\n`,
      "~/.yarnrc.yml": `npmRegistryServer: "https://y.internal"\nnpmAuthToken: ${S}\n`,
      "~/.composer/auth.json": JSON.stringify({
        "http-basic": { "c.internal": { username: "a", password: S } },
      }),
    },
    found: [
      "registry ~/.cargo/credentials.toml:2: crates.io:443 -> crates.io:443",
      "registry ~/.cargo/credentials.toml:4: Cargo, registry own",
      "registry ~/.m2/settings.xml:2: Maven, server nexus",
      "registry ~/.gradle/gradle.properties:1: Gradle",
      "registry ~/.gem/credentials: RubyGems",
      "registry ~/.yarnrc.yml: y.internal:443 -> y.internal:443",
      "registry ~/.composer/auth.json: c.internal:443 -> c.internal:443",
    ],
    miss: {
      files: {
        "~/.cargo/credentials": "[registry]\n",
        "~/.m2/settings.xml":
          "<settings><servers><server><id>a</id><password>${env.X}</password></server></servers></settings>",
        "~/.gradle/gradle.properties": "org.gradle.daemon=true\n",
        "~/.yarnrc.yml": "nodeLinker: node-modules\n",
        "~/.composer/auth.json": "{}",
      },
    },
  },
  {
    what: "further registries",
    files: {
      "/etc/npmrc": `//npm.internal/:_authToken=${S}\n`,
      "~/.cargo/config.toml": `[registry]\ntoken = "${S}"\n[registries]\nown = { index = "x", token = "${S}" }\n`,
      "~/.config/helm/registry/config.json": JSON.stringify({ auths: { "oci.internal": { auth: S } } }),
      "~/.config/helm/repositories.yaml": `repositories:\n- name: a\n  url: https://charts.internal\n  password: ${S}\n`,
      "~/.nuget/NuGet/NuGet.Config": `<configuration><packageSources><add key="own" value="https://nuget.internal/v3" /></packageSources>\n<packageSourceCredentials><own>\n<add key="Username" value="a" />\n<add key="ClearTextPassword" value="${S}" /></own></packageSourceCredentials></configuration>`,
      "~/.config/pypoetry/auth.toml": `[http-basic.own]\nusername = "a"\npassword = "${S}"\n[pypi-token]\npypi = "${S}"\n`,
      "~/.local/share/uv/credentials/credentials.toml": `[[credential]]\nservice = "https://uv.internal"\nusername = "a"\npassword = "${S}"\n`,
      "~/.config/uv/uv.toml": `[[index]]\nurl = "https://a:${S}@index.internal/simple"\n`,
      "~/.cache/huggingface/token": S,
    },
    env: { HF_TOKEN: S },
    found: [
      "registry environment variable HF_TOKEN: Hugging Face at huggingface.co:443 -> huggingface.co:443",
      "registry /etc/npmrc:1: npm.internal:443 -> npm.internal:443",
      "registry ~/.config/helm/registry/config.json: oci.internal:443 -> oci.internal:443",
      "registry ~/.config/pypoetry/auth.toml:3: Poetry, repository own",
      "registry ~/.config/pypoetry/auth.toml:5: Poetry, repository pypi",
      "registry ~/.local/share/uv/credentials/credentials.toml:4: uv.internal:443 -> uv.internal:443",
      "registry ~/.config/uv/uv.toml:2: index.internal:443 -> index.internal:443",
      "registry ~/.cargo/config.toml:2: crates.io:443 -> crates.io:443",
      "registry ~/.cargo/config.toml:4: Cargo, registry own",
      "registry ~/.config/helm/repositories.yaml: charts.internal:443 -> charts.internal:443",
      "registry ~/.nuget/NuGet/NuGet.Config:4: nuget.internal:443 -> nuget.internal:443",
      "registry ~/.cache/huggingface/token: Hugging Face -> huggingface.co:443",
    ],
    miss: {
      files: {
        "/etc/npmrc": "prefix=/usr\n",
        "~/.cargo/config.toml": '[registries]\nown = { index = "x" }\n[build]\ntoken = "x"\n',
        "~/.config/helm/registry/config.json": '{"auths":{}}',
        "~/.config/helm/repositories.yaml": "repositories:\n- name: a\n  url: https://charts.internal\n",
        "~/.nuget/NuGet/NuGet.Config": `<configuration><!-- <add key="ClearTextPassword" value="${S}" /> --><packageSources><add key="own" value="https://nuget.internal/v3" /></packageSources></configuration>`,
        "~/.config/pypoetry/auth.toml": '[http-basic.own]\nusername = "a"\n',
        "~/.local/share/uv/credentials/credentials.toml": '[[credential]]\nservice = "https://uv.internal"\n',
        "~/.config/uv/uv.toml": '[[index]]\nurl = "https://index.internal/simple"\n',
        "~/.cache/huggingface/token": "",
      },
    },
  },
  {
    what: "AWS",
    files: {
      "~/.aws/credentials": `[default]\naws_access_key_id = AKIA\naws_secret_access_key = ${S}\n`,
      "~/.aws/config": "[profile dev]\ncredential_process = /bin/x\n[profile sso]\nsso_session = s\n",
      "~/.aws/sso/cache/a.json": JSON.stringify({ accessToken: S }),
    },
    env: { AWS_SECRET_ACCESS_KEY: S, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" },
    found: [
      "cloud environment variable AWS_SECRET_ACCESS_KEY: AWS",
      "cloud ~/.aws/sso/cache/a.json: AWS, a sign-in",
      "cloud ~/.aws/credentials:3: AWS, profile default (an access key)",
      "cloud ~/.aws/config:2: AWS, profile dev (a program that gives its login)",
      "cloud ~/.aws/config:4: AWS, profile sso (single sign-on, signed in)",
      "cloud environment variable AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: AWS, the container's role -> 169.254.170.2:80",
    ],
    miss: {
      files: {
        "~/.aws/config": "[default]\nregion = eu-central-1\n[profile sso]\nsso_session = s\n",
        "~/.aws/sso/cache/a.json": '{"clientId":"x"}',
      },
    },
  },
  {
    what: "Google Cloud",
    files: {
      "~/sa.json": JSON.stringify({
        type: "service_account",
        private_key: KEY,
        client_email: "a@b.iam.test",
      }),
      "~/.config/gcloud/application_default_credentials.json": JSON.stringify({ refresh_token: S }),
      "~/.config/gcloud/legacy_credentials/a@b.test/adc.json": JSON.stringify({ refresh_token: S }),
      "~/.config/gcloud/credentials.db": `SQLite ${S}`,
    },
    env: { GOOGLE_APPLICATION_CREDENTIALS: "ROOT/home/a/sa.json" },
    found: [
      "cloud ~/sa.json: Google Cloud as a@b.iam.test",
      "cloud ~/.config/gcloud/application_default_credentials.json: Google Cloud",
      "cloud ~/.config/gcloud/legacy_credentials/a@b.test/adc.json: Google Cloud",
      "cloud ~/.config/gcloud/credentials.db: Google Cloud, gcloud's logins",
    ],
    miss: {
      files: {
        "~/.config/gcloud/credentials.db": "",
        "~/.config/gcloud/application_default_credentials.json": "{}",
      },
    },
  },
  {
    what: "Azure",
    files: {
      "~/.azure/msal_token_cache.json": JSON.stringify({ RefreshToken: { a: { secret: S } } }),
      "~/.azure/service_principal_entries.json": JSON.stringify([{ client_secret: S }]),
      "~/.azure/msal_token_cache.bin": S,
    },
    env: { AZURE_CLIENT_SECRET: S },
    found: [
      "cloud environment variable AZURE_CLIENT_SECRET: Azure, a service principal",
      "cloud ~/.azure/msal_token_cache.json: Azure, az's logins",
      "cloud ~/.azure/service_principal_entries.json: Azure, az's logins",
      "cloud ~/.azure/msal_token_cache.bin: Azure, az's logins, encrypted",
    ],
    miss: {
      files: { "~/.azure/msal_token_cache.json": '{"RefreshToken":{}}', "~/.azure/accessTokens.json": "[]" },
    },
  },
  {
    what: "other clouds",
    files: {
      "~/.oci/config": "[DEFAULT]\nkey_file=~/k\n",
      "~/.config/doctl/config.yaml": `access-token: ${S}\n`,
      "~/.terraform.d/credentials.tfrc.json": JSON.stringify({
        credentials: { "app.terraform.io": { token: S } },
      }),
      "~/.terraformrc": `credentials "tf.internal" {\n  token = "${S}"\n}\n`,
      "~/.config/hcloud/cli.toml": `active_context = "a"\n[[contexts]]\nname = "a"\ntoken = "${S}"\n`,
      "~/.config/rclone/rclone.conf": `[s3]\ntype = s3\nsecret_access_key = ${S}\n`,
      "~/.s3cfg": `[default]\nsecret_key = ${S}\n`,
      "~/.boto": `[Credentials]\naws_secret_access_key = ${S}\n`,
    },
    found: [
      "cloud ~/.terraform.d/credentials.tfrc.json: Terraform at app.terraform.io:443 -> app.terraform.io:443",
      "cloud ~/.terraformrc:2: Terraform at tf.internal:443 -> tf.internal:443",
      "cloud ~/.oci/config:2: Oracle Cloud, DEFAULT",
      "cloud ~/.config/hcloud/cli.toml:4: Hetzner Cloud",
      "cloud ~/.config/rclone/rclone.conf:3: rclone, s3",
      "cloud ~/.s3cfg:2: s3cmd, default",
      "cloud ~/.boto:2: boto, Credentials",
      "cloud ~/.config/doctl/config.yaml: DigitalOcean -> api.digitalocean.com:443",
    ],
    miss: {
      files: {
        "~/.oci/config": "[DEFAULT]\nregion=x\n",
        "~/.config/doctl/config.yaml": "context: default\n",
        "~/.terraform.d/credentials.tfrc.json": '{"credentials":{}}',
        "~/.terraformrc": 'plugin_cache_dir = "x"\n',
        "~/.config/rclone/rclone.conf": "[local]\ntype = local\n",
        "~/.s3cfg": "[default]\nsecret_key =\n",
        "~/.boto": "[Boto]\n",
      },
    },
  },
  {
    what: "sign-ins of other providers",
    files: {
      "~/.pulumi/credentials.json": JSON.stringify({ accessTokens: { "https://api.pulumi.com": S } }),
      "~/.mc/config.json": JSON.stringify({
        aliases: { own: { url: "https://minio.internal:9000", accessKey: "a", secretKey: S } },
      }),
      "~/.fly/config.yml": `access_token: ${S}\n`,
      "~/.databrickscfg": `[DEFAULT]\nhost = https://adb.internal\ntoken = ${S}\n`,
    },
    found: [
      "cloud ~/.pulumi/credentials.json: Pulumi at api.pulumi.com:443 -> api.pulumi.com:443",
      "cloud ~/.mc/config.json: MinIO at minio.internal:9000 -> minio.internal:9000",
      "cloud ~/.fly/config.yml: Fly.io at api.fly.io:443 -> api.fly.io:443",
      "cloud ~/.databrickscfg:3: Databricks at adb.internal:443 -> adb.internal:443",
    ],
    miss: {
      files: {
        "~/.pulumi/credentials.json": '{"current":"file://~"}',
        "~/.mc/config.json": JSON.stringify({
          aliases: {
            gcs: { url: "https://storage.googleapis.com", secretKey: "YOUR-SECRET-KEY-HERE" },
            play: { url: "https://play.min.io", secretKey: S },
          },
        }),
        "~/.fly/config.yml": "last_login: x\n",
        "~/.databrickscfg": "[DEFAULT]\nhost = https://adb.internal\n",
      },
    },
  },
  {
    what: "vaults",
    files: {
      "~/.vault-token": S,
      "~/.config/sops/age/keys.txt": `# created\nAGE-SECRET-KEY-${S}\n`,
      "~/.config/op/config": "{}",
      "~/.tsh/keys/proxy.internal/a": KEY,
      "~/.hoop/config.toml": `token = "${S}"`,
      "~/.strongdm/.sdm": S,
    },
    env: { VAULT_TOKEN: S, VAULT_ADDR: "https://vault.internal:8200" },
    found: [
      "vault environment variable VAULT_TOKEN: Vault at vault.internal:8200 -> vault.internal:8200",
      "vault ~/.vault-token: Vault -> vault.internal:8200",
      "vault ~/.config/sops/age/keys.txt:2: SOPS, an age key",
      "vault ~/.config/op/config: 1Password, op's accounts",
      "vault ~/.hoop/config.toml: hoop",
      "vault ~/.strongdm/.sdm: StrongDM",
      "vault ~/.tsh/keys/proxy.internal: Teleport, tsh's keys -> proxy.internal:443",
    ],
    miss: { files: { "~/.vault-token": "\n", "~/.config/sops/age/keys.txt": "# public key: age1x\n" } },
  },
  {
    what: "coding agents' own logins",
    files: {
      "~/.claude/.credentials.json": JSON.stringify({ claudeAiOauth: { accessToken: S, expiresAt: 1 } }),
      "~/.codex/auth.json": JSON.stringify({ OPENAI_API_KEY: null, tokens: { access_token: S } }),
      "~/codex/auth.json": JSON.stringify({ OPENAI_API_KEY: S }),
      "~/.gemini/oauth_creds.json": JSON.stringify({ access_token: S, refresh_token: S, scope: "x" }),
    },
    env: { CODEX_HOME: "ROOT/home/a/codex" },
    found: [
      "cloud ~/.claude/.credentials.json: Claude Code, a sign-in",
      "cloud ~/codex/auth.json: Codex, an API key",
      "cloud ~/.codex/auth.json: Codex, a sign-in with ChatGPT",
      "cloud ~/.gemini/oauth_creds.json: Gemini CLI, a sign-in with Google",
    ],
    miss: {
      files: {
        "~/.claude/.credentials.json": '{"claudeAiOauth":{"accessToken":"","scopes":[]}}',
        "~/.codex/auth.json": '{"OPENAI_API_KEY":null,"last_refresh":"x"}',
        "~/.gemini/oauth_creds.json": '{"token_type":"Bearer"}',
        "~/.gemini/google_accounts.json": '{"active":"a@b.test"}',
      },
    },
  },
  {
    what: "GnuPG's keys",
    files: {
      "~/.gnupg/private-keys-v1.d/0A.key": `Key: (private-key ${S})\n`,
      "~/.gnupg/private-keys-v1.d/0B.key": `Key: (private-key ${S})\n`,
      "~/.gnupg/secring.gpg": S,
      "~/gnupg/private-keys-v1.d/0C.key": `Key: (private-key ${S})\n`,
    },
    env: { GNUPGHOME: "ROOT/home/a/gnupg" },
    found: [
      "vault ~/gnupg/private-keys-v1.d: GnuPG, private keys",
      "vault ~/.gnupg/private-keys-v1.d: GnuPG, private keys",
      "vault ~/.gnupg/secring.gpg: GnuPG, private keys",
    ],
    miss: {
      files: {
        "~/.gnupg/private-keys-v1.d/.lock": "x",
        "~/.gnupg/secring.gpg": "",
        "~/.gnupg/pubring.kbx": "x",
      },
    },
  },
  {
    what: "command-line tools",
    files: {
      "~/.config/argocd/config": `contexts:
- { name: a, server: cd.internal, user: a }
- { name: b, server: "b.internal:8080", user: b }
servers:
- { server: cd.internal, plain-text: true }
- { server: "b.internal:8080" }
users:
- name: a
  auth-token: ${S}
- name: b
  refresh-token: ${S}
- name: lone
  auth-token: ${S}
- name: c
`,
      "~/.kaggle/kaggle.json": JSON.stringify({ username: "a", key: S }),
      "~/.config/kaggle/kaggle.json": JSON.stringify({ username: "a", key: S }),
      "~/.huggingface/token": S,
      "~/.sentryclirc": `[auth]\ntoken=${S}\n`,
      "./.sentryclirc": `[defaults]\nurl = https://sentry.internal/\n[auth]\napi_key = ${S}\n`,
      "~/.local/share/com.vercel.cli/auth.json": JSON.stringify({ "// Note": "x", token: S }),
      "~/.config/.wrangler/config/default.toml": `oauth_token = "${S}"\nrefresh_token = "${S}"\n`,
      "~/.wrangler/config/default.toml": `api_token = "${S}"\n`,
      "~/.config/netlify/config.json": JSON.stringify({ users: { a: { auth: { token: S } } } }),
    },
    found: [
      "cloud ~/.config/argocd/config: Argo CD at cd.internal:80 -> cd.internal:80",
      "cloud ~/.config/argocd/config: Argo CD at b.internal:8080 -> b.internal:8080",
      "cloud ~/.config/argocd/config: Argo CD",
      "registry ~/.config/kaggle/kaggle.json: Kaggle at www.kaggle.com:443 -> www.kaggle.com:443",
      "registry ~/.kaggle/kaggle.json: Kaggle at www.kaggle.com:443 -> www.kaggle.com:443",
      "registry ~/.huggingface/token: Hugging Face at huggingface.co:443 -> huggingface.co:443",
      "cloud ~/.sentryclirc:2: Sentry at sentry.io:443 -> sentry.io:443",
      "cloud ./.sentryclirc:4: Sentry at sentry.internal:443 -> sentry.internal:443",
      "cloud ~/.local/share/com.vercel.cli/auth.json: Vercel at api.vercel.com:443 -> api.vercel.com:443",
      "cloud ~/.wrangler/config/default.toml:1: Cloudflare at api.cloudflare.com:443 -> api.cloudflare.com:443",
      "cloud ~/.config/.wrangler/config/default.toml:1: Cloudflare at api.cloudflare.com:443 -> api.cloudflare.com:443",
      "cloud ~/.config/netlify/config.json: Netlify at api.netlify.com:443 -> api.netlify.com:443",
    ],
    miss: {
      files: {
        "~/.config/argocd/config":
          "contexts: [{ name: a, server: cd.internal, user: a }]\nusers: [{ name: a }]\n",
        "~/.argocd/config": `contexts: [{ server: "gateway.test:8443", user: a }]\nusers: [{ name: a, auth-token: ${S} }]\n`,
        "~/.kaggle/kaggle.json": '{"username":"a","competition":"titanic"}',
        "~/.huggingface/token": "",
        "~/.sentryclirc": "[auth]\ntoken=\n[defaults]\norg = a\n",
        "/home/.sentryclirc": `[auth]\ntoken=${S}\n`,
        "~/.local/share/com.vercel.cli/auth.json": "{}",
        "~/.local/share/com.vercel.cli/config.json": '{"currentTeam":"a"}',
        "~/.config/.wrangler/config/default.toml": 'scopes = ["account:read"]\noauth_token = ""\n',
        "~/.config/.wrangler/metrics.json": "{}",
        "~/.config/netlify/config.json": '{"telemetryDisabled":true,"users":{"a":{"auth":{}}}}',
      },
    },
  },
  {
    what: "folders that tools' variables name, and an older place",
    files: {
      "~/claude/.credentials.json": JSON.stringify({ claudeAiOauth: { refreshToken: S } }),
      "~/gemini/.gemini/oauth_creds.json": JSON.stringify({ refresh_token: S }),
      "~/argo/config": `contexts: [{ server: cd.internal, user: a }]\nusers: [{ name: a, auth-token: ${S} }]\n`,
      "~/kaggle/kaggle.json": JSON.stringify({ username: "a", key: S }),
      "~/wrangler/config/work.toml": `api_key = "${S}"\n`,
      "~/.netlify/config.json": JSON.stringify({ users: { a: { auth: { token: S } } } }),
    },
    env: {
      CLAUDE_CONFIG_DIR: "ROOT/home/a/claude",
      GEMINI_CLI_HOME: "ROOT/home/a/gemini",
      ARGOCD_CONFIG_DIR: "ROOT/home/a/argo",
      KAGGLE_CONFIG_DIR: "ROOT/home/a/kaggle",
      WRANGLER_HOME: "ROOT/home/a/wrangler",
    },
    found: [
      "cloud ~/claude/.credentials.json: Claude Code, a sign-in",
      "cloud ~/gemini/.gemini/oauth_creds.json: Gemini CLI, a sign-in with Google",
      "cloud ~/argo/config: Argo CD at cd.internal:443 -> cd.internal:443",
      "registry ~/kaggle/kaggle.json: Kaggle at www.kaggle.com:443 -> www.kaggle.com:443",
      "cloud ~/wrangler/config/work.toml:1: Cloudflare at api.cloudflare.com:443 -> api.cloudflare.com:443",
      "cloud ~/.netlify/config.json: Netlify at api.netlify.com:443 -> api.netlify.com:443",
    ],
    miss: { files: { "~/.netlify/config.json": "{}" } },
  },
  {
    what: "SSH's keys",
    files: {
      "~/.ssh/id_a": KEY,
      "~/.ssh/id_b": `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${CANARY}\n`,
      "~/.ssh/config":
        "Include more/*.conf\nHost box\n  HostName box.internal\n  User a\n  IdentityFile ~/elsewhere\n",
      "~/.ssh/more/x.conf": "Host y.internal\nIdentityFile=%d/.ssh/id_a\n",
      "~/elsewhere": KEY,
    },
    found: [
      "ssh ~/.ssh/id_a: a private key, for y.internal:22 -> y.internal:22",
      "ssh ~/.ssh/id_b: a private key, encrypted with a passphrase",
      "ssh ~/elsewhere: a private key, for box.internal:22 as a -> box.internal:22",
    ],
    miss: {
      files: {
        "~/.ssh/id_a.pub": "ssh-ed25519 AAAA",
        "~/.ssh/known_hosts": "x",
        "~/.ssh/config": "Host *\nIdentityFile ~/absent\n",
      },
    },
  },
  {
    what: ".env files",
    files: {
      "./.env": `# x\nexport API_KEY="${S}"\nDB=postgres://u:${S}@db.internal/x # y\nPEM="-----BEGIN\n${CANARY}_TOKEN=x\n"\nAFTER_TOKEN=${S}\n`,
      "~/.env.local": `A_SECRET=${S}\n`,
    },
    found: [
      "environment ./.env:2: API_KEY",
      "postgres ./.env:3: db.internal:5432/x as u -> db.internal:5432",
      "environment ./.env:7: AFTER_TOKEN",
      "environment ~/.env.local:1: A_SECRET",
    ],
    miss: {
      files: {
        "./.env.example": `API_KEY=${S}\n`,
        "./.env": "API_KEY=\nNAME=x\n# TOKEN=x\n",
        "/home/.env": `TOKEN=${S}\n`,
      },
    },
  },
];
