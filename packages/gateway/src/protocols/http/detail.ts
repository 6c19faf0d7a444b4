import { createHash } from "node:crypto";
import type { ForwardedHeaders, HttpAct, HttpBody, HttpCover } from "./act.ts";
import type { JudgedHead } from "./judge-head.ts";

/** Headers whose value is a credential: that one was sent is written down, and not which. */
const credentials = /(?:authorization|cookie|token|secret|passw|api-?key|credential|session|signature|jwt)/i;

/** The headers that an operation lists, as they go upstream: in their order, and as often as they stand. */
function headersOf(
  { names, values }: ForwardedHeaders,
  listed: readonly string[],
  own: ReadonlySet<string>,
): [string, string][] {
  const headers: [string, string][] = [];
  if (listed.length === 0) return headers;
  for (const [at, name] of names.entries()) {
    if (!listed.includes(name) || own.has(name)) continue;
    const value = values[at] ?? "";
    headers.push([name, credentials.test(name) ? `(a credential of ${value.length} characters)` : value]);
  }
  return headers;
}

function bodyOf(body: HttpBody): string {
  if (body.kind === "stream") return '"body":"streamed",';
  if (body.kind === "none" || body.bytes.length === 0) return "";
  const sha256 = createHash("sha256").update(body.bytes).digest("hex");
  return `"body":{"bytes":${body.bytes.length},"sha256":"${sha256}"},`;
}

/**
 * How a request is written down: method, path and query as they were sent, the digest of a body that was read, and
 * the headers that the operation which covers it lists.
 * @param cover undefined where it is denied
 * @param own the headers that the gateway sets itself, in lower case
 * @param traceparent the client's span, where traces are exported
 * @returns canonical JSON (RFC 8785): members in their order, absent ones left out
 */
export function detailOf(
  act: Pick<HttpAct, "method" | "body" | "upgrade">,
  { path, query }: JudgedHead["request"],
  cover: Pick<HttpCover, "scope" | "headers"> | undefined,
  own: ReadonlySet<string>,
  traceparent?: string,
): string {
  const headers = cover === undefined ? [] : headersOf(cover.headers, cover.scope.headers, own);
  return `{${bodyOf(act.body)}${headers.length === 0 ? "" : `"headers":${JSON.stringify(headers)},`}"method":${JSON.stringify(
    act.method,
  )},"path":${JSON.stringify(path)}${query === undefined ? "" : `,"query":${JSON.stringify(query)}`}${
    traceparent === undefined ? "" : `,"traceparent":${JSON.stringify(traceparent)}`
  }${act.upgrade === undefined ? "" : `,"upgrade":${JSON.stringify(act.upgrade)}`}}`;
}
