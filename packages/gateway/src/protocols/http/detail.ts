import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../../kernel/canonical.ts";
import type { HttpAct } from "./act.ts";
import { fateOf, isListed } from "./headers.ts";
import { splitTarget } from "./judge.ts";

/** Headers whose value is a credential: that one was sent is written down, and not which. */
const credentials = /(?:authorization|cookie|token|secret|passw|api-?key|credential|session|signature|jwt)/i;

/** The listed headers of a request as they go upstream: in their order, and as often as they stand. */
function headersOf(act: HttpAct, listed: readonly string[], own: ReadonlySet<string>): Json[] {
  const headers: Json[] = [];
  for (let i = 0; i + 1 < act.headers.length; i += 2) {
    const name = (act.headers[i] ?? "").toLowerCase();
    const value = act.headers[i + 1] ?? "";
    if (!isListed(name, listed) || fateOf(name, listed) !== "forward" || own.has(name)) continue;
    headers.push([name, credentials.test(name) ? `(a credential of ${value.length} characters)` : value]);
  }
  return headers;
}

/**
 * How a request is written down: method, path and query as they were sent, the digest of a body that was read, and
 * the headers that its operation lists. Canonical JSON.
 * @param own the headers that the gateway sets itself, in lower case
 */
export function detailOf(act: HttpAct, listed: readonly string[], own: ReadonlySet<string>): string {
  const { path, query } = splitTarget(act.target);
  const { body } = act;
  const headers = headersOf(act, listed, own);
  return canonicalJson({
    method: act.method,
    path,
    ...(query === undefined ? {} : { query }),
    ...(body.kind === "read" && body.bytes.length > 0
      ? {
          body: {
            bytes: body.bytes.length,
            sha256: createHash("sha256").update(body.bytes).digest("hex"),
          },
        }
      : {}),
    ...(body.kind === "stream" ? { body: "streamed" } : {}),
    ...(act.upgrade === undefined ? {} : { upgrade: act.upgrade }),
    ...(headers.length === 0 ? {} : { headers }),
  });
}
