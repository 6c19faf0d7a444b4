import { cancelUpstream } from "../upstream/connect.ts";
import { goOn } from "./client-side.ts";
import type { RelayState } from "./state.ts";

/** How long a client's cancel request may take, and its next statement waits for it, milliseconds. */
const CANCEL_MS = 2000;

/** The client's own cancel request. What it sends meanwhile waits, so that it is not what is cancelled. */
export function cancel(relay: RelayState): Promise<void> {
  const { client, target, cancelKey, options } = relay.parts;
  if (relay.ending !== undefined || relay.shared.expected.length === 0) return Promise.resolve();
  if (relay.cancelling === undefined) {
    client.pause();
    relay.cancelling = cancelUpstream(target, cancelKey, options.clock, CANCEL_MS).then((): undefined => {
      relay.cancelling = undefined;
      if (relay.ending === undefined) goOn(relay);
      return undefined;
    });
  }
  return relay.cancelling;
}
