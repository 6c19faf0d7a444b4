import { expect, test } from "vitest";
import { counted, countOf, daysOf, evidenceWords } from "./words.ts";

const at = (day: string): number => Date.parse(`${day}T23:59:59.999Z`);
const words = (by: Readonly<Record<string, number>>, times = 12): string =>
  evidenceWords({ kinds: 1, times, by: new Map(Object.entries(by)) });

test.each([
  [0, "0", "0 statements"],
  [1, "1", "1 statement"],
  [2, "2", "2 statements"],
  [1_204_331, "1,204,331", "1,204,331 statements"],
])("%d is written %s, and with what it counts %s", (count, alone, withWhat) => {
  expect([counted(count), countOf(count, "statement")]).toEqual([alone, withWhat]);
});

test("days are those of UTC, one where it is one, and none where nobody said", () => {
  expect(daysOf({ first: at("2026-11-01"), last: at("2026-11-30") })).toBe("2026-11-01 to 2026-11-30");
  expect(daysOf({ first: at("2026-11-01") - 80_000_000, last: at("2026-11-01") })).toBe("2026-11-01");
  expect(daysOf({ first: 0, last: 0 })).toBe("1970-01-01");
  expect([daysOf({}), daysOf({ first: 1 }), daysOf({ last: 1 })]).toEqual(["", "", ""]);
});

test("evidence says how often alone where neither who nor when is known", () => {
  expect(words({})).toBe("seen 12 times");
  expect(words({ "": 12 })).toBe("seen 12 times");
  expect(words({}, 1)).toBe("seen 1 time");
});

test("the only one who did it is named without a count", () => {
  expect(words({ app: 12 })).toBe("seen 12 times by app");
});

test("of several each has a count, whoever did it most often first", () => {
  expect(words({ bot: 2, app: 1000 }, 1002)).toBe("seen 1,002 times by app (1,000), bot (2)");
});

test("four are named, and how many more there are is said", () => {
  const by = { a: 1, b: 2, c: 3, d: 4 };
  expect(words(by, 10)).toBe("seen 10 times by d (4), c (3), b (2), a (1)");
  expect(words({ ...by, e: 5, f: 6 }, 21)).toBe("seen 21 times by f (6), e (5), d (4), c (3) and 2 more");
});

test("whoever has no name is not among those who are named", () => {
  expect(words({ "": 7, b: 2, a: 3 })).toBe("seen 12 times by a (3), b (2)");
});

test("evidence says when behind who", () => {
  const when = { first: at("2026-11-01"), last: at("2026-11-02") };
  expect(evidenceWords({ kinds: 1, times: 2, by: new Map([["app", 2]]), ...when })).toBe(
    "seen 2 times by app, 2026-11-01 to 2026-11-02",
  );
  expect(evidenceWords({ kinds: 1, times: 2, by: new Map(), ...when })).toBe(
    "seen 2 times, 2026-11-01 to 2026-11-02",
  );
});

test("the only one who is named did not do what nobody named did", () => {
  const by = new Map([
    ["", 10],
    ["app", 2],
  ]);
  expect(evidenceWords({ kinds: 1, times: 12, by })).not.toBe("seen 12 times by app");
});
