import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import { reasons } from "./place-reasons.ts";
import { climbs } from "./place-segments.ts";
import { whyNotHost } from "./place-uris.ts";
import { placeOf } from "./places.ts";
import { wordsOf } from "./words-of-names.ts";

/** Why a person should decide about a resource first; undefined: nothing speaks against it. */
export function reasonAgainst(uri: string): string | undefined {
  const isSecret =
    wordsOf(uri).length > 0 &&
    decoded(uri)
      .split(/[/:?&=]/)
      .some((part) => sensitivityOf(part) === "secret");
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
  /^(?:jdbc:|odbc:|(?:postgres|postgresql|mysql|mariadb|mssql|sqlserver|oracle|sqlite|duckdb|snowflake|clickhouse|cockroachdb|mongodb|redis|rediss|memcached|cassandra|neo4j|neo4js|bolt|couchdb|elasticsearch|influxdb|amqp|amqps|mqtt|mqtts|nats|kafka|zookeeper|etcd|consul|ldap|ldaps|ldapi|ssh|sftp|scp|telnet|rlogin|smtp|smtps|imap|imaps|pop3|pop3s|smb|cifs|nfs|afp|rsync|git|svn|ftp|ftps|data|javascript|vbscript|rdp|vnc|tcp|udp|tls|unix|npipe|docker|grpc|grpcs|thrift|gopher|dict|tftp|rtsp|rtmp|sip|sips|dns|php|phar|jar|blob|about|view-source|chrome|chrome-extension|feed|webdavs?|davs?|ipps?|ws-discovery|rmi|iiop|expect|zip|glob|netdoc|mailto)(?:\+[a-z0-9+.-]+)?:|[a-z0-9.-]+\+(?:ssh|srv|tcp|unix|ssl|tls):)/;

/** A text as a reader has it that decodes escapes, also of escapes, and likenesses of signs. */
function decoded(uri: string): string {
  let text = uri;
  for (let round = 0; round < 5; round += 1) {
    const next = text.replaceAll(/%([0-7][0-9a-f])/giu, (_, code: string) =>
      String.fromCodePoint(Number.parseInt(code, 16)),
    );
    if (next === text) break;
    text = next;
  }
  return text.normalize("NFKC");
}

/** Whatever a server of its own scheme does with it: it may hand on its path as a file's, and a part of it as an address. */
function ownReason(uri: string): string | undefined {
  if (climbs(uri)) return reasons.climbs;
  const [, authority = "", rest = ""] = /^[^:]*:(?:\/\/([^/?#]*))?(.*)$/su.exec(uri) ?? [];
  // Also the address in an address.
  if (/[a-z][a-z0-9+.-]*:[/\\]/iu.test(authority + rest) || /^[/\\]{2}/u.test(rest)) return reasons.ambiguous;
  const parts = rest.split(/[/\\?&=#;,|]/u);
  const host = [authority, ...parts]
    .filter((part) => isAddress(part))
    .map((part) => whyNotHost(part.toLowerCase()));
  const written = rest.replace(/[?#].*$/su, "");
  const path = written.startsWith("/") ? written : `/${written}`;
  const paths = [path, `/${authority}${path}`].map((each) => placeOf("path", each)?.why);
  const isHome = /^\/(?:home|users)\//iu.test(path);
  return [...host, ...parts.map((part) => placeOf("file", part)?.why), ...paths].find(
    (why) =>
      why === reasons.inside ||
      why === reasons.user ||
      why === reasons.system ||
      why === reasons.hidden ||
      why === reasons.credentials ||
      (isHome && why === reasons.wide),
  );
}

/** A host by how it is written: with a port, an account or dots as addresses have, or a name that is never the internet's. */
const isAddress = (part: string): boolean =>
  /@|:\d|^\[|^0x[\da-f]{2,}|^\d{1,3}(?:\.\d{1,3}){3}$|(?:^|\.)localhost\.?$|\.(?:local|internal)\.?$/iu.test(
    part,
  );
