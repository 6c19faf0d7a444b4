import type { EventEmitter } from "node:events";

/** What all requests together may hold in memory at a time: bodies read whole, answers that are masked. Bytes. */
const most = 268_435_456;

/** The gateway holds as much as it may: this request has to come again. */
export class Busy extends Error {
  constructor() {
    super("the gateway holds as many requests in memory as it may");
  }
}

/** What one exchange holds, until its answer is over. */
export interface Held {
  /** @throws Busy when there is no room */
  take(bytes: number): void;
}

let total = 0;
const known = new WeakMap<EventEmitter, Held>();

/** The account of an exchange, by its response; closed with it. */
export function heldBy(response: EventEmitter): Held {
  const found = known.get(response);
  if (found !== undefined) return found;
  let mine = 0;
  let closed = false;
  const held: Held = {
    take(bytes) {
      if (closed || total + bytes > most) throw new Busy();
      total += bytes;
      mine += bytes;
    },
  };
  response.once("close", () => {
    closed = true;
    total -= mine;
    mine = 0;
  });
  known.set(response, held);
  return held;
}
