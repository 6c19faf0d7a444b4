import { MAX_JSON_VALUES } from "../../bounds.ts";
import { hasMoreValues } from "../../../kernel/json-values.ts";
import { parseStrictJson } from "../../../kernel/strict-json.ts";

/** One JSON-RPC message of a client (MCP, "Base Protocol: Messages"). */
export type ClientMessage =
  | {
      readonly kind: "request";
      readonly id: string | number;
      readonly method: string;
      readonly params: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: "notification";
      readonly method: string;
      readonly params: Readonly<Record<string, unknown>>;
    };

/** An ambiguous or invalid message: the JSON-RPC error to answer with. */
export interface Unreadable {
  readonly code: -32700 | -32600 | -32602;
  readonly why: string;
}

/** The largest nesting of a message. */
const MAX_JSON_DEPTH = 64;
const members: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params"]);
/** Method names are plain characters; anything else is refused. */
const methodForm = /^[a-zA-Z][a-zA-Z0-9_$/.-]{0,127}$/;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether any object in a value has a member that reaches into prototypes. */
function pollutes(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(pollutes);
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([name, item]) => ["__proto__", "constructor", "prototype"].includes(name) || pollutes(item),
  );
}

/** Whether every number is exact: beyond 2^53 a double is another number. */
function isExact(value: unknown): boolean {
  if (typeof value === "number")
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (Array.isArray(value)) return value.every(isExact);
  return !isObject(value) || Object.values(value).every(isExact);
}

/**
 * Reads one message strictly: UTF-8, one JSON value, no name twice, no batch (MCP 2025-06-18 took them out), no members
 * beside JSON-RPC's own, and no answer, since nothing was asked of the client.
 */
export function readMessage(bytes: Buffer): ClientMessage | Unreadable {
  if (hasMoreValues(bytes, MAX_JSON_VALUES))
    return { code: -32600, why: `the message holds more than ${MAX_JSON_VALUES} values` };
  let value: unknown;
  try {
    value = parseStrictJson(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
      MAX_JSON_DEPTH,
    );
  } catch {
    return { code: -32700, why: "the body is no JSON that can be read in one way only" };
  }
  const invalid = (why: string): Unreadable => ({ code: -32600, why });
  if (Array.isArray(value)) return invalid("batches are not taken: send each message by itself");
  if (!isObject(value) || value["jsonrpc"] !== "2.0") return invalid("the message is not JSON-RPC 2.0");
  const { id, method, params = {} } = value;
  if (typeof method !== "string")
    return invalid(
      "result" in value || "error" in value ? "nothing was asked of you" : "the message names no method",
    );
  const unknown = Object.keys(value).find((name) => !members.has(name));
  if (unknown !== undefined)
    return invalid(`the message has a member ${JSON.stringify(unknown.slice(0, 40))}`);
  if (!methodForm.test(method)) return invalid("that is no method's name");
  if (!isObject(params)) return { code: -32602, why: "params must be an object" };
  if (pollutes(params)) return { code: -32602, why: "a member's name is not allowed" };
  if (!isExact(params)) return { code: -32602, why: "a number is larger than JSON readers agree on" };
  if (!("id" in value)) return { kind: "notification", method, params };
  if (typeof id === "string" ? id.length > 200 : !Number.isSafeInteger(id))
    return invalid("the id must be a string or a whole number");
  return { kind: "request", id: id as string | number, method, params };
}
