import type { FoundCredential, LeadsTo } from "./found.ts";
import { isSecretName } from "./secret-names.ts";
import { givenName, isReference, looksLikeToken, portNumber, target, targetList } from "./words.ts";

/** Servers of a cluster that are named in one URL. */
const MAX_HOSTS = 16;

interface Scheme {
  readonly kind: FoundCredential["kind"];
  readonly port?: number;
  /** Its first path segment is a database's name. */
  readonly hasDatabase?: true;
  /** A token often stands where the user's name should: it is never shown, and alone it is a login. */
  readonly isTokenUser?: true;
}

const HTTP = { kind: "http", isTokenUser: true } as const;

/** Schemes with what is special of each. Any other with a password counts as well, but what stands where may be anything. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  postgres: { kind: "postgres", port: 5432, hasDatabase: true },
  postgresql: { kind: "postgres", port: 5432, hasDatabase: true },
  cockroachdb: { kind: "postgres", port: 26_257, hasDatabase: true },
  redshift: { kind: "database", port: 5439, hasDatabase: true },
  mysql: { kind: "mysql", port: 3306, hasDatabase: true },
  mysqlx: { kind: "mysql", port: 33_060, hasDatabase: true },
  mariadb: { kind: "mysql", port: 3306, hasDatabase: true },
  mongodb: { kind: "database", port: 27_017, hasDatabase: true },
  "mongodb+srv": { kind: "database", hasDatabase: true },
  redis: { kind: "database", port: 6379, hasDatabase: true },
  rediss: { kind: "database", port: 6379, hasDatabase: true },
  valkey: { kind: "database", port: 6379, hasDatabase: true },
  amqp: { kind: "database", port: 5672 },
  amqps: { kind: "database", port: 5671 },
  nats: { kind: "database", port: 4222 },
  sqlserver: { kind: "database", port: 1433, hasDatabase: true },
  mssql: { kind: "database", port: 1433, hasDatabase: true },
  clickhouse: { kind: "database", port: 9000, hasDatabase: true },
  snowflake: { kind: "database", port: 443, hasDatabase: true },
  oracle: { kind: "database", port: 1521, hasDatabase: true },
  neo4j: { kind: "database", port: 7687 },
  bolt: { kind: "database", port: 7687 },
  cassandra: { kind: "database", port: 9042 },
  couchbase: { kind: "database", port: 11_210 },
  influxdb: { kind: "database", port: 8086 },
  trino: { kind: "database", port: 8080 },
  presto: { kind: "database", port: 8080 },
  ldap: { kind: "environment", port: 389 },
  ldaps: { kind: "environment", port: 636 },
  smtp: { kind: "environment" },
  smtps: { kind: "environment", port: 465 },
  imap: { kind: "environment", port: 143 },
  imaps: { kind: "environment", port: 993 },
  ftp: { kind: "environment", port: 21 },
  ftps: { kind: "environment", port: 990 },
  http: { ...HTTP, port: 80 },
  https: { ...HTTP, port: 443 },
  ws: { ...HTTP, port: 80 },
  wss: { ...HTTP, port: 443 },
  libsql: { ...HTTP, kind: "database", port: 443 },
  "git+https": { ...HTTP, kind: "git", port: 443 },
  git: { kind: "git", port: 9418, isTokenUser: true },
  ssh: { kind: "ssh", port: 22 },
  "git+ssh": { kind: "ssh", port: 22 },
  sftp: { kind: "ssh", port: 22 },
};

/** A login as a text holds it, without its secret. */
export interface Login {
  readonly kind: FoundCredential["kind"];
  /** What is said of it where its target can't be told. */
  readonly otherwise: string;
  /** Empty where it can't be told for certain what is the host, and what the secret. */
  readonly targets: readonly LeadsTo[];
}

/** The parts of a URL (RFC 3986, section 3), with several hosts as database drivers take them. */
interface UrlParts {
  readonly scheme: string;
  readonly user: string;
  readonly password: string;
  readonly hosts: readonly string[];
  /** Behind the hosts: path, query and fragment. */
  readonly tail: string;
}

