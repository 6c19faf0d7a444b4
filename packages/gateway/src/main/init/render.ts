import type { Answers, FirstConnection } from "./answers.ts";

/** A text as YAML: plain where that is surely read as a text, else in double quotes, which JSON's are. */
function yaml(text: string): string {
  const isPlain = /^[A-Za-z/][\w./:@-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain && !/:$|:\s/.test(text) ? text : JSON.stringify(text);
}

/** The file that holds the password of the first connection's database user, beside the configuration. */
export function passwordFile({ name }: FirstConnection): string {
  return `secrets/${name}-password`;
}

/** Whether an issuer is on this machine without TLS, which only trying out allows. */
function isInsecureLoopback(issuer: string): boolean {
  return /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(issuer);
}

/** The text of a first configuration, with comments that say what to change next. */
export function render(answers: Answers): string {
  const { url, issuer, audience, data, postgresPort, group, agent, connection } = answers;
  const port = new URL(url).port || "443";
  const loopback = isInsecureLoopback(issuer)
    ? "\n    allow_insecure_loopback: true # for trying out: Okta is never reached without TLS"
    : "";
  const directory =
    agent === undefined
      ? `    # Okta puts no groups in a service app's token: list each here, by its client id.
    # directory:
    #   0oa1b2c3d4: { name: support-bot, owner: owner@example.com, groups: [${yaml(group)}] }`
      : `    # Okta puts no groups in a service app's token: each is listed here, by its client id.
    directory:
      ${yaml(agent.id)}: { name: ${yaml(agent.name)}, groups: [${yaml(group)}] } # add owner: LOGIN, the person answerable`;
  return `# yaml-language-server: $schema=${new URL("/schema/mayfly.json", url).href}
#
# Mayfly's configuration. What is not listed here cannot be granted. Check a change with \`mayflyd check FILE\`, and
# adopt it with \`systemctl reload mayflyd\` (SIGHUP): a file with an error changes nothing.

# Where agents and people reach the gateway. The host must be in its certificate.
url: ${yaml(url)}
listen:
  https: 0.0.0.0:${port}
  postgres: 0.0.0.0:${postgresPort} # where PostgreSQL clients connect

# Left out, the gateway makes a CA of its own and prints its path at start.
# tls: { certificate: tls/cert.pem, key: tls/key.pem }

# Requests, approvals and grants. One gateway needs no database: with several, write { postgres: { file: secrets/store-url } }.
store: ${yaml(`sqlite:${data}/mayfly.db`)}
# The audit log, the store and the gateway's own CA.
data: ${yaml(data)}

identity:
  # The Okta custom authorization server whose access tokens are accepted.
  agents:
    issuer: ${yaml(issuer)}
    # Its own audience, and this gateway's address: registered AI agents ask for that.
    audience: [${yaml(audience)}, ${yaml(url)}]${loopback}
${directory}
  # Sign-in to the console: a web application of your Okta org, whose redirect URI is
  # ${new URL("/sign-in/oidc/callback", url).href}
  # people:
  #   oidc: { issuer: https://example.okta.com, client_id: 0oa9z8y7x6, client_secret: { file: secrets/okta-client-secret } }
  # What groups of people may do here, beyond asking.
  roles: { reviewer: [], operator: [], auditor: [] }
  # Okta calls when somebody is deactivated, so that their access ends within seconds.
  # signals: { event_hooks: { secret: { file: secrets/okta-hook-secret } } }

${connection === undefined ? noConnection(group) : withConnection(connection, group)}
# Teams can own files with connections of their own, and the policies about these.
# include: [conf.d/*.yaml]
`;
}

function withConnection(connection: FirstConnection, group: string): string {
  const { name, host, port, database, user, tls, tables } = connection;
  const where = [
    `host: ${yaml(host)}`,
    ...(port === 5432 ? [] : [`port: ${port}`]),
    `database: ${yaml(database)}`,
    `user: ${yaml(user)}`,
    `password: { file: ${yaml(passwordFile(connection))} }`,
    ...(tls === "verify-full" ? [] : [`tls: ${tls}`]),
  ];
  return `connections:
  ${name}:
    # The credential stays here: no agent ever sees it.
    postgres: { ${where.join(", ")} }
    operations:
      read:
        description: Read ${tables.join(", ")}
        statements: [select]
        tables: { ${tables.map((table) => `${table}: all`).join(", ")} }
        timeout: 30s

policies:
  - name: ${yaml(`${group} read ${name}`)}
    groups: [${yaml(group)}]
    connection: ${name}
    operations: [read]
    ttl: { default: 5m, max: 15m }
    # A person decides: add this once people can sign in.
    # approval: { by: [${yaml(group)}-leads] }
`;
}

function noConnection(group: string): string {
  return `# connections:
#   orders-db:
#     postgres: { host: db.internal, database: shop, user: mayfly, password: { file: secrets/orders-db-password } }
#     operations:
#       read: { description: Read orders, statements: [select], tables: { public.orders: all } }
#
# policies:
#   - { name: ${yaml(group)} read orders, groups: [${yaml(group)}], connection: orders-db, operations: [read], ttl: 5m }
`;
}
