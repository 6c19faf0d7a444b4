import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import { isInside } from "./inside.ts";
import { reasons } from "./place-reasons.ts";
import { climbs, isKey, isUnseen } from "./place-segments.ts";
import { placeOf } from "./places.ts";
import { wordsOf } from "./words-of-names.ts";

/** Each part of a URI is judged by itself, and more than these nobody writes. */
const MAX_PARTS = 30;

/** Why a person should decide about a resource first; undefined: nothing speaks against it. */
export function reasonAgainst(uri: string): string | undefined {
  if (partsOf(decoded(uri)).length > MAX_PARTS) return reasons.long;
  const isNamed = wordsOf(uri).length > 0;
  const isSecret =
    stores.test(uri) ||
    (isNamed &&
      decoded(uri)
        .split(/[/:?&=]/)
        .some((part) => sensitivityOf(part) === "secret"));
  const why = placeReason(uri);
  const all = [
    ...(isSecret ? ["its URI says that it is a secret"] : []),
    ...(why === undefined ? [] : [why]),
  ];
  return all.length === 0 ? undefined : all.join("; ");
}

/** The web's addresses, buckets and files are judged as arguments are. Other schemes are the server's own where no program knows them. */
function placeReason(uri: string): string | undefined {
  const why = placeOf("uri", uri)?.why;
  if (why !== reasons.scheme) return why;
  return connects.test(uri.toLowerCase()) ? reasons.connects : ownReason(decoded(uri));
}

/** Schemes of what a server connects to with an account, and of programs that read what is behind them. */
const connects =
  /^(?:jdbc:|odbc:|(?:postgres|postgresql|mysql|mariadb|mssql|sqlserver|oracle|sqlite|duckdb|snowflake|clickhouse|cockroachdb|mongodb|redis|rediss|memcached|cassandra|neo4j|neo4js|bolt|couchdb|elasticsearch|influxdb|amqp|amqps|mqtt|mqtts|nats|kafka|zookeeper|etcd|consul|ldap|ldaps|ldapi|ssh|sftp|scp|telnet|rlogin|smtp|smtps|imap|imaps|pop3|pop3s|smb|cifs|nfs|afp|rsync|git|svn|ftp|ftps|data|javascript|vbscript|rdp|vnc|tcp|udp|tls|unix|npipe|docker|grpc|grpcs|thrift|gopher|dict|tftp|rtsp|rtmp|sip|sips|dns|php|phar|jar|blob|about|view-source|chrome|bash|sh|exec|shell|cmd|powershell|mongo|sqlite3|libsql|hdfs|s3a|wasbs?|minio|winrm|compress[.]zlib|chrome-extension|feed|webdavs?|davs?|ipps?|ws-discovery|rmi|iiop|expect|zip|glob|netdoc|mailto)(?:\+[a-z0-9+.-]+)?:|[a-z0-9.-]+\+(?:ssh|srv|tcp|unix|ssl|tls|https?|file|insecure):)/;

/** Where programs keep secrets. */
const stores =
  /^(?:vault|op|bitwarden|lastpass|keepass|keychain|keyring|ssm|secretsmanager|ssh-agent|gpg|kms|env|dotenv|doppler|infisical):/i;

/** More escapes in escapes than these nobody writes. */
const MAX_ESCAPES = 5;

/** A text as a reader has it that decodes escapes, also of escapes, and likenesses of signs. What cannot be decoded stays. */
function decoded(uri: string): string {
  let text = uri;
  for (let round = 0; round < MAX_ESCAPES; round += 1) {
    const next = text.replaceAll(/(?:%[0-9a-f]{2})+/giu, (escapes) => {
      try {
        return decodeURIComponent(escapes);
      } catch {
        return escapes;
      }
    });
    if (next === text) break;
    text = next;
  }
  return text.normalize("NFKC");
}

/** What a server may take by itself, wherever it stands. */
const partsOf = (text: string): readonly string[] => text.split(/[/\\?&=#;,:|"'()]/u);

/** Whatever a server of its own scheme does with it: it may hand on its path, or a part of its query, as a file's or as an address. */
function ownReason(uri: string): string | undefined {
  const [, authority = "", rest = ""] = /^[^:]*:(?:\/\/([^/?#]*))?(.*)$/su.exec(uri) ?? [];
  const parts = [authority, ...partsOf(rest)];
  if (climbs(uri) || parts.includes("..")) return reasons.climbs;
  if (isUnseen(uri) || /%(?:25)*[0-9a-f]{2}/iu.test(uri)) return reasons.ambiguous;
  // Also the address in an address.
  if (
    /[a-z][a-z0-9+.-]*:[/\\]|(?:https?|wss?|ftp|file):/iu.test(authority + rest) ||
    /(?:^|=)[/\\]{2}/u.test(rest)
  )
    return reasons.ambiguous;
  if (/:[^/@]+@/u.test(uri) || parts.some(isKey)) return reasons.user;
  if (isInsideOf(authority) || rest.split(/[^\p{L}\p{N}._[\]:-]+/u).some(isInsideOf)) return reasons.inside;
  const written = rest.replace(/[?#].*$/su, "");
  const path = written.startsWith("/") ? written : `/${written}`;
  const paths = [path, `/${authority}${path}`, ...rest.split(/[?&=#]/u).slice(1)];
  const whys = [
    ...parts.map((part) => placeOf("file", part)?.why),
    ...paths.map((each) => placeOf("path", each)?.why),
  ];
  const isHome = /^\/(?:home|users)\//iu.test(path) || /(?:^|[/=])~/u.test(authority + rest);
  return whys.find(
    (why) =>
      why === reasons.system ||
      why === reasons.hidden ||
      why === reasons.credentials ||
      (isHome && why === reasons.wide),
  );
}

/** An address or a name that is written as one, with a port or without: one word or a number may be anything's. */
function isInsideOf(part: string): boolean {
  if (/^(?:\[[\da-f:.]+\]|0x[\da-f]{2,}|[\d.]*\d\.\d[\d.]*)(?::\d+)?$/iu.test(part)) {
    const url = URL.parse(`http://${part}`);
    return url !== null && isInside(url.hostname);
  }
  const name = part.replace(/:\d+$/u, "").replace(/^[\p{L}\p{N}_-]*:/u, "");
  return /^localhost\.?$/iu.test(name) || (/[.](?=[^.])/u.test(name) && isInside(name.toLowerCase()));
}
