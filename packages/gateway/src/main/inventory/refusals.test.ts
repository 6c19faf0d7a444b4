import { expect, test } from "vitest";
import type { SeenAct } from "../../gate/inventory/seen.ts";
import { Refusals } from "./refusals.ts";

const seen = (act: string, more: Partial<SeenAct> = {}): SeenAct => ({ act, by: "app", times: 1, ...more });
const exact = (act: string): string => act;
const orders = { rule: "tables", message: "orders is not granted" };
const customers = { rule: "tables", message: "customers is not granted" };
const where = { rule: "require_where", message: "orders is not granted" };

test("what is covered and what is refused are counted by their times", () => {
  const refusals = new Refusals(exact);
  refusals.permitted(3);
  refusals.permitted(4);
  refusals.denied(seen("a", { times: 5 }), orders);
  refusals.denied(seen("b"), customers);
  expect([refusals.covered, refusals.refused]).toEqual([7, 6]);
});

test("nothing refused is nothing", () => {
  const refusals = new Refusals(exact);
  expect([refusals.covered, refusals.refused, refusals.all]).toEqual([0, 0, []]);
});

test("each rule with its reason stands by itself, the most frequent first", () => {
  const refusals = new Refusals(exact);
  refusals.denied(seen("a"), orders);
  refusals.denied(seen("b", { times: 2 }), customers);
  refusals.denied(seen("c", { times: 9 }), where);
  refusals.denied(seen("d", { times: 3 }), orders);
  expect(refusals.all.map(({ rule, message, evidence }) => [rule, message, evidence.times])).toEqual([
    [where.rule, where.message, 9],
    [orders.rule, orders.message, 4],
    [customers.rule, customers.message, 2],
  ]);
});

test("the acts of one reason are told once a kind, by whom and when", () => {
  const refusals = new Refusals((act) => act.replaceAll(/\d/gu, "?"));
  refusals.denied(seen("select 1", { at: 50 }), orders);
  refusals.denied(seen("select 2", { at: 10, by: "bot", times: 2 }), orders);
  refusals.denied(seen("update 3", { at: 90 }), orders);
  const [reason] = refusals.all;
  expect(reason?.acts.map(({ act, times }) => [act, times])).toEqual([
    ["select 1", 3],
    ["update 3", 1],
  ]);
  expect(reason?.evidence).toEqual({
    kinds: 2,
    times: 4,
    by: new Map([
      ["app", 2],
      ["bot", 2],
    ]),
    first: 10,
    last: 90,
  });
});

test("of one reason twenty kinds are kept, and all its acts counted", () => {
  const refusals = new Refusals(exact);
  for (let at = 0; at < 100; at += 1) refusals.denied(seen(`select ${at}`), orders);
  const [reason] = refusals.all;
  expect([reason?.acts.length, reason?.evidence.times, refusals.refused]).toEqual([20, 100, 100]);
});

test("of one reason fifty thousand characters are kept, and all its acts counted", () => {
  const refusals = new Refusals(exact);
  const long = "x".repeat(7000);
  for (let at = 0; at < 10; at += 1) refusals.denied(seen(`${at}${long}`), orders);
  const [reason] = refusals.all;
  // Each is longer than seven thousand characters, and so is what stands for it.
  expect([reason?.acts.length, reason?.evidence.times]).toEqual([3, 10]);
});

test("five hundred reasons are kept apart, known ones count on, and all further ones count together", () => {
  const refusals = new Refusals(exact);
  for (let at = 0; at < 1000; at += 1)
    refusals.denied(seen("a"), { rule: "tables", message: `reason ${at}` });
  refusals.denied(seen("a", { times: 6 }), { rule: "tables", message: "reason 7" });
  refusals.denied(seen("a", { times: 2 }), { rule: "tables", message: "reason 700" });
  const { all } = refusals;
  expect(all).toHaveLength(501);
  expect(all.slice(0, 2).map(({ rule, message, evidence }) => [rule, message, evidence.times])).toEqual([
    ["others", "refused for further reasons", 502],
    ["tables", "reason 7", 7],
  ]);
  expect(refusals.refused).toBe(1008);
});

test("whoever did only kinds beyond the first twenty of a reason is named, and when", () => {
  const refusals = new Refusals((act) => act);
  const why = { rule: "tables", message: "orders is not granted" };
  for (let at = 0; at < 20; at += 1) refusals.denied({ act: `a${at}`, by: "app", times: 1, at: 5 }, why);
  refusals.denied({ act: "b", by: "root", times: 1000, at: 9e11 }, why);
  const [reason] = refusals.all;
  expect(reason?.evidence.by.get("root")).toBe(1000);
  expect(reason?.evidence.last).toBe(9e11);
});
