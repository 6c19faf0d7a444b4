import type { FoundCredential } from "./found.ts";
import type { Search } from "./search.ts";
import { hostAndPort, type Login, urlLogin } from "./urls.ts";
import { isReference, target, targetText } from "./words.ts";

/** Longer values are no connection strings. */
const MAX_STRING_LENGTH = 64 * 1024;

/** The login that a connection string of any kind holds; undefined for a text without one. */
export function loginOf(text: string): Login | undefined {
  const trimmed = text.slice(0, MAX_STRING_LENGTH).trim();
  return (
    urlLogin(trimmed) ??
    goLogin(trimmed) ??
    oracleLogin(trimmed) ??
    semicolonLogin(trimmed) ??
    conninfoLogin(trimmed)
  );
}

/** Keeps a login, once for each of its targets. */
export function addLogin(
  search: Search,
  place: string,
  login: Login,
  kind: FoundCredential["kind"] = login.kind,
): void {
  if (login.targets.length === 0) search.add(kind, place, login.otherwise);
  for (const leadsTo of login.targets) search.add(kind, place, targetText(leadsTo, login.otherwise), leadsTo);
}

/** libpq's key=value form (PostgreSQL documentation, "Keyword/Value Connection Strings"). */
function conninfoLogin(text: string): Login | undefined {
  const settings = new Map<string, string>();
  // A quoted value may hold blanks, and \' and \\.
  for (const [, key = "", quoted, plain] of text.matchAll(
    /([a-z_]{1,40})\s{0,8}=\s{0,8}(?:'((?:[^'\\]|\\.)*)'|(\S*))/g,
  ))
    settings.set(key, quoted ?? plain ?? "");
  if (
    !isValue(settings.get("password")) ||
    !(settings.has("host") || settings.has("hostaddr") || settings.has("dbname"))
  )
    return undefined;
  // A quote that nothing closes: what follows may be the password.
  const isBroken = [...settings.values()].some((value) => value.startsWith("'"));
  const hosts = (settings.get("hostaddr") ?? settings.get("host") ?? "").split(",", 16);
  const ports = (settings.get("port") ?? "").split(",", 16);
  return {
    kind: "postgres",
    otherwise: "a connection string of PostgreSQL",
    targets: (isBroken ? [] : hosts).flatMap((host, at) => {
      const port = ports.length === 1 ? ports[0] : ports[at];
      const named = { host, database: settings.get("dbname"), user: settings.get("user") };
      const found = target(port === "" ? named : { ...named, port }, 5432);
      return found === undefined ? [] : [found];
    }),
  };
}

/** ADO.NET's, ODBC's and Azure's: `Server=db,1433;Database=shop;User Id=a;Password=b`. */
function semicolonLogin(text: string): Login | undefined {
  if (!text.includes(";") || !text.includes("=")) return undefined;
  const settings = new Map<string, string>();
  for (const pair of text.split(";", 200)) {
    const equals = pair.indexOf("=");
    if (equals > 0) settings.set(pair.slice(0, equals).trim().toLowerCase(), pair.slice(equals + 1).trim());
  }
  const first = (...names: string[]): string | undefined =>
    names.map((name) => settings.get(name)).find((value) => value !== undefined);
  if (isValue(first("accountkey", "sharedaccesskey", "sharedaccesssignature")))
    return { kind: "cloud", otherwise: "a connection string of Azure", targets: [] };
  if (!isValue(first("password", "pwd"))) return undefined;
  const server = first("server", "data source", "host", "address", "addr")?.replace(/^tcp:/, "");
  const [host = "", port] = server?.split(",") ?? [];
  const found = target(
    {
      // SQL Server's instances stand behind a backslash.
      host: host.split("\\")[0] ?? "",
      port: port ?? first("port"),
      database: first("database", "initial catalog", "dbname"),
      user: first("user id", "uid", "user", "username"),
    },
    undefined,
  );
  // A quoted value may hold semicolons: what follows may be the password.
  if (/["'{]/.test(text)) return { kind: "database", otherwise: "a connection string", targets: [] };
  return { kind: "database", otherwise: "a connection string", targets: found === undefined ? [] : [found] };
}

/** Go's driver of MySQL: `user:password@tcp(host:3306)/shop`. */
function goLogin(text: string): Login | undefined {
  const at = text.lastIndexOf("@tcp(");
  const colon = text.indexOf(":");
  const end = text.indexOf(")", at);
  if (at < 0 || colon < 0 || colon + 1 >= at || end < 0 || isReference(text.slice(colon + 1, at)))
    return undefined;
  const database = /^\)\/([\w.-]{1,64})/.exec(text.slice(end, end + 80))?.[1];
  const named = {
    ...hostAndPort(text.slice(at + "@tcp(".length, end)),
    user: text.slice(0, colon),
    database,
  };
  const found = target(named, 3306);
  return {
    kind: "mysql",
    otherwise: "a connection string of MySQL",
    targets: found === undefined ? [] : [found],
  };
}

/** Oracle's thin driver: `jdbc:oracle:thin:user/password@//host:1521/service`. */
function oracleLogin(text: string): Login | undefined {
  const start = /^jdbc:oracle:[a-z0-9]{1,10}:/i.exec(text)?.[0];
  if (start === undefined || !/^[^/@]{1,128}\/[^@]/.test(text.slice(start.length))) return undefined;
  return { kind: "database", otherwise: "a connection string of Oracle", targets: [] };
}

function isValue(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "''" && !isReference(value);
}
