import { isInside } from "./inside.ts";
import { pathPlace } from "./place-paths.ts";
import { reasons } from "./place-reasons.ts";
import { climbs, isQuery, isToken, isUnseen, isUriSegment, sharedOf } from "./place-segments.ts";
import { MAX_PLACE, type Place } from "./place.ts";

/** The most segments of a URI that are its root. */
const MAX_SEGMENTS = 2;

const scheme = /^[a-z][a-z0-9+.-]*:/i;
const web = /^(?:https?|wss?):$/;
/** What has no host of a network in it: a bucket is a name. */
const buckets = /^(?:s3|gs|gcs|az|abfss?|r2):$/;

/** Whether a text is a URI by itself, whatever it is given as. */
export const isUriForm = (value: string): boolean =>
  /^\s*(?:(?:[a-z][a-z0-9+.-]*:)+[/\\]{2}|(?:file|https?|wss?|ftp|jdbc):\S)/i.test(value);

/** Whether a text is a host with its port, or an address of a host with or without one: nothing else is written so, whatever it is given as. */
export const isHostForm = (value: string): boolean =>
  /^\s*(?:(?:(?:[\w-]+\.)+[a-z]{2,}\.?|localhost):\d{1,5}|(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\])(?::\d{1,5})?)(?:[/?#]\S*)?\s*$/i.test(
    value,
  );

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
  // `example.com:8443` has no scheme.
  const isBare = named === undefined || /^[^:]*:\d+(?:$|[/?])/.test(uri);
  if (named === "file:" && !isBare) return filePlace(uri);
  if (named !== undefined && !isBare && !web.test(named) && !buckets.test(named))
    return refused(reasons.scheme);
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
  const isBucket = buckets.test(prefix.slice(0, -2));
  const host = authority.toLowerCase();
  const why = isBucket ? undefined : whyNotHost(host);
  if (why !== undefined) return refused(why);
  const all = path.split("/").slice(1);
  const isFolder = all.length === 0 || all.at(-1) === "";
  const segments = isFolder ? all.slice(0, -1) : all;
  const shared = sharedOf(isFolder ? segments : segments.slice(0, -1), MAX_SEGMENTS);
  // The names of some buckets have cases.
  const start = `${prefix}${isBucket ? authority : host}`;
  if (segments.some((segment) => /^\.[^.]/u.test(segment))) return refused(reasons.hidden);
  if (segments.some(isToken)) return refused(reasons.user);
  const isPlain =
    uri === `${start}${path}${query}` &&
    !isUnseen(uri) &&
    (!isBucket || /^[\w.-]+$/.test(authority)) &&
    segments.every(isUriSegment) &&
    (isBucket ? query === "" : isQuery(query));
  if (!isPlain) return refused(reasons.ambiguous);
  const root = [start, ...shared].join("/");
  return isFolder && shared.length === segments.length
    ? { kind: "uri", root, takes: "itself and below" }
    : { kind: "uri", root };
}

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
