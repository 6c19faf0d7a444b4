import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchReader } from "./slow-readers.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An answer for which so many bytes wait. */
function answer(): { readonly response: ServerResponse; waits: number } {
  const response = Object.assign(new EventEmitter(), {
    writableLength: 0,
    destroyed: false,
    socket: { writableLength: 0, destroyed: false },
  });
  return {
    response: response as unknown as ServerResponse,
    get waits() {
      return response.writableLength;
    },
    set waits(bytes) {
      response.writableLength = bytes;
    },
  };
}

it("cuts a client that takes nothing for a minute, once, and none that takes a little", () => {
  const cut: string[] = [];
  const [idle, slow] = [answer(), answer()];
  for (const [name, each] of [
    ["idle", idle],
    ["slow", slow],
  ] as const) {
    each.waits = 1000;
    watchReader(each.response, () => cut.push(name)).start();
  }
  for (let seconds = 0; seconds < 300; seconds += 30) {
    slow.waits -= 1;
    vi.advanceTimersByTime(30_000);
  }
  expect(cut).toEqual(["idle"]);
  slow.response.emit("close");
  // The timer goes with the last of them.
  vi.advanceTimersByTime(10_000);
  expect(vi.getTimerCount()).toBe(0);
});

it("watches nobody for whom nothing waits, and nobody who has gone", () => {
  const cut: string[] = [];
  const [done, gone] = [answer(), answer()];
  const reader = watchReader(done.response, () => cut.push("done"));
  reader.start();
  reader.stop();
  watchReader(gone.response, () => cut.push("gone")).start();
  gone.response.emit("close");
  vi.advanceTimersByTime(300_000);
  expect(cut).toEqual([]);
  reader.start();
  vi.advanceTimersByTime(300_000);
  expect(cut).toEqual(["done"]);
});
