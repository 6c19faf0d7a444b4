import { isInside } from "./inside.ts";
import { pathPlace } from "./place-paths.ts";
import { reasons } from "./place-reasons.ts";
import { climbs, isQuery, isToken, isUnseen, isUriSegment, sharedOf } from "./place-segments.ts";
import { MAX_PLACE, type Place } from "./place.ts";

/** The most segments of a URI that are its root. */
const MAX_SEGMENTS = 2;

const scheme = /^[a-z][a-z0-9+.-]*:/i;
const web = /^(?:https?|wss?):$/;
/** What has no host of a network in it: a bucket is a name. Other schemes may be a server's own, such as `crm:`. */
const buckets = /^(?:s3|gs|gcs|az|abfss?|r2):$/;
/** Schemes of what a server connects to with an account. */
const connects =
  /^(?:jdbc:|odbc:|(?:postgres|postgresql|mysql|mariadb|mssql|sqlserver|oracle|sqlite|duckdb|snowflake|clickhouse|cockroachdb|mongodb|redis|rediss|memcached|cassandra|neo4j|neo4js|bolt|couchdb|elasticsearch|influxdb|amqp|amqps|mqtt|mqtts|nats|kafka|zookeeper|etcd|consul|ldap|ldaps|ldapi|ssh|sftp|scp|telnet|rlogin|smtp|smtps|imap|imaps|pop3|pop3s|smb|cifs|nfs|afp|rsync|git|svn|rdp|vnc|tcp|udp|tls|unix|npipe|docker|grpc|grpcs|thrift|gopher|dict|tftp|rtsp|rtmp|sip|sips|dns|php|phar|jar|blob|about|view-source|chrome|chrome-extension|feed|webdavs?|davs?|ipps?|ws-discovery|rmi|iiop|expect|zip|glob|netdoc|mailto)(?:\+[a-z0-9+.-]+)?:|[a-z0-9.-]+\+(?:ssh|srv|tcp|unix|ssl|tls):)/;

/** Whether a text is a URI by itself, whatever it is given as. */
export const isUriForm = (value: string): boolean =>
  /^\s*(?:(?:[a-z][a-z0-9+.-]*:)+[/\\]{2}|(?:file|https?|wss?|ftp|jdbc):\S)/i.test(value);

const refused = (why: string, root = ""): Place => ({ kind: "uri", root, why });

/** A host and a port as they stand in a URI, in one way: `example.com:8443`, `[2606:4700::1111]`. */
const authorityForm =
  /^(?<host>\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*)(?::[1-9]\d{0,4})?$/;

/** Why a host should be given to nobody unasked; undefined: nothing speaks against it. */
function whyNotHost(authority: string): string | undefined {
  if (authority.includes("@")) return reasons.user;
  const url = URL.parse(`http://${authority}`);
  if (url === null) return reasons.ambiguous;
  // Other ways to write an address are one already: the parser made them one.
  if (isInside(url.hostname)) return reasons.inside;
  return authorityForm.exec(authority)?.groups?.["host"] === url.hostname ? undefined : reasons.ambiguous;
}

/** Where a URI leads to, or one without its scheme: `docs.example.com/guides/a`. */
export function uriPlace(uri: string): Place {
  // Nobody is given an address: the argument is left empty.
  if (uri === "") return { kind: "uri", root: "", takes: "itself" };
  if (uri.length > MAX_PLACE) return refused(reasons.long);
  const named = scheme.exec(uri)?.[0].toLowerCase();
  if (named !== undefined && connects.test(uri.toLowerCase())) return refused(reasons.connects);
  // `example.com:8443` has no scheme.
  const isBare = named === undefined || /^[^:]*:\d+(?:$|[/?])/.test(uri);
  if (named === "file:" && !isBare) return filePlace(uri);
  const [, prefix, authority, path, query] =
    /^((?:[a-z][a-z0-9+.-]*:\/\/)?)([^/?#\\]*)([^?#\\]*)(.*)$/is.exec(
      isBare ? uri : uri.replace(/\\/gu, "/"),
    ) ?? [];
  if (prefix === undefined || authority === undefined || path === undefined || query === undefined)
    return refused(reasons.ambiguous);
  if (!isBare && prefix === "") return refused(reasons.ambiguous);
  if (authority.includes("@")) return refused(reasons.user);
  if (climbs(path)) return refused(reasons.climbs);
  return below(uri, { prefix: prefix.toLowerCase(), authority, path, query });
}

interface Parts {
  /** Empty: there is no scheme. */
  readonly prefix: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

function below(uri: string, { prefix, authority, path, query }: Parts): Place {
  const isWeb = prefix === "" || web.test(prefix.slice(0, -2));
  const isOwn = !isWeb && prefix !== "ftp://";
  const host = authority.toLowerCase();
  const why = buckets.test(prefix.slice(0, -2)) ? undefined : isOwn ? whyNotOwn(host) : whyNotHost(host);
  if (why !== undefined) return refused(why);
  const all = path.split("/").slice(1);
  const isFolder = all.length === 0 || all.at(-1) === "";
  const segments = isFolder ? all.slice(0, -1) : all;
  const shared = sharedOf(isFolder ? segments : segments.slice(0, -1), MAX_SEGMENTS);
  // Whose names have cases are the server's own.
  const start = `${prefix}${isOwn ? authority : host}`;
  if (segments.some((segment) => /^\.[^.]/u.test(segment))) return refused(reasons.hidden);
  if (segments.some(isToken)) return refused(reasons.user);
  const isPlain =
    uri === `${start}${path}${query}` &&
    !isUnseen(uri) &&
    (isOwn ? /^[\w.-]+(?::\d{1,5})?$/.test(authority) : true) &&
    segments.every(isUriSegment) &&
    (isWeb ? isQuery(query) : query === "");
  if (!isPlain) return refused(reasons.ambiguous);
  const root = [start, ...shared].join("/");
  return isFolder && shared.length === segments.length
    ? { kind: "uri", root, takes: "itself and below" }
    : { kind: "uri", root };
}

/** A name that a server gave itself may be one word. An address is none, nor is the machine's own name. */
const whyNotOwn = (host: string): string | undefined =>
  host.includes(":") || /^[\d.]+$|^0x|^\[|localhost$|\.(?:local|internal)\.?$/u.test(host)
    ? whyNotHost(host)
    : undefined;

/** A file's URI is judged as its path. */
function filePlace(uri: string): Place {
  const path = uri.slice("file://".length);
  if (climbs(uri.slice("file:".length))) return refused(reasons.climbs);
  if (!uri.startsWith("file:///")) return refused(reasons.ambiguous);
  const place = pathPlace(path, false);
  return { ...place, kind: "uri", root: `file://${place.root}` };
}

/** Where the name of a host leads to: nothing but the host is meant. */
export function hostPlace(host: string): Place {
  if (host === "") return { kind: "uri", root: "", takes: "itself" };
  if (host.length > MAX_PLACE) return refused(reasons.long);
  const why = whyNotHost(host.toLowerCase());
  if (why !== undefined) return refused(why);
  return host === host.toLowerCase()
    ? { kind: "uri", root: host, takes: "itself" }
    : refused(reasons.ambiguous);
}
