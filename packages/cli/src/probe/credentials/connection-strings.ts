import type { FoundCredential } from "./found.ts";
import type { Search } from "./search.ts";
import { hostAndPort, type Login, urlLogin, urlParameter } from "./urls.ts";
import { isReference, target, targetList, targetText } from "./words.ts";

/** Longer values are no connection strings. */
const MAX_STRING_LENGTH = 64 * 1024;

/**
 * The login that a connection string of any kind holds; undefined for a text without one.
 * @param hasKey whether a key that lies elsewhere makes it a login
 */
export function loginOf(text: string, hasKey = false): Login | undefined {
  const trimmed = text.slice(0, MAX_STRING_LENGTH).trim();
  return (
    urlLogin(trimmed, hasKey) ??
    goLogin(trimmed) ??
    oracleLogin(trimmed) ??
    semicolonLogin(trimmed) ??
    conninfoLogin(trimmed, hasKey)
  );
}

/** What a connection string gives for a name. */
export function parameterOf(text: string, name: string): string | undefined {
  const trimmed = text.slice(0, MAX_STRING_LENGTH).trim();
  return urlParameter(trimmed, name) ?? conninfoSettings(trimmed).settings.get(name);
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
function conninfoLogin(text: string, hasKey: boolean): Login | undefined {
  const { settings, isCertain } = conninfoSettings(text);
  const hasPassword =
    isValue(settings.get("password")) || (!isCertain && /\bpassword\s{0,8}=\s{0,8}[^\s$]/.test(text));
  const isOfServer = isCertain
    ? ["host", "hostaddr", "dbname"].some((key) => settings.has(key))
    : /\b(?:host|hostaddr|dbname)\s{0,8}=/.test(text);
  if (!isOfServer || (!hasPassword && !hasKey)) return undefined;
  const get = (key: string): string | undefined => settings.get(key);
  const named = {
    host: get("hostaddr") ?? get("host") ?? "",
    port: get("port"),
    database: get("dbname"),
    user: get("user"),
  };
  return {
    kind: "postgres",
    otherwise: "a connection string of PostgreSQL",
    targets: isCertain ? targetList(named, 5432) : [],
  };
}

/** The settings as libpq reads them; what it would refuse, or was written by somebody who took it to be otherwise, isn't certain. */
function conninfoSettings(text: string): {
  readonly settings: ReadonlyMap<string, string>;
  readonly isCertain: boolean;
} {
  const settings = new Map<string, string>();
  let end = 0;
  let isTwice = false;
  // A backslash stands for the sign behind it: outside quotes a blank, too.
  for (const [all, key = "", quoted, plain = ""] of text.matchAll(
    /\s*([a-z_]{1,40})\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?!')(?:[^\s\\]|\\.)*))/gsy,
  )) {
    end += all.length;
    isTwice ||= settings.has(key);
    settings.set(key, (quoted ?? plain).replaceAll(/\\(.)/gs, "$1"));
  }
  return { settings, isCertain: !isTwice && text.slice(end).trim() === "" };
}

/** ADO.NET's, ODBC's and Azure's: `Server=db,1433;Database=shop;User Id=a;Password=b`. */
function semicolonLogin(text: string): Login | undefined {
  if (!text.includes(";") || !text.includes("=")) return undefined;
  const settings = new Map<string, string>();
  let isTwice = false;
  for (const pair of text.split(";", 200)) {
    const equals = pair.indexOf("=");
    const key = pair.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    isTwice ||= settings.has(key);
    if (key !== "") settings.set(key, pair.slice(equals + 1).trim());
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
  // A value may hold semicolons, in quotes or by mistake: what follows may be the password.
  if (isTwice || /["'{]/.test(text))
    return { kind: "database", otherwise: "a connection string", targets: [] };
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
