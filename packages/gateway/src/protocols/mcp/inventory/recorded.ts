import type { Recorded } from "../../../gate/inventory/seen.ts";
import { isObject, type Members } from "../../../kernel/json-object.ts";

/** Arguments as they were sent; undefined: they cannot be read. Long ones are written as a text of JSON. */
function argumentsOf(given: unknown): Members | undefined {
  if (typeof given !== "string") return isObject(given) ? given : undefined;
  try {
    const value: unknown = JSON.parse(given);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a message asks for, of what the record says of it; undefined: that cannot be read. */
function paramsOf(act: Members): Members | undefined {
  const { method, tool, prompt, uri, cursor } = act;
  if (method === "resources/read") return typeof uri === "string" ? { uri } : undefined;
  if (method === "tools/call" || method === "prompts/get") {
    const name = method === "tools/call" ? tool : prompt;
    const given = argumentsOf(act["arguments"]);
    return typeof name === "string" && given !== undefined ? { name, arguments: given } : undefined;
  }
  return typeof cursor === "string" ? { cursor } : {};
}

/**
 * The message of a record. Notifications need nothing: those that would are never passed on.
 * @param act as `detailOf` writes it
 */
export function recorded(act: Readonly<Record<string, unknown>>): Recorded {
  const { method } = act;
  if (method === undefined) return undefined;
  if (typeof method !== "string") return { why: "the record has no message" };
  if (method.startsWith("notifications/")) return undefined;
  const params = paramsOf(act);
  if (params === undefined) return { why: "the record does not say what was asked for" };
  return { act: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) };
}
