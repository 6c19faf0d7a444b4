import { join } from "node:path";
import { addLogin, loginOf } from "./connection-strings.ts";
import { linesOf, sectionsOf, settingsOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { member, members, text, yamlFile } from "./structured.ts";
import { givenName, isReference, target, targetText } from "./words.ts";
import { xmlPieces } from "./xml.ts";

/** Finds what clients of several databases, and those of others, take their login from. */
export async function findDatabases(search: Search): Promise<void> {
  await findOdbc(search);
  await findDbt(search);
  await findPgcli(search);
  await findUsql(search);
  await findClickHouse(search);
  await findSnowflake(search);
}

/** Keeps a login that settings describe. */
function add(
  search: Search,
  place: string,
  otherwise: string,
  named: Parameters<typeof target>[0],
  usualPort?: number,
): void {
  const leadsTo = target(named, usualPort);
  search.add("database", place, targetText(leadsTo, otherwise), leadsTo);
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "" && !isReference(value);
}

/** unixODBC's manual, "odbcinst and odbc.ini"; what the keys are called is up to the driver. */
async function findOdbc(search: Search): Promise<void> {
  const named = search.env("ODBCINI");
  const paths = [
    named === undefined ? search.home(".odbc.ini") : search.path(named),
    search.system("/etc/odbc.ini"),
  ];
  for (const path of paths)
    for (const [source, settings] of sectionsOf((await search.text(path))?.text ?? "")) {
      const lower = new Map([...settings].map(([key, setting]) => [key.toLowerCase(), setting]));
      const first = (...keys: string[]): string | undefined =>
        keys.map((key) => lower.get(key)?.value).find((value) => value !== undefined);
      const password = lower.get("pwd") ?? lower.get("password");
      if (password === undefined || !isSet(password.value)) continue;
      const [host = "", port] = (first("server", "servername", "host") ?? "").replace(/^tcp:/, "").split(",");
      add(search, `${path}:${password.line}`, `ODBC, source ${givenName(source) ?? "without a plain name"}`, {
        host,
        port: port ?? first("port"),
        database: first("database", "db"),
        user: first("uid", "username", "user"),
      });
    }
}

/** dbt's documentation, "About profiles.yml": looked for in the working folder, too. */
async function findDbt(search: Search): Promise<void> {
  const named = search.env("DBT_PROFILES_DIR");
  const folders = [
    ...(named === undefined ? [] : [search.path(named)]),
    search.surroundings.cwd,
    search.home(".dbt"),
  ];
  for (const path of new Set(folders.map((folder) => join(folder, "profiles.yml"))))
    for (const [profile, value] of members(await yamlFile(search, path)))
      for (const [output, settings] of members(member(value, "outputs"))) {
        const get = (key: string): string | undefined => {
          const found = member(settings, key);
          return typeof found === "number" ? String(found) : text(found);
        };
        const secrets = [
          "password",
          "pass",
          "token",
          "private_key",
          "client_secret",
          "keyfile",
          "private_key_path",
        ];
        if (!secrets.some((key) => isSet(get(key)) || typeof member(settings, key) === "number")) continue;
        const usual: Readonly<Record<string, number>> = { postgres: 5432, redshift: 5439 };
        add(
          search,
          `${path} (output ${givenName(output) ?? "without a plain name"})`,
          `dbt, profile ${givenName(profile) ?? "without a plain name"}`,
          {
            host: get("host") ?? get("server") ?? "",
            port: get("port"),
            database: get("dbname") ?? get("database"),
            user: get("user"),
          },
          usual[get("type") ?? ""],
        );
      }
}

/** pgcli's documentation, "Config File", "[alias_dsn]". */
async function findPgcli(search: Search): Promise<void> {
  const path = search.config("pgcli", "config");
  for (const { section, value, line } of settingsOf((await search.text(path))?.text ?? "")) {
    const login = /^alias_dsn(?:\.|$)/.test(section) ? loginOf(value) : undefined;
    if (login !== undefined) addLogin(search, `${path}:${line}`, login);
  }
}

/** usql's README, "Passwords": `protocol:host:port:dbname:user:pass`. */
async function findUsql(search: Search): Promise<void> {
  const path = search.path(search.env("USQLPASS") ?? search.home(".usqlpass"));
  for (const { number, text: line } of linesOf((await search.text(path))?.text ?? "")) {
    const [protocol = "", host = "", port = "", database = "", user = "", password] = line.split(":", 6);
    if (protocol.trimStart().startsWith("#") || password === undefined || password.trim() === "") continue;
    const any = (field: string): string | undefined => (field === "*" || field === "" ? undefined : field);
    add(search, `${path}:${number}`, "usql, a host without a plain name", {
      host,
      port: any(port),
      database: any(database),
      user: any(user),
    });
  }
}

/** ClickHouse's documentation, "Command-line client", "Configuration files". */
async function findClickHouse(search: Search): Promise<void> {
  for (const path of [
    search.home(".clickhouse-client", "config.xml"),
    search.system("/etc/clickhouse-client/config.xml"),
  ]) {
    const found = new Map<string, string>();
    let line = 0;
    let last = "";
    const close = (): void => {
      const get = (key: string): string | undefined => found.get(key);
      if (isSet(get("password")))
        add(
          search,
          `${path}:${line}`,
          "ClickHouse",
          { host: get("hostname") ?? get("host") ?? "", port: get("port"), user: get("user") },
          9000,
        );
      found.clear();
    };
    for (const { piece, line: at } of xmlPieces((await search.text(path))?.text ?? "")) {
      // A connection of several stands by itself.
      if (/^<\/?connection>$/.test(piece)) close();
      const tag = /^<(\/?)([\w-]{1,40})>$/.exec(piece);
      if (tag !== null) last = tag[1] === "/" ? "" : (tag[2] ?? "");
      else if (last !== "" && piece.trim() !== "") {
        found.set(last, piece.trim());
        if (last === "password") line = at;
        last = "";
      }
    }
    close();
  }
}

/** Snowflake's documentation, "Configuring SnowSQL", and "Managing Snowflake connections" of its CLI. */
async function findSnowflake(search: Search): Promise<void> {
  const set = search.env("SNOWFLAKE_HOME");
  const folders = [
    set === undefined ? search.home(".snowflake") : search.path(set),
    search.config("snowflake"),
  ];
  const paths = [
    search.home(".snowsql", "config"),
    ...folders.flatMap((folder) => [join(folder, "connections.toml"), join(folder, "config.toml")]),
  ];
  for (const path of paths)
    for (const [, settings] of sectionsOf((await search.text(path))?.text ?? "")) {
      const get = (key: string): string | undefined => settings.get(key)?.value;
      const secret = ["password", "token", "private_key_path", "private_key_file", "private_key_raw"]
        .map((key) => settings.get(key))
        .find((setting) => isSet(setting?.value));
      if (secret === undefined) continue;
      const account = get("account") ?? get("accountname");
      const host = get("host") ?? (account === undefined ? "" : `${account}.snowflakecomputing.com`);
      const named = {
        host,
        database: get("database") ?? get("dbname"),
        user: get("user") ?? get("username"),
      };
      add(search, `${path}:${secret.line}`, "Snowflake", named, 443);
    }
}
