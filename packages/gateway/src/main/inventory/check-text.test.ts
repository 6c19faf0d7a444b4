import { expect, test } from "vitest";
import { checkText } from "./check-text.ts";
import type { RefusedActs } from "./refusals.ts";

const shown = (act: string): string => act.replaceAll(/\d/gu, "?");

const refusedActs = (rule: string, acts: readonly string[], times = acts.length): RefusedActs => ({
  rule,
  message: `${rule} does not allow it`,
  evidence: { kinds: acts.length, times, by: new Map([["app", times]]), first: 0, last: 0 },
  acts: acts.map((act) => ({ act, times: 1, by: new Map() })),
});

const text = (covered: number, refused: number, all: readonly RefusedActs[] = [], unread = 0): string =>
  checkText("orders-db", "statement", shown, { covered, refused, unread, all });

test.each([
  [0, 0, "orders-db: 0 statements, 0 covered, 0 refused (0.00 %)"],
  [1, 0, "orders-db: 1 statement, 1 covered, 0 refused (0.00 %)"],
  [2, 1, "orders-db: 3 statements, 2 covered, 1 refused (33.33 %)"],
  [0, 1234, "orders-db: 1,234 statements, 0 covered, 1,234 refused (100.00 %)"],
  [1_000_000, 60, "orders-db: 1,000,060 statements, 1,000,000 covered, 60 refused (0.01 %)"],
])("of %d covered and %d refused the share is said", (covered, refused, head) => {
  expect(text(covered, refused)).toBe(head);
});

test("what could not be read is said before the reasons, where there is such", () => {
  expect(
    text(3, 3, [refusedActs("tables", [])], 1234)
      .split("\n")
      .slice(0, 4),
  ).toEqual([
    "orders-db: 6 statements, 3 covered, 3 refused (50.00 %)",
    "1,234 more could not be read: nobody knows what they would come to",
    "",
    "tables",
  ]);
});

test("each reason stands below with its rule, by whom, when, and the acts without their values", () => {
  expect(
    text(3, 6, [
      refusedActs("tables", ["select 1", "update 2", "update 3"]),
      refusedActs("locks", ["lock 3"]),
    ]),
  ).toBe(
    `orders-db: 9 statements, 3 covered, 6 refused (66.67 %)

tables
  tables does not allow it
  seen 3 times by app, 1970-01-01
    update ? (2 times)
    select ? (1 time)

locks
  locks does not allow it
  seen 1 time by app, 1970-01-01
    lock ?`,
  );
});

test("ten acts of a reason are shown, and how often there were others", () => {
  const acts = Array.from("abcdefghijkl", (name) => `select ${name}`);
  const lines = text(0, 15, [refusedActs("tables", acts, 15)]).split("\n");
  expect(lines.filter((line) => line.startsWith("    "))).toEqual([
    ...acts.slice(0, 10).map((act) => `    ${act} (1 time)`),
    "    and others (5 times)",
  ]);
});

test("one act of which no more is kept says that there were others", () => {
  expect(
    text(0, 3, [refusedActs("tables", ["select 1"], 3)])
      .split("\n")
      .slice(-2),
  ).toEqual(["    select ? (1 time)", "    and others (2 times)"]);
});

test("a message forges no line", () => {
  const lines = text(0, 1, [
    { ...refusedActs("body", ["post"]), message: "refused: a\n\norders-db: 1 covered" },
  ]);
  expect(lines.split("\n").filter((line) => line.startsWith("orders-db: 1 covered"))).toEqual([]);
});
