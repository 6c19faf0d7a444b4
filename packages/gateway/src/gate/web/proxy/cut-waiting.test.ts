import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, it, vi } from "vitest";
import { Bag } from "../../../kernel/bag.ts";
import { cutWhileWaiting } from "./cut-waiting.ts";

/** An answer of which so many bytes wait, and the session that it belongs to. */
function waiting(bytes: number, ended = false) {
  const destroy = vi.fn<() => void>();
  const events = new EventEmitter();
  const response = Object.assign(events, { writableLength: bytes, destroyed: false, socket: null, destroy });
  const cuts = new Bag<() => void>();
  const session = { cuts, ended: ended ? AbortSignal.abort() : new AbortController().signal };
  cutWhileWaiting(session, response as unknown as ServerResponse);
  return { cuts, destroy, events };
}

it("cuts what waits for its reader when the session ends, and not what has gone", () => {
  const { cuts, destroy, events } = waiting(100_000);
  expect(destroy).not.toHaveBeenCalled();
  for (const cut of cuts.members()) cut();
  expect(destroy).toHaveBeenCalledOnce();
  events.emit("close");
  expect(cuts.size).toBe(0);
});

it("cuts at once where the session is over, since its cuts are not called again", () => {
  const { cuts, destroy } = waiting(100_000, true);
  expect([cuts.size, destroy.mock.calls.length]).toEqual([0, 1]);
});

it("keeps nothing of an answer of which no more waits than the kernel holds", () => {
  expect(waiting(16_384).cuts.size).toBe(0);
});
