import { isObject, type Members } from "../../../kernel/json-object.ts";
import { AmbiguousJson } from "../../../kernel/strict-json.ts";
import { blankInvisible } from "../../../kernel/invisible-characters.ts";
import { trial } from "../trial.ts";
import { actOf, isId } from "./message-act.ts";

/** A JSON-RPC message as it is written somewhere. */
export interface WrittenMessage {
  /** Of a name that stands twice, the last member. */
  readonly value: Members;
  /** Reads it again, so that nothing can be read in two ways. @throws AmbiguousJson where something can */
  readonly strictly: () => unknown;
  /** Whether it was sent in an array. */
  readonly inBatch: boolean;
}

/** What was no UTF-8 when it was read, so that nobody knows what was sent. */
export class UndecodedText extends Error {}

/** How an answer says that a request went. */
export interface Answer {
  readonly kind: "answer";
  readonly id: string | number;
  /** It says nothing but an error. */
  readonly isError: boolean;
  /** It is a result that says the tool failed. */
  readonly isToolError: boolean;
}

/** A request or a notification of a client. */
export interface Asked {
  readonly kind: "asked";
  readonly act: string;
  /** Undefined: nothing answers it. */
  readonly id: string | number | undefined;
  readonly method: string;
  /** What the client calls itself, where the message begins a session. */
  readonly client: string | undefined;
}

/** What a message is to an inventory. */
export type Sent =
  | Asked
  | Answer
  /** The client takes a request back, which may have worked by then. */
  | { readonly kind: "cancelled"; readonly id: string | number }
  /** It needs nothing, or the server sent it. */
  | { readonly kind: "nothing" }
  | { readonly kind: "unread"; readonly why: string };

/** What servers ask of clients: no agent's act. */
const ofServers: ReadonlySet<string> = new Set([
  "elicitation/create",
  "roots/list",
  "sampling/createMessage",
]);
/** What servers tell clients. What both tell, every client may tell. */
const toldByServers: ReadonlySet<string> = new Set([
  "notifications/elicitation/complete",
  "notifications/message",
  "notifications/prompts/list_changed",
  "notifications/resources/list_changed",
  "notifications/resources/updated",
  "notifications/tasks/status",
  "notifications/tools/list_changed",
]);

const reasons = {
  name_twice: "it can be read in two ways: a name stands twice in one object",
  name_forbidden: "a member's name is not allowed",
  too_deep: "it nests too deep",
  lone_surrogate: "it can be read in two ways: a text holds half of a character",
} as const satisfies Record<AmbiguousJson["kind"], string>;

/** The judge, of a scope that grants nothing. */
const free = trial([{ name: "connection/operation", scope: { tools: {}, resources: [], prompts: [] } }]);

/** A name as people may read it. The copy keeps nothing else of the file in memory. */
export function shownName(name: unknown): string {
  if (typeof name !== "string") return "";
  return blankInvisible(Buffer.from(name.slice(0, 200).toWellFormed()).toString()).trim();
}

function answerOf(value: Members): Sent {
  const { id, result, error } = value;
  if (result === undefined && error === undefined)
    return { kind: "unread", why: "the message names no method" };
  // What answers nothing, or nothing that could wait.
  if (!isId(id)) return { kind: "nothing" };
  return {
    kind: "answer",
    id,
    isError: result === undefined && isObject(error),
    isToolError: isObject(result) && result["isError"] === true && !isObject(error),
  };
}

function clientIn(params: unknown): string {
  const info = isObject(params) ? params["clientInfo"] : undefined;
  return shownName(isObject(info) ? info["name"] : undefined);
}

function whyUnread(error: unknown): string {
  if (error instanceof UndecodedText) return "it holds bytes that are no UTF-8";
  return error instanceof AmbiguousJson ? reasons[error.kind] : "it is not JSON";
}

/** A notification that every client may send. */
function notified(method: unknown, params: unknown): Sent {
  const id = isObject(params) && method === "notifications/cancelled" ? params["requestId"] : undefined;
  return isId(id) ? { kind: "cancelled", id } : { kind: "nothing" };
}

/**
 * What a message is. One that the judge refuses is an act like any other: it was sent.
 * @param from who sent it, where the recording says so; otherwise what only servers send is theirs
 */
export function readSent({ value, strictly, inBatch }: WrittenMessage, from?: "client" | "server"): Sent {
  if (!Object.hasOwn(value, "method")) return answerOf(value);
  let message: unknown;
  try {
    message = strictly();
  } catch (error) {
    return { kind: "unread", why: whyUnread(error) };
  }
  if (!isObject(message)) return { kind: "unread", why: "it is no JSON object" };
  const { id, method, params } = message;
  const isRequest = Object.hasOwn(message, "id");
  if (from !== "client" && typeof method === "string" && (isRequest ? ofServers : toldByServers).has(method))
    return { kind: "nothing" };
  const made = actOf(message);
  if ("why" in made) return { kind: "unread", why: made.why };
  const { act } = made;
  if (!isRequest && free(act).kind === "permit") return notified(method, params);
  return {
    kind: "asked",
    // A session takes no batches, whatever is in them.
    act: inBatch ? `[${act}]` : act,
    id: isId(id) ? id : undefined,
    method: typeof method === "string" ? method : "",
    client: method === "initialize" ? clientIn(params) : undefined,
  };
}
