/** An object of JSON. */
export type Fields = Readonly<Record<string, unknown>>;

/** A message of the gateway's to a server (JSON-RPC 2.0). */
export interface OwnMessage {
  readonly jsonrpc: "2.0";
  /** Of a request, and of an answer to one of the server's. */
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Fields;
  readonly result?: Fields;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A request of the gateway's. */
export type OwnRequest = OwnMessage & { readonly id: number; readonly method: string };

/** What a server sends, as far as anything is done about it. */
export type ServerMessage =
  | { readonly kind: "answer"; readonly id: number; readonly outcome: Fields | ServerError }
  | { readonly kind: "question"; readonly id: string | number; readonly method: string }
  | { readonly kind: "other" };

/** The server answered with an error of JSON-RPC. Its words are not kept: they may quote what they should not. */
export class ServerError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`the server answered with the error ${code}`);
    this.code = code;
  }
}

/** The connection to the server is of no use any more: the next request begins another. */
export class ChannelError extends Error {}

/** One request had no answer that could be taken, or none in its time; others over the same connection may. */
export class RequestError extends Error {}

/** A longer id of a server's question is not given back to it. */
const MAX_ID_LENGTH = 256;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads one message of a server (JSON-RPC 2.0; MCP, "Base Protocol: Messages"). The gateway's own ids are numbers.
 * @throws RequestError when it is none
 */
export function readServerMessage(value: unknown): ServerMessage {
  if (!isObject(value) || value["jsonrpc"] !== "2.0")
    throw new RequestError("the server sent no JSON-RPC 2.0");
  const { id, method, result, error } = value;
  if (typeof method === "string")
    return (typeof id === "string" && id.length <= MAX_ID_LENGTH) || Number.isSafeInteger(id)
      ? { kind: "question", id: id as string | number, method }
      : { kind: "other" };
  // An answer without an id is about a message that the server could not read: to none in particular.
  if (!Number.isSafeInteger(id)) return { kind: "other" };
  if (error === undefined && isObject(result)) return { kind: "answer", id: id as number, outcome: result };
  if (result === undefined && isObject(error) && Number.isSafeInteger(error["code"]))
    return { kind: "answer", id: id as number, outcome: new ServerError(error["code"] as number) };
  throw new RequestError("the server's answer has neither a result nor an error");
}

/** The answer to a server's own question: a ping is answered, and no capability was offered for anything else. */
export function answerTo({
  id,
  method,
}: {
  readonly id: string | number;
  readonly method: string;
}): OwnMessage {
  return method === "ping"
    ? { jsonrpc: "2.0", id, result: {} }
    : { jsonrpc: "2.0", id, error: { code: -32_601, message: "Method not found" } };
}
