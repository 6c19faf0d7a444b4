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

/**
 * Never granted, whatever an operator lists: they speak for the gateway, for the connection, or for another request. What
 * proxies, clouds and frameworks make of their own names nobody knows whole: that is why only names are listed, and no patterns.
 */
const never = new RegExp(
  `^(?:${[
    // The connection, and the answer's side of it.
    "proxy-.*|via|http2-settings|max-forwards|set-cookie2?|cookie2|x-accel-.*|x-sendfile|cdn-loop",
    // Where a request came from, by which proxy, to which host.
    "forwarded|x-forwarded(?:-.*)?|x-forward-.*|x-real-.*|x-(?:client|cluster-client|originating|remote|proxyuser)-?ip|x-host",
    "(?:true|fastly|fly)-client-ip|cf-.*|x-azure-.*|x-appengine-.*|x-envoy-.*|x-arr-.*|wl-proxy-.*|x-proto(?:col)?",
    "x-url-scheme|front-end-https|x-scheme",
    "client-ip|x-custom-ip-.*|x-nf-client-.*|x-vercel-.*|do-connecting-ip|cloudfront-.*|incap-.*|x-sucuri-.*|(?:x-)?akamai-.*|fly-.*",
    // Another path or method than the request's own, and steps that a framework leaves out.
    "x-original-.*|x-rewrite-.*|x-override-.*|x-http-method.*|x-method(?:-override)?|x-middleware-.*|x-matched-path|x-invoke-.*",
    "x-http-(?:host|dest|url|path).*|destination|l5d-.*|dapr-.*|x-proxy-.*",
    // Who somebody is, as a proxy in front says it.
    "impersonate-.*|x-remote-.*|remote-.*|x-user.*|x-auth-.*|x-authenticated-.*|x-client-cert.*|x-ssl-.*|ssl-client.*",
    "x-amzn-.*|x-goog-(?:iap|authenticated)-.*|x-ms-client-.*|x-ms-token-.*|x-webauth-.*|x-consumer-.*|x-credential-.*",
    "x-pomerium-.*|x-authentik-.*|x-vouch-.*|tailscale-.*|x-jwt-.*|from",
    "client-cert.*|client-verify|x-m?tls-.*|(?:x-)?oidc-.*|(?:sm|iv|oam|shib|mellon)-.*|x-hasura-.*|x-scope-orgid|x-(?:trino|presto)-user",
    // Whom a request acts for: with the gateway's credential it may name anybody.
    "(?:x-)?(?:sudo|on-behalf-of.*|as-user|assume-.*|act(?:ing)?-as.*|run-?as.*|impersonat.*|switch-user)|x-redmine-switch-user",
    "es-security-runas-user|opendistro.*impersonate.*|api-username|stripe-account|dropbox-api-select-.*|mscrmcallerid|callerobjectid",
  ].join("|")})$`,
);

/**
 * What becomes of a request's header.
 * @param name in lower case
 * @param listed what the operation's `headers:` adds, in lower case
 */
export function fateOf(name: string, listed: readonly string[]): HeaderFate {
  // None of these is never granted: what is common is found without looking through that pattern.
  if (forwarded.has(name)) return "forward";
  if (dropped.has(name) || name.startsWith("sec-")) return "drop";
  return listed.includes(name) && !isNeverListed(name) ? "forward" : "refuse";
}

/** Whether no operation can grant a header. @param name in lower case */
export function isNeverListed(name: string): boolean {
  // CGI and its heirs read an underscore as a dash.
  return never.test(name) || never.test(name.replaceAll("_", "-"));
}

/** Why an operation cannot list a header, with what to write; undefined where it can. */
export function problemOfListed(
  written: string,
): { readonly message: string; readonly hint: string } | undefined {
  const name = written.toLowerCase();
  if (name.includes("*"))
    return {
      message: "a pattern would let up whatever proxies and frameworks read under such names",
      hint: "list each header by its whole name, for example x-vendor-region",
    };
  if (!/^[!#$%&'+\-.^_`|~0-9a-z]+$/.test(name))
    return { message: "this is no header's name", hint: "write a name such as x-tenant" };
  if (isNeverListed(name) || dropped.has(name))
    return {
      message: "this header is the gateway's own, or one that is never granted",
      hint: "leave it out; what the API needs from the gateway stands under the connection's headers",
    };
  return undefined;
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
