import type { Recorded } from "../../../gate/inventory/seen.ts";
import { AT_GATEWAY } from "./target.ts";

/**
 * The request of a record, as `readSeenRequest` takes it: of headers the names alone.
 * @param act as `detailOf` writes it
 */
export function recorded(act: Readonly<Record<string, unknown>>): Recorded {
  const { method, path, query, headers = [], body, upgrade } = act;
  if (method === undefined && path === undefined) return undefined;
  if (typeof method !== "string" || typeof path !== "string") return { why: "the record has no request" };
  const lines = [`${method} ${path}${typeof query === "string" ? `?${query}` : ""}`, "host:", AT_GATEWAY];
  if (Array.isArray(headers))
    for (const each of headers as readonly unknown[])
      if (Array.isArray(each) && typeof each[0] === "string") lines.push(`${each[0]}:`);
  if (typeof upgrade === "string") lines.push(`upgrade: ${upgrade}`);
  const bytes = (body as { readonly bytes?: unknown } | null | undefined)?.bytes;
  lines.push(body === "streamed" ? "transfer-encoding: chunked" : `content-length: ${Number(bytes ?? 0)}`);
  return { act: lines.join("\n") };
}
