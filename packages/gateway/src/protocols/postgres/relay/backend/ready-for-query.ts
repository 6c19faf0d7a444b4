import { type, WireError } from "../../wire/framing.ts";
import { probeAnswered } from "./copy-probe.ts";
import type { BackendState } from "./state.ts";

/** The server's state outside of a transaction block. */
const IDLE = 0x49;

/** ReadyForQuery ('Z'): the server has answered a Query, or everything up to a Sync. */
export function readyForQuery(state: BackendState, chunk: Buffer, at: number, end: number): void {
  if (end - at !== 6) throw new WireError("08P01", "the database sent a malformed ReadyForQuery");
  const status = chunk[at + 5] ?? 0;
  state.discard();
  const { isDiscarding } = state;
  state.isDiscarding = false;
  const entry = state.head(type.sync, type.query);
  const { shared } = state;
  shared.copyIn = false;
  if (status === IDLE) shared.portals.clear();
  if (entry.isProbe) probeAnswered(entry, isDiscarding);
  else state.finish(entry, state.error === undefined);
  shared.readyStatus = status;
  shared.readyNext = shared.expected.next - shared.expected.length;
}
