import { Control } from "../../wire/control.ts";
import { type } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import type { Shared } from "../shared.ts";
import type { BackendState } from "./state.ts";

const nothing: Buffer = Buffer.alloc(0);

/**
 * A Sync that the server reads while it takes the data of a COPY is ignored (manual, "COPY Operations": for clients that
 * send one behind every Execute). A Sync that it reads after the COPY has failed is answered, and ends what the server
 * discards. From outside the two look alike, and a COPY can fail before its first row. So all go on, and once the COPY has
 * failed the server is asked (Control.probe): of the ReadyForQuery that come before the probe's CloseComplete one is the
 * probe's own. Until then the client's next message waits: whether the server would discard it is not known.
 */
export function expectProbe(shared: Shared): void {
  const probe = new Expected(type.sync);
  probe.isProbe = true;
  const mark = new Expected(type.close);
  const last = new Expected(type.sync);
  for (const entry of [probe, mark, last]) {
    entry.isOwn = true;
    shared.expected.add(entry);
  }
  shared.copyAwaited = probe;
  shared.ownOwed = Control.probe;
}

/**
 * A ReadyForQuery answers the probe or a Sync of the client's: all are alike, so that the first is taken for its own.
 * @param isDiscarding whether the server discarded up to it
 */
export function probeAnswered(probe: Expected, isDiscarding: boolean): void {
  probe.isOwn = false;
  probe.endedDiscarding = isDiscarding;
}

/** CloseComplete: whatever was to be answered before the probe has been. */
export function endProbe(state: BackendState): void {
  const head = state.shared.expected.head();
  if (head?.isProbe !== true || head.isOwn) return;
  state.finish(head, true);
  if (head.endedDiscarding) discardAgain(state.shared);
}

/**
 * The server has ignored every Sync of the client's: but for the probe it would still discard what comes up to the next.
 * So it is brought back to that by what surely fails, of which the client reads nothing.
 */
function discardAgain(shared: Shared): void {
  const failing = new Expected(type.parse);
  failing.refusal = nothing;
  shared.expected.add(failing);
  shared.ownOwed = Control.failingParse;
}
