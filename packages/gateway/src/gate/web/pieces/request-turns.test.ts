import { expect, it } from "vitest";
import { REQUESTS_PER_TURN } from "../../bounds.ts";
import { createRequestTurns } from "./request-turns.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const { total, connection: each } = REQUESTS_PER_TURN;

it("begins what a turn has room for at once, and so many of one connection", async () => {
  const turns = createRequestTurns();
  const one = {};
  let begun = 0;
  for (let at = 0; at < 3 * each; at += 1) turns.enter("192.0.2.1", one, () => (begun += 1));
  expect(begun).toBe(each);
  expect(turns.waiting("192.0.2.1", one)).toBe(2 * each);
  await nextTurn();
  expect(begun).toBe(2 * each);
  await nextTurn();
  expect([begun, turns.waiting("192.0.2.1", one)]).toEqual([3 * each, 0]);
});

it("begins no more in one turn than its share, however many connections ask, in their order", async () => {
  const turns = createRequestTurns();
  const begun: number[] = [];
  const all = 2 * total + 1;
  for (let at = 0; at < all; at += 1) turns.enter("192.0.2.1", {}, () => begun.push(at));
  const seen = [begun.length];
  while (begun.length < all) {
    await nextTurn();
    seen.push(begun.length);
  }
  expect(seen).toEqual([total, 2 * total, all]);
  expect(begun).toEqual(begun.toSorted((a, b) => a - b));
});

it("lets addresses take turns, and of IPv6 its /64, so that many connections of one wait behind each other alone", async () => {
  const turns = createRequestTurns();
  const begun: string[] = [];
  for (let at = 0; at < 4 * total; at += 1)
    turns.enter(`2001:db8::${at.toString(16)}`, {}, () => begun.push("many"));
  turns.enter("192.0.2.1", {}, () => begun.push("other"));
  expect(begun).not.toContain("other");
  await nextTurn();
  expect(begun).toContain("other");
});

it("keeps the order of one connection's requests", async () => {
  const turns = createRequestTurns();
  const one = {};
  const begun: number[] = [];
  for (let at = 0; at < 3 * each; at += 1) turns.enter("192.0.2.1", one, () => begun.push(at));
  await nextTurn();
  await nextTurn();
  expect(begun).toEqual(Array.from({ length: 3 * each }, (_, at) => at));
});
