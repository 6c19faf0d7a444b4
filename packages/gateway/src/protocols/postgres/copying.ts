import { createHash } from "node:crypto";
import { decodeEmpty } from "./codec.ts";
import { type, WireError } from "./framing.ts";
import type { Shared } from "./shared.ts";

/**
 * The client's messages while the server takes a COPY: nothing but its data may follow (manual, "COPY Operations").
 * The data goes on as it came, and into the digest that the COPY's outcome will hold.
 * @param drop leaves a message out
 */
export function createCopyMessages(
  shared: Shared,
  drop: (start: number, end: number) => void,
): (chunk: Buffer, kind: number, start: number, end: number) => void {
  return (chunk, kind, start, end) => {
    if (kind === type.copyData) {
      shared.copied ??= { digest: createHash("sha256"), bytes: 0 };
      shared.copied.digest.update(chunk.subarray(start + 5, end));
      shared.copied.bytes += end - start - 5;
      return;
    }
    if (kind === type.sync || kind === type.flush) {
      // The server ignores them in this state: they would be answered by nothing.
      decodeEmpty(start + 5, end);
      if (kind === type.sync) shared.syncLeftOut = true;
      drop(start, end);
      return;
    }
    if (kind === type.copyDone) decodeEmpty(start + 5, end);
    else if (kind !== type.copyFail)
      throw new WireError("08P01", `unexpected message type ${kind} during COPY from stdin`);
    shared.copyIn = false;
  };
}
