/** What becomes of one header of a request. */
export type HeaderFate = "forward" | "drop" | "refuse";

/** Go upstream as they came: about the content, the cache, conditions and tracing; none says who somebody is. */
const forwarded = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "baggage",
  "cache-control",
  "content-encoding",
  "content-language",
  "content-md5",
  "content-type",
  "digest",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-timeout",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-event-id",
  "pragma",
  "prefer",
  "range",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "te",
  "traceparent",
  "tracestate",
  "user-agent",
  "x-request-id",
]);

/** The gateway's own business with the client, or what a browser adds by itself: never upstream, and no harm. */
const dropped = new Set([
  "alt-used",
  "authorization",
  "connection",
  "content-length",
  "cookie",
  "dnt",
  "dpop",
  "expect",
  "host",
  "keep-alive",
  "mayfly-grant",
  "origin",
  "priority",
  "referer",
  "transfer-encoding",
  "trailer",
  "upgrade",
  "upgrade-insecure-requests",
]);

/** Names of which every operation knows what becomes of them. */
export const TAKEN_HEADERS: readonly string[] = [...forwarded, ...dropped];

/** Never granted, whatever an operator lists: they speak for the gateway, for the connection, or for another request. */
const never =
  /^(?:proxy-.*|forwarded|via|x-forwarded-.*|x-real-ip|x-original-.*|x-rewrite-.*|x-http-method.*|x-method-override|x-remote-.*|remote-.*|x-user.*|x-auth-.*|x-authenticated-.*|x-client-cert.*|x-ssl-.*|ssl-client.*|x-envoy-.*|x-amzn-oidc-.*|x-goog-iap-.*|cf-access-.*|impersonate-.*|http2-settings|set-cookie2?|cookie2|max-forwards|x-accel-.*|x-sendfile)$/;

/**
 * What becomes of a request's header.
 * @param name in lower case
 * @param listed what the operation's `headers:` adds, in lower case; `x-vendor-*` covers a family
 */
export function fateOf(name: string, listed: readonly string[]): HeaderFate {
  // None of these is never granted: what is common is found without looking through that pattern.
  if (forwarded.has(name)) return "forward";
  if (dropped.has(name) || name.startsWith("sec-")) return "drop";
  return isListed(name, listed) && !isNeverListed(name) ? "forward" : "refuse";
}

/** Whether an operation lists a header, by its name or its family. @param name in lower case */
export function isListed(name: string, listed: readonly string[]): boolean {
  return listed.some((each) => (each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : name === each));
}

/** Whether no operation can grant a header. @param name in lower case */
export function isNeverListed(name: string): boolean {
  // CGI and its heirs read an underscore as a dash.
  return never.test(name) || never.test(name.replaceAll("_", "-"));
}

/** Whether an operation may list a header: neither the gateway's own nor one that is never granted. */
export function mayList(name: string): boolean {
  const bare = name.toLowerCase().replace(/\*$/, "");
  return (
    /^[!#$%&'+\-.^_`|~0-9a-z]+\*?$/.test(name.toLowerCase()) &&
    bare !== "" &&
    !never.test(bare) &&
    !dropped.has(bare)
  );
}

/**
 * Whether a `Connection` header asks for what its sender may: to close, to keep alive or to upgrade. Any other name
 * in it would have a proxy behind us remove that header, the injected credential among them (RFC 9110, section 7.6.1).
 */
export function isPlainConnection(value: string): boolean {
  return value
    .split(",")
    .map((option) => option.trim().toLowerCase())
    .every((option) => ["", "close", "keep-alive", "upgrade", "te"].includes(option));
}
