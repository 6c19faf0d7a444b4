import { createHash } from "node:crypto";
import { decodeEmpty } from "../../wire/codec.ts";
import { type, WireError } from "../../wire/framing.ts";
import { settleParse } from "./pending-parse.ts";
import type { FrontendState } from "./state.ts";

/** Leaves a message out. */
export function leaveOut(state: FrontendState, start: number, end: number): void {
  settleParse(state);
  state.outgoing.instead(start, end);
}

/**
 * The client's messages while the server takes a COPY: nothing but its data may follow (manual, "COPY Operations").
 * The data goes on as it came, and into the digest that the COPY's outcome will hold.
 */
export function copy(state: FrontendState, kind: number, start: number, end: number): void {
  const { shared } = state;
  if (kind === type.copyData) {
    shared.copied ??= { digest: createHash("sha256"), bytes: 0 };
    shared.copied.digest.update(state.chunk.subarray(start + 5, end));
    shared.copied.bytes += end - start - 5;
    return;
  }
  if (kind === type.sync || kind === type.flush) {
    // The server ignores them, unless the COPY has failed by now: which of the two its answers tell (CopyProbe).
    decodeEmpty(start + 5, end);
    if (kind === type.sync) shared.syncInCopy = true;
    return;
  }
  if (kind === type.copyDone) decodeEmpty(start + 5, end);
  else if (kind !== type.copyFail)
    throw new WireError("08P01", `unexpected message type ${kind} during COPY from stdin`);
  shared.copyIn = false;
}
