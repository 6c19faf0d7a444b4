// tier: full
import { describe, expect, test } from "vitest";
import type { Call } from "./calls.ts";
import { propose } from "./propose.ts";
import { call, seen } from "./testing/seen.ts";
import { toolUnits } from "./tool-units.ts";
import type { Left } from "./unit.ts";

/**
 * Calls of which each is seen nearly as often as all behind it, and has a text where all behind it have words: one is left out, then the
 * words are most of what is said in the next argument, and so on.
 */
const cascade = (length: number): readonly ReturnType<typeof seen>[] => {
  const names = Array.from({ length }, (_, at) => `step${String.fromCodePoint(97 + at)}_status`);
  return [...names, ""].map((_, own) =>
    seen(
      call(
        "get_order",
        Object.fromEntries(names.map((name, at) => [name, own <= at ? "a text, and no word" : "open"])),
      ),
      { times: own === length ? 3 : 2 ** (length - own) },
    ),
  );
};
const of = (length: number): readonly [number, readonly string[]] => {
  const { operations, apart } = propose(cascade(length), { minSeen: 1, taken: [] });
  return [operations.length, [...new Set(apart.map(({ reason }) => reason))]];
};

test("what the schema of the others does not take is left out so many times, and no more", () => {
  const reason = "what the other calls of the tool say of its arguments does not take it";
  expect(of(3)).toEqual([1, [reason]]);
  expect(of(9)).toEqual([1, [reason]]);
  expect(of(10)).toEqual([0, [reason]]);
});

describe("what is proposed is held against the other calls of its tool", () => {
  const calls = (["read", "delete"] as const).map((kind): Call => {
    const given = { action: kind === "read" ? "get" : "delete", id: 7 };
    return { seen: seen(call("orders", given)), tool: "orders", kind, given };
  });
  const unitsWith = (most: number): readonly [number, readonly string[]] => {
    const left: Left[] = [];
    const units = toolUnits(calls, { definitions: undefined, minSeen: 1 }, left, { left: most });
    return [units.length, left.map(({ reason }) => reason)];
  };

  test("so many times", () => expect(unitsWith(2)).toEqual([2, []]));
  test("and no more: what was not held against them is not proposed", () => {
    const reason = "there are too many other calls of the tool to tell whether it takes them";
    expect(unitsWith(1)).toEqual([1, [reason]]);
    expect(unitsWith(0)).toEqual([0, [reason, reason]]);
  });
});

describe("names of members that are data", () => {
  const reasonsOf = (...given: readonly object[]): readonly string[] =>
    propose(
      given.map((labels) => seen(call("get_orders", { labels }))),
      { minSeen: 1, taken: [] },
    ).apart.map(({ reason }) => reason);

  test("in all calls", () =>
    expect(reasonsOf({ "a@example.com": "x" }, { "b@example.com": "y" })).toEqual([]));
  test("in some alone: what programmers named would be any", () =>
    expect(reasonsOf({ "a@example.com": "x" }, { team: "y" })).toEqual([
      "the argument labels: names of its members are data in some calls",
    ]));
});
