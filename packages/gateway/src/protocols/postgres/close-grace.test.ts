import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { boundClose } from "./close-grace.ts";

/** A clock that stands still until it is moved, and knows how many timers there are. */
function handClock(): { readonly clock: Clock; pass(ms: number): void; timers(): number } {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    clock: {
      wall: () => now,
      monotonic: () => now,
      schedule(ms, run) {
        const timer = { at: now + ms, run };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
    pass(ms) {
      now += ms;
      for (const timer of timers) {
        if (timer.at > now) continue;
        timers.delete(timer);
        timer.run();
      }
    },
    timers: () => timers.size,
  };
}

/** A client that is being told its last words. */
class Client extends EventEmitter {
  bytesRead = 0;
  destroyed = false;
  destroy(): this {
    this.destroyed = true;
    this.emit("close");
    return this;
  }
}

describe("a client that is told its last words", () => {
  it("is cut after a second in which nothing came", () => {
    const { clock, pass, timers } = handClock();
    const client = new Client();
    boundClose(client, clock);
    pass(999);
    expect(client.destroyed).toBe(false);
    pass(1);
    expect([client.destroyed, timers()]).toEqual([true, 0]);
  });

  it("has more time while bytes still come", () => {
    const { clock, pass, timers } = handClock();
    const client = new Client();
    boundClose(client, clock);
    for (let second = 1; second <= 3; second += 1) {
      client.bytesRead += 1;
      pass(1000);
      expect([second, client.destroyed, timers()]).toEqual([second, false, 1]);
    }
    pass(1000);
    expect([client.destroyed, timers()]).toEqual([true, 0]);
  });

  it("is cut after five seconds, whatever it sends: a byte now and then keeps no connection open", () => {
    const { clock, pass, timers } = handClock();
    const client = new Client();
    boundClose(client, clock);
    let seconds = 0;
    for (; !client.destroyed && seconds < 60; seconds += 1) {
      client.bytesRead += 1;
      pass(1000);
      expect(timers()).toBeLessThanOrEqual(1);
    }
    expect([seconds, timers()]).toEqual([5, 0]);
  });

  it("leaves no timer behind when it has gone by itself", () => {
    const { clock, timers } = handClock();
    const client = new Client();
    boundClose(client, clock);
    client.emit("close");
    expect(timers()).toBe(0);
  });
});
