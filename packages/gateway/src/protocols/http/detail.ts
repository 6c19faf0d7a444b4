import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../../kernel/canonical.ts";
import type { HttpAct } from "./act.ts";
import { splitTarget } from "./judge.ts";

/**
 * How a request is written down: method, path and query as they were sent, the digest of a body that was read, and
 * the values of the headers that its operation lists. Canonical JSON.
 */
export function detailOf(act: HttpAct, listed: readonly string[]): string {
  const { path, query } = splitTarget(act.target);
  const { body } = act;
  const headers: Record<string, Json> = {};
  for (let i = 0; i + 1 < act.headers.length; i += 2) {
    const name = (act.headers[i] ?? "").toLowerCase();
    if (listed.includes(name)) headers[name] = (act.headers[i + 1] ?? "").slice(0, 1024);
  }
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
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  });
}
