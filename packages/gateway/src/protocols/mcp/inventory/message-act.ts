import { readMessage } from "../../../gate/web/mcp/message.ts";
import { isObject, type Members } from "../../../kernel/json-object.ts";

/** The longest text of an act, characters. */
const MAX_ACT_CHARACTERS = 1_048_576;

/** Whether every number is one: those larger than any double would be written as `null`. */
function isFinite(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isFinite);
}

/** Whether an id is one that the gateway takes. */
export const isId = (id: unknown): id is string | number =>
  typeof id === "string" ? id.length <= 200 : Number.isSafeInteger(id);

/** Params without what is about the request and not what it asks for: tokens of progress, traces. */
function withoutMeta(params: Members): Members {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name !== "_meta"));
}

/**
 * The text of an act: the message as it was sent, its members in one order, its id 1, for the same asked twice is the same
 * act. An id that is none stays, as all else that the judge refuses; so does what is about the request, where he refuses that.
 * @param message strictly read
 */
export function actOf(message: Members): { readonly act: string } | { readonly why: string } {
  const { jsonrpc, id, method, params, ...others } = message;
  const textWith = (given: unknown): string =>
    JSON.stringify({ jsonrpc, id: isId(id) ? 1 : id, method, params: given, ...others });
  let act = textWith(params);
  if (act.includes("null") && !isFinite(message))
    return { why: "a number is larger than JSON readers agree on" };
  if (isObject(params) && Object.hasOwn(params, "_meta") && !("why" in readMessage(Buffer.from(act))))
    act = textWith(withoutMeta(params));
  if (act.length > MAX_ACT_CHARACTERS)
    return { why: `what it asks for is larger than ${MAX_ACT_CHARACTERS} characters` };
  return { act };
}
