import type { IncomingMessage, ServerResponse } from "node:http";

/** Answers with a value. */
export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** Answers with why it failed. @param details the object that it is about */
export function fail(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): void {
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason };
  json(response, code, { ...status, ...(details === undefined ? {} : { details }), code });
}

/** What a request writes, whole. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Whether a client wants objects as a table. */
export const isTable = (request: IncomingMessage): boolean =>
  request.headers.accept?.includes("as=Table") === true;
