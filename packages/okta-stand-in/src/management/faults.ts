import type { IncomingMessage, ServerResponse } from "node:http";
import { sendJson } from "../http.ts";

/** How the management API misbehaves: one of Okta's error answers, what is no answer, a late one, or none at all. */
export type ApiFault =
  | "rate_limited"
  | "server_error"
  | "garbage"
  | "truncated"
  | "reset"
  | "never"
  | { readonly slow: number };

/** Answers in place of the API. @returns whether the request is to be served after all: a slow one, late */
export async function misbehave(
  fault: ApiFault,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (typeof fault === "object") {
    await new Promise((resolve) => setTimeout(resolve, fault.slow));
    return true;
  }
  const error = (code: string, errorSummary: string) => ({ errorCode: code, errorSummary, errorCauses: [] });
  const acts: Record<Exclude<ApiFault, object>, () => void> = {
    rate_limited: () =>
      sendJson(response, 429, error("E0000047", "API call exceeded rate limit due to too many requests."), {
        "x-rate-limit-limit": "600",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": String(Math.ceil(Date.now() / 1000) + 1),
      }),
    server_error: () => sendJson(response, 500, error("E0000009", "Internal Server Error")),
    garbage: () => void response.writeHead(200, { "content-type": "application/json" }).end("<html>{[\u0000"),
    truncated: () => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('[{"id":"00g');
      setImmediate(() => request.socket.destroy());
    },
    reset: () => void request.socket.destroy(),
    never: () => undefined,
  };
  acts[fault]();
  return false;
}
