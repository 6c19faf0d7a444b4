import type { Connection } from "./connection.ts";

/** How long a connection is kept without a request. */
const KEEP_ALIVE_MS = 30_000;
/** So much earlier than the server says a connection is given up: a request must not meet its closing. */
const KEEP_ALIVE_MARGIN_MS = 1000;
const SWEEP_MS = 1000;

/** The connections of one pool that carry no request now, each until its time is over. */
export class IdleConnections {
  readonly #now: () => number;
  /** The last one used is used next: those that are not needed grow old. */
  #connections: Connection[] = [];
  #isSweeping = false;

  /** @param now milliseconds, never stepping back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param keepAliveMs how long the server keeps it, by its own word */
  add(connection: Connection, keepAliveMs = KEEP_ALIVE_MS + KEEP_ALIVE_MARGIN_MS): void {
    connection.idleUntil = this.#now() + Math.min(KEEP_ALIVE_MS, keepAliveMs - KEEP_ALIVE_MARGIN_MS);
    this.#connections.push(connection);
    this.#sweepLater();
  }

  delete(connection: Connection): void {
    const at = this.#connections.indexOf(connection);
    if (at !== -1) this.#connections.splice(at, 1);
  }

  /** The newest that still stands. */
  take(): Connection | undefined {
    for (let last = this.#connections.pop(); last !== undefined; last = this.#connections.pop()) {
      if (last.isUsable && last.idleUntil > this.#now()) return last;
      last.close();
    }
    return undefined;
  }

  closeOldest(): void {
    this.#connections.shift()?.close();
  }

  closeAll(): void {
    for (const each of this.#connections.splice(0)) each.close();
  }

  #sweepLater(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    setTimeout(() => {
      this.#isSweeping = false;
      this.#sweep();
    }, SWEEP_MS).unref();
  }

  #sweep(): void {
    const now = this.#now();
    const all = this.#connections;
    this.#connections = all.filter((each) => each.isUsable && each.idleUntil > now);
    for (const each of all) if (!each.isUsable || each.idleUntil <= now) each.close();
    if (this.#connections.length > 0) this.#sweepLater();
  }
}
