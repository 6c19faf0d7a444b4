import { join } from "node:path";
import { addLogin, loginOf, parameterOf } from "./connection-strings.ts";
import { linesOf, sectionsOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { givenName, isReference, target, targetList, targetText } from "./words.ts";

/** Finds what libpq takes passwords and keys from; its variables are in `variables.ts`. */
export async function findPostgres(search: Search): Promise<void> {
  const passwordFile = search.env("PGPASSFILE");
  await findInPasswordFile(
    search,
    passwordFile === undefined ? search.home(".pgpass") : search.path(passwordFile),
  );
  const named = search.env("PGSERVICEFILE");
  const system = search.env("PGSYSCONFDIR");
  const services = [
    named === undefined ? search.home(".pg_service.conf") : search.path(named),
    ...(system === undefined ? [] : [join(search.path(system), "pg_service.conf")]),
    // Where Debian's libpq looks.
    search.system("/etc/postgresql-common/pg_service.conf"),
  ];
  for (const path of services) await findInServices(search, path);
  await findClientKey(search);
}

/** A line of a password file. */
interface PasswordLine {
  readonly hasPassword: boolean;
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
}

/** Reads a line of a password file without its password; undefined for what is none (PostgreSQL documentation, "The Password File"). */
function passwordLine(line: string): PasswordLine | undefined {
  // In a field \: and \\ stand for what they escape; the rest after the fourth is the password.
  const found = /^((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):(.?)/.exec(line);
  if (found === null) return undefined;
  const [host = "", port = "", database = "", user = ""] = found
    .slice(1, 5)
    .map((field) => field.replaceAll(/\\(.)/g, "$1"));
  return { host, port, database, user, hasPassword: found[5] !== "" };
}

async function findInPasswordFile(search: Search, path: string): Promise<void> {
  const file = await search.text(path);
  if (file === undefined) return;
  // libpq does not use a file with any permission for group or others.
  const aside = file.isSharedWithOthers ? " (libpq ignores this file: others may read it)" : "";
  for (const { number, text } of linesOf(file.text)) {
    if (text.trim() === "" || text.startsWith("#")) continue;
    const place = `${path}:${number}`;
    const line = passwordLine(text);
    if (line === undefined) {
      search.unread(place, "no line of a password file");
      continue;
    }
    if (!line.hasPassword) continue;
    const any = (field: string): string | undefined => (field === "*" ? undefined : field);
    const rest = { database: any(line.database), user: any(line.user) };
    const leadsTo =
      line.port === "*"
        ? target({ host: line.host, ...rest }, line.host === "*" ? undefined : 5432)
        : target({ host: line.host, port: line.port, ...rest });
    search.add("postgres", place, `${targetText(leadsTo, "PostgreSQL")}${aside}`, leadsTo);
  }
}

/** PostgreSQL documentation, "The Connection Service File". */
async function findInServices(search: Search, path: string): Promise<void> {
  const file = await search.text(path);
  if (file === undefined) return;
  for (const [section, settings] of sectionsOf(file.text)) {
    const get = (key: string): string | undefined => settings.get(key)?.value;
    const named = {
      host: get("hostaddr") ?? get("host") ?? "",
      port: get("port"),
      database: get("dbname"),
      user: get("user"),
    };
    const password = settings.get("password");
    const key = settings.get("sslkey");
    const hasPassword = password !== undefined && password.value !== "" && !isReference(password.value);
    const hasKey =
      key !== undefined && key.value !== "" && (await search.holdsAnything(search.path(key.value)));
    const otherwise = `service ${givenName(section) ?? "without a plain name"}`;
    if (hasPassword || hasKey)
      addLogin(search, `${path}:${(hasPassword ? password : key)?.line}`, {
        kind: "postgres",
        otherwise,
        targets: targetList(named, 5432),
      });
    const passwordFile = get("passfile");
    if (passwordFile !== undefined && passwordFile !== "")
      await findInPasswordFile(search, search.path(passwordFile));
  }
}

/** PostgreSQL documentation, "Client Certificates". */
async function findClientKey(search: Search): Promise<void> {
  const named = search.env("PGSSLKEY");
  const path = named === undefined ? search.home(".postgresql", "postgresql.key") : search.path(named);
  if (await search.holdsAnything(path))
    search.add("postgres", path, "PostgreSQL, a client certificate's key");
}

/**
 * Finds what a connection string names: the key of a client's certificate (PostgreSQL documentation, "Parameter Key
 * Words"; MongoDB manual, "Connection String Options"), and a password file.
 */
export async function findNamedFiles(search: Search, place: string, text: string): Promise<void> {
  const passwords = parameterOf(text, "passfile");
  if (passwords !== undefined && passwords !== "") await findInPasswordFile(search, search.path(passwords));
  const key = parameterOf(text, "sslkey") ?? parameterOf(text, "tlsCertificateKeyFile");
  if (key === undefined || key === "" || !(await search.holdsAnything(search.path(key)))) return;
  const login = loginOf(text, true);
  if (login !== undefined) addLogin(search, place, login);
}
