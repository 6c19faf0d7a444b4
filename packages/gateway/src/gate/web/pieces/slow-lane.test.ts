import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { SLOW_LANE_MS, SMALL_PIECES_PER_TURN } from "../../bounds.ts";
import { createSlowLane } from "./slow-lane.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("says when a turn's small pieces are used up, those of all together, and begins anew with the next turn", async () => {
  const lane = createSlowLane(fakeClock());
  for (let at = 0; at < SMALL_PIECES_PER_TURN; at += 1) expect(lane.note()).toBe(true);
  expect(lane.note()).toBe(false);
  await nextTurn();
  expect(lane.note()).toBe(true);
});

it("reads from one connection at a time, the addresses in turn", () => {
  const clock = fakeClock();
  const lane = createSlowLane(clock);
  const read: string[] = [];
  for (const name of ["a1", "a2", "a3"]) lane.enter("a", () => read.push(name));
  lane.enter("b", () => read.push("b1"));
  expect(read).toEqual([]);
  for (const soFar of [1, 2, 3, 4, 4]) {
    clock.advance(SLOW_LANE_MS);
    expect(read).toHaveLength(soFar);
  }
  expect(read).toEqual(["a1", "b1", "a2", "a3"]);
  // Whoever comes later is read too, and not before its time.
  lane.enter("a", () => read.push("later"));
  expect(read).toHaveLength(4);
  clock.advance(SLOW_LANE_MS);
  expect(read.at(-1)).toBe("later");
});

it("forgets who gives its place up", () => {
  const clock = fakeClock();
  const lane = createSlowLane(clock);
  const read: string[] = [];
  const leave = lane.enter("a", () => read.push("gone"));
  lane.enter("a", () => read.push("there"));
  leave();
  clock.advance(SLOW_LANE_MS);
  expect(read).toEqual(["there"]);
});
