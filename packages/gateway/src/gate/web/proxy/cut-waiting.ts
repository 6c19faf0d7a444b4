import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { WebSession } from "../../gate.ts";
import { breakOff, isGone } from "../router.ts";
import { bytesWaiting } from "./slow-readers.ts";

/** Less than what the kernel itself may hold of an answer on its way, bytes: out of the gateway's hands either way. */
const MAX_UNCUT_BYTES = 16_384;

/**
 * Cuts an answer that is made, and waits for its reader, when its session ends: what a reader has not taken by the
 * deadline it does not get afterwards.
 */
export function cutWhileWaiting(
  session: Pick<WebSession<never, unknown>, "cuts" | "ended">,
  response: ServerResponse | Http2ServerResponse,
): void {
  if (bytesWaiting(response) <= MAX_UNCUT_BYTES || isGone(response)) return;
  if (session.ended.aborted) {
    breakOff(response);
    return;
  }
  const cutting = session.cuts.add(() => breakOff(response));
  response.once("close", () => cutting.leave());
}
