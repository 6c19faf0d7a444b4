import { describe, expect, test } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import { OBSERVE, readObserve, withoutEnding } from "./observe.ts";
import { testProtocol } from "./testing/protocol.ts";

const day = 86_400_000;
const dayIn = (days: number): string => new Date(systemClock.wall() + days * day).toISOString().slice(0, 10);
const widest = { statements: ["select"], tables: {} };
const protocol = { ...testProtocol, observed: () => widest };
const read = (observe: unknown, more: object = {}) =>
  readObserve({ observe, ...more }, protocol, ["connections", "orders-db"]);
const said = (observe: unknown, more: object = {}): readonly string[] =>
  read(observe, more).findings.map(({ path, message, hint }) =>
    [path.slice(2).join("."), message, hint ?? ""].join(" | "),
  );

test("nothing is observed that does not say so", () => {
  expect(readObserve({}, protocol, [])).toEqual({ findings: [] });
});

test("what is observed has one operation of the widest scope, of high risk, until the day's end", () => {
  const until = dayIn(7);
  const { findings, operation } = read({ until });
  expect(findings).toEqual([]);
  expect(operation).toEqual({
    name: OBSERVE,
    description: `Whatever can be recorded, to learn what is needed; until the end of ${until}, UTC`,
    risk: "high",
    scope: widest,
    until: Date.parse(`${until}T00:00:00Z`) + day,
  });
});

test("a day that is over is no error: it only ends", () => {
  expect(read({ until: "2020-02-29" }).operation?.until).toBe(Date.parse("2020-03-01T00:00:00Z"));
});

describe("what is refused", () => {
  test.each([
    ...[true, false, null, dayIn(7)].map((written): [unknown, string] => [
      written,
      "observe | observing needs its last day | write observe: { until: YYYY-MM-DD }, or leave it out",
    ]),
    [{}, "observe.until | until is missing"],
    [
      { until: "2027-02-29" },
      "observe.until | 2027-02-29 is no day | write a day of the calendar: YYYY-MM-DD",
    ],
    [
      { until: "2027-13-01" },
      "observe.until | 2027-13-01 is no day | write a day of the calendar: YYYY-MM-DD",
    ],
    [{ until: "tomorrow" }, "observe.until | this must be a day such as 2027-01-31"],
    [{ until: dayIn(94) }, `observe.until | ${dayIn(94)} is more than 92 days from now`],
    [{ until: dayIn(7), for: "ever" }, "observe.for | for is not known here"],
  ])("%j", (observe, words) => {
    const found = said(observe);
    expect(found).toEqual([expect.stringContaining(words)]);
    expect(read(observe).operation).toBeUndefined();
  });

  test("a quarter is not too long", () => {
    expect(said({ until: dayIn(92) })).toEqual([]);
  });

  test("an operation of its name", () => {
    expect(said({ until: dayIn(7) }, { operations: { observe: {} } })).toEqual([
      "operations.observe | an observed connection has an operation observe already | give this one another name",
    ]);
  });

  test("a connection of which nobody knows the widest scope", () => {
    const { findings } = readObserve({ observe: { until: dayIn(7) } }, testProtocol, []);
    expect(findings.map(({ message }) => message)).toEqual(["postgres connections cannot be observed"]);
  });
});

test("what a connection grants for good is without what ends", () => {
  const operation = { description: "", risk: "low", scope: {}, digest: "" } as const;
  const operations = new Map([
    ["read", { ...operation, name: "read" }],
    [OBSERVE, { ...operation, name: OBSERVE, until: 0 }],
  ]);
  const lasting = withoutEnding({ name: "orders-db", kind: "postgres", target: {}, operations });
  expect([...lasting.operations.keys()]).toEqual(["read"]);
});
