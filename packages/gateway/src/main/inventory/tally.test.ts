import { expect, test } from "vitest";
import type { SeenAct } from "../../gate/inventory/seen.ts";
import { OTHERS, Tally } from "./tally.ts";

/** Acts are alike that have the same first word. */
const firstWord = (act: string): string => act.split(" ")[0] ?? "";
const seen = (act: string, more: Partial<SeenAct> = {}): SeenAct => ({ act, by: "app", times: 1, ...more });

function tallied(
  acts: readonly SeenAct[],
  bounds?: { readonly kinds: number; readonly characters: number },
): Tally {
  const tally = bounds === undefined ? new Tally(firstWord) : new Tally(firstWord, bounds);
  for (const act of acts) tally.add(act);
  return tally;
}

test("a tally of nothing has nothing", () => {
  expect([tallied([]).all, tallied([]).leftOut]).toEqual([[], 0]);
});

test("alike acts count once, as the first of them was done, with all their times", () => {
  const { all } = tallied([
    seen("select 1"),
    seen("update a", { times: 3 }),
    seen("select 2", { times: 40 }),
    seen("update b"),
  ]);
  expect(all.map(({ act, times }) => [act, times])).toEqual([
    ["select 1", 41],
    ["update a", 4],
  ]);
});

test("what stands for an act is asked for once while it comes again and again", () => {
  const asked: string[] = [];
  const tally = new Tally((act) => {
    asked.push(act);
    return firstWord(act);
  });
  for (const act of ["select 1", "select 1", "select 2", "select 1"]) tally.add(seen(act));
  expect(asked).toEqual(["select 1", "select 2"]);
  expect(tally.all.map(({ act, times }) => [act, times])).toEqual([["select 1", 4]]);
});

test("each of those who did it has their own count, whoever nobody named too", () => {
  const { all } = tallied([
    seen("select 1", { by: "app", times: 2 }),
    seen("select 2", { by: "bot" }),
    seen("select 3", { by: "app", times: 5 }),
    seen("select 4", { by: "", times: 7 }),
  ]);
  expect([...(all[0]?.by ?? [])]).toEqual([
    ["app", 7],
    ["bot", 1],
    ["", 7],
  ]);
});

test("the first and the last time are kept, in whatever order they come, beside acts of no time", () => {
  const { all } = tallied([
    seen("select 1", { at: 500 }),
    seen("select 1"),
    seen("select 1", { at: 900 }),
    seen("select 1", { at: 100 }),
    seen("select 1", { at: 300 }),
    seen("update 1"),
    seen("insert 1", { at: 0 }),
    seen("insert 1", { at: 5 }),
    seen("delete 1", { at: -5 }),
    seen("delete 1", { at: 0 }),
  ]);
  expect(all.map(({ first, last }) => [first, last])).toEqual([
    [100, 900],
    [undefined, undefined],
    [0, 5],
    [-5, 0],
  ]);
  expect(Object.keys(all[1] ?? {})).toEqual(["act", "times", "by"]);
});

test("no further kind is kept than there may be, those that are kept count on, and the rest is counted", () => {
  const tally = tallied(
    [
      seen("a 1"),
      seen("b 1"),
      seen("c 1", { times: 7 }),
      seen("a 2", { times: 4 }),
      seen("d 1"),
      seen("c 2", { times: 2 }),
    ],
    { kinds: 2, characters: 1000 },
  );
  expect(tally.all.map(({ act, times }) => [act, times])).toEqual([
    ["a 1", 5],
    ["b 1", 1],
  ]);
  expect(tally.leftOut).toBe(10);
});

test("no more characters are kept than there may be, of texts and of what stands for them, and shorter ones still are", () => {
  // "aa 1" and "aa" are 6 characters.
  const tally = tallied(
    [seen("aa 1"), seen("bb 1"), seen("c 1", { times: 9 }), seen("d"), seen("aa 2"), seen("e")],
    { kinds: 100, characters: 15 },
  );
  expect(tally.all.map(({ act }) => act)).toEqual(["aa 1", "bb 1", "d"]);
  expect(tally.all[0]?.times).toBe(2);
  expect(tally.leftOut).toBe(10);
});

test("exactly as many characters as there may be are kept", () => {
  expect(tallied([seen("aa 1"), seen("bb 1")], { kinds: 9, characters: 12 }).leftOut).toBe(0);
  expect(tallied([seen("aa 1"), seen("bb 1")], { kinds: 9, characters: 11 }).leftOut).toBe(1);
});

test("without bounds of its own fifty thousand kinds are kept and none beyond", () => {
  const tally = new Tally((act) => act);
  for (let at = 0; at < 50_010; at += 1) tally.add(seen(`select ${at}`));
  expect([tally.all.length, tally.leftOut]).toEqual([50_000, 10]);
});

test("without bounds of its own sixty-four million characters are kept and none beyond", () => {
  const tally = new Tally((act) => act);
  const long = "x".repeat(8_000_000);
  for (let at = 0; at < 10; at += 1) tally.add(seen(`${at}${long}`));
  // Each text is longer than eight million characters, and so is what stands for it.
  expect([tally.all.length, tally.leftOut]).toEqual([3, 7]);
});

test("of one kind fifty names are kept, those count on, and all further ones count together", () => {
  const acts = Array.from({ length: 80 }, (_, at) => seen("select 1", { by: `bot-${at}`, times: 2 }));
  const { all } = tallied([...acts, ...acts]);
  const by = new Map(all[0]?.by);
  expect(by.size).toBe(51);
  expect([by.get("bot-0"), by.get("bot-49"), by.get("bot-50"), by.get(OTHERS)]).toEqual([
    4,
    4,
    undefined,
    120,
  ]);
  expect([...by.values()].reduce((sum, each) => sum + each)).toBe(all[0]?.times);
});

test("names of one kind take no room from another's", () => {
  const names = Array.from({ length: 60 }, (_, at) => `bot-${at}`);
  const { all } = tallied([
    ...names.map((by) => seen("select 1", { by })),
    ...names.toReversed().map((by) => seen("update 1", { by })),
  ]);
  expect(all[1]?.by.get("bot-59")).toBe(1);
  expect(all.map(({ by }) => by.get(OTHERS))).toEqual([10, 10]);
});

test.each([9e15, -9e15, Number.NaN])("a time that no date can say (%d) is left out", (at) => {
  const tally = new Tally((act) => act);
  tally.add({ act: "a", by: "app", times: 1, at });
  expect(tally.all).toEqual([{ act: "a", times: 1, by: new Map([["app", 1]]) }]);
});

test("of a name two hundred characters are kept", () => {
  const tally = new Tally((act) => act);
  tally.add({ act: "a", by: "x".repeat(5000), times: 1 });
  expect([...(tally.all[0]?.by.keys() ?? [])]).toEqual(["x".repeat(200)]);
});
