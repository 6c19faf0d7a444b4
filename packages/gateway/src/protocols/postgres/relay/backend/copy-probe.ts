import { type } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import type { Shared } from "../shared.ts";
import type { BackendState } from "./state.ts";

/**
 * A Sync that the server reads while it takes the data of a COPY is ignored (manual, "COPY Operations": for clients that
 * send one behind every Execute). A Sync that it reads after the COPY has failed is answered. From outside the two look
 * alike, and a COPY can fail before its first row. So all go on, and once the COPY has failed the server is asked
 * (Control.probe): of the ReadyForQuery that come before the probe's CloseComplete one is the probe's own.
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
  shared.syncInCopy = false;
  shared.probeOwed = true;
}

/** A ReadyForQuery answers the probe or a Sync of the client's: all are alike, so that the first is taken for its own. */
export function probeAnswered(probe: Expected): void {
  probe.isOwn = false;
}

/** CloseComplete: whatever was to be answered before the probe has been. */
export function endProbe(state: BackendState): void {
  const head = state.shared.expected.head();
  if (head?.isProbe === true && !head.isOwn) state.finish(head, true);
}