/** Takes a URL apart; undefined for another text. JDBC's stand behind `jdbc:`. */
function urlParts(text: string): UrlParts | undefined {
  const start = /^(?:jdbc:(?:[a-z0-9]{1,20}:){0,2})?([a-z][a-z0-9+.-]{0,40}):\/\//i.exec(text);
  if (start?.[1] === undefined) return undefined;
  const rest = text.slice(start[0].length);
  const found = rest.search(/[/?#;]/);
  const end = found < 0 ? rest.length : found;
  const authority = rest.slice(0, end);
  const at = authority.lastIndexOf("@");
  const userinfo = authority.slice(0, Math.max(at, 0));
  const colon = userinfo.indexOf(":");
  return {
    scheme: start[1].toLowerCase(),
    user: colon < 0 ? userinfo : userinfo.slice(0, colon),
    password: colon < 0 ? "" : userinfo.slice(colon + 1),
    hosts: authority.slice(at + 1).split(",", MAX_HOSTS),
    tail: rest.slice(end),
  };
}

/** What is known of a scheme; a driver's name may stand behind a database's (SQLAlchemy's documentation, "Database URLs"). */
function schemeOf(name: string): Scheme | undefined {
  if (Object.hasOwn(SCHEMES, name)) return SCHEMES[name];
  const [base = ""] = name.split("+", 1);
  const scheme = Object.hasOwn(SCHEMES, base) ? SCHEMES[base] : undefined;
  return scheme?.hasDatabase === true ? scheme : undefined;
}

/** What a URL's query gives for a name. */
export function urlParameter(text: string, name: string): string | undefined {
  const found = parametersOf(urlParts(text)?.tail ?? "").find(([key]) => key === name)?.[1];
  return found === undefined ? undefined : decoded(found);
}

/**
 * The login that a URL holds; undefined where it is no URL, or holds none.
 * @param hasKey whether a key that lies elsewhere makes it a login
 */
export function urlLogin(text: string, hasKey = false): Login | undefined {
  const parts = urlParts(text);
  if (parts === undefined) return undefined;
  const known = schemeOf(parts.scheme);
  const isKnown = known !== undefined;
  const scheme: Scheme = known ?? { kind: "environment" };
  const { kind } = scheme;
  const otherwise = isKnown ? `a URL of ${parts.scheme}` : "a URL";
  const parameters = parametersOf(parts.tail);
  const isInTail = parameters.some(([name, value]) => isSecretParameter(name) && isSecret(value));
  const isTokenUser = scheme.isTokenUser === true && looksLikeToken(parts.user);
  // A password with a "/", "?" or "#" in it ends the host early for some clients: then no part is for certain not the secret.
  if (parts.tail.split("=", 1)[0]?.includes("@") === true) {
    const isDatabase = isKnown && scheme.isTokenUser !== true;
    const mayBePassword = isDatabase
      ? parts.hosts.some((host) => host.includes(":"))
      : !arePorts(parts.hosts);
    const isLogin = hasKey || mayBePassword || isTokenUser || isSecret(parts.password);
    return isLogin ? { kind, otherwise, targets: [] } : undefined;
  }
  if (!hasKey && !isSecret(parts.password) && !isTokenUser && !isInTail) return undefined;
  if (!isKnown) return { kind, otherwise, targets: [] };
  const named = (wanted: RegExp): string | undefined => parameters.find(([name]) => wanted.test(name))?.[1];
  const user = parts.user === "" ? named(/^(?:user|username|user id|uid)$/i) : parts.user;
  const path = /^\/([^/?#;]{1,128})/.exec(parts.tail)?.[1];
  const database =
    scheme.hasDatabase === true ? (path ?? named(/^(?:database|databaseName|dbname)$/i)) : undefined;
  // An "@" further behind can still be the end of a password.
  const hosts = parts.tail.includes("@") ? [] : parts.hosts;
  const rest = {
    ...(database === undefined ? {} : { database: decoded(database) }),
    ...(scheme.isTokenUser === true || user === undefined ? {} : { user: decoded(user) }),
  };
  // Those of libpq's parameters take the place of the others.
  const listed = named(/^hostaddr$/) ?? named(/^host$/i);
  if (listed !== undefined && hosts.length > 0 && (kind === "postgres" || hosts.join("") === "")) {
    const port = named(/^port$/i) ?? hostAndPort(hosts[0] ?? "").port;
    return { kind, otherwise, targets: targetList({ host: decoded(listed), port, ...rest }, scheme.port) };
  }
  const targets = hosts.flatMap((host) => {
    const found = target({ ...hostAndPort(decoded(host)), ...rest }, scheme.port);
    return found === undefined ? [] : [found];
  });
  return { kind, otherwise, targets };
}

/** Host and port of "host", "host:port", "[::1]:port". */
export function hostAndPort(text: string): { readonly host: string; readonly port?: string } {
  const colon = text.lastIndexOf(":");
  if (colon < 0 || text.endsWith("]") || (text.indexOf(":") !== colon && !text.includes("]:")))
    return { host: text };
  const port = text.slice(colon + 1);
  return port === "" ? { host: text.slice(0, colon) } : { host: text.slice(0, colon), port };
}

/** Where a server's URL leads to; undefined for what is none. */
export function serverOf(text: string): LeadsTo | undefined {
  const parts = urlParts(text.includes("://") ? text : `https://${text}`);
  const host = parts?.hosts[0];
  if (parts === undefined || host === undefined || parts.tail.split("=", 1)[0]?.includes("@") === true)
    return undefined;
  return target(hostAndPort(host), SCHEMES[parts.scheme]?.port);
}

/** The URL of a proxy as clients' settings name it: without a scheme it is HTTP (curl(1), --proxy); undefined for what is none. */
export function proxyUrl(text: string): URL | undefined {
  const trimmed = text.trim();
  const url = URL.parse(trimmed.includes("://") ? trimmed : `http://${trimmed}`);
  return url !== null && url.hostname !== "" && /^(?:https?|socks(?:4a?|5h?)?):$/.test(url.protocol)
    ? url
    : undefined;
}

function arePorts(hosts: readonly string[]): boolean {
  return hosts.map(hostAndPort).every(({ port }) => port === undefined || portNumber(port) !== undefined);
}

function parametersOf(tail: string): readonly (readonly [name: string, value: string])[] {
  const start = tail.search(/[?;]/);
  if (start < 0) return [];
  return tail
    .slice(start + 1)
    .split(/[&;]/, 100)
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    });
}

function isSecretParameter(name: string): boolean {
  return isSecretName(name) || /^(?:sig|pwd)$/i.test(name);
}

function isSecret(value: string): boolean {
  return value !== "" && !isReference(value) && !/^\*+$/.test(value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return givenName(text) ?? "";
  }
}
