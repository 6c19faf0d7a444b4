import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { Bag, type Membership } from "../../../kernel/bag.ts";
import { SLOW_READER_MS } from "../../bounds.ts";
import { isGone } from "../router.ts";

/** How often it is looked whether clients take what waits for them, milliseconds. */
const LOOK_EVERY_MS = 10_000;

/** Bytes of an answer that its client has not taken. */
export function bytesWaiting(response: ServerResponse | Http2ServerResponse): number {
  // Node's response of HTTP/2 knows its stream alone.
  return "stream" in response
    ? response.stream.writableLength
    : response.writableLength + (response.socket?.writableLength ?? 0);
}

/** A client of which it is watched whether it takes what waits for it: any of it, however slowly. */
export interface WatchedReader {
  /** Something waits for it from now on. */
  start(): void;
  /** It has taken everything. */
  stop(): void;
}

/** All readers for whom something waits: one timer serves them all. */
const watched = new Bag<Reader>();
let timer: NodeJS.Timeout | undefined;

function look(): void {
  const now = performance.now();
  for (const reader of watched.members()) reader.look(now);
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

class Reader implements WatchedReader {
  readonly #response: ServerResponse;
  readonly #tooSlow: () => void;
  #before = 0;
  #moved = 0;
  #watch: Membership | undefined;

  constructor(response: ServerResponse, tooSlow: () => void) {
    this.#response = response;
    this.#tooSlow = tooSlow;
    response.once("close", () => this.stop());
  }

  start(): void {
    if (isGone(this.#response)) return;
    this.#before = bytesWaiting(this.#response);
    this.#moved = performance.now();
    this.#watch ??= watched.add(this);
    if (timer !== undefined) return;
    timer = setInterval(look, LOOK_EVERY_MS);
    timer.unref();
  }

  stop(): void {
    this.#watch?.leave();
    this.#watch = undefined;
  }

  look(now: number): void {
    if (this.#watch === undefined) return;
    const waiting = bytesWaiting(this.#response);
    if (waiting !== this.#before) this.#moved = now;
    this.#before = waiting;
    if (now - this.#moved <= SLOW_READER_MS) return;
    this.stop();
    this.#tooSlow();
  }
}

/** @param tooSlow called once when a client has taken nothing of what waits for as long as it may */
export function watchReader(response: ServerResponse, tooSlow: () => void): WatchedReader {
  return new Reader(response, tooSlow);
}
