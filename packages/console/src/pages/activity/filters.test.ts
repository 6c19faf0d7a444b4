import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { recordTypes } from "../../../../gateway/src/audit/records.ts";
import {
  countFilters,
  fromLocalInput,
  localInput,
  queryOf,
  readFilters,
  searchOf,
  withFilters,
} from "./filters.ts";
import { kindOf, recordKinds } from "./record-kinds.ts";

const full = {
  principal: "support-bot",
  connection: "orders-db",
  operation: "orders-db/read-orders",
  decision: "deny",
  text: "TICKET-1 refund",
  request: "rq_1",
  grant: "gr_1",
  session: "ses_1",
  types: ["act.denied", "act.intent"],
  from: "2026-01-01T12:00:00.000Z",
  to: "2026-01-02T12:00:00.000Z",
  record: 4711,
} as const;

test("filters go into the page's address and come back", () => {
  expect(readFilters(searchOf(full))).toEqual(full);
  // As a router without JSON in addresses would give them.
  expect(
    readFilters(Object.fromEntries(new URLSearchParams(searchOf(full) as Record<string, string>))),
  ).toEqual(full);
  expect(readFilters({})).toEqual({});
});

test("whatever stands in an address, the filters of it can be asked for and stay the same", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string()),
  );
  const names = [...Object.keys(full), "type", "__proto__", "limit"];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), (search) => {
      const filters = readFilters(search);
      expect(readFilters(searchOf(filters))).toEqual(filters);
      const texts = Object.values(filters).filter((text) => typeof text === "string");
      expect(Math.max(0, ...texts.map((text) => text.length))).toBeLessThanOrEqual(200);
    }),
  );
});

test.each([
  ["a decision of another kind", { decision: "maybe" }],
  ["types that are none", { type: "nothing,more" }],
  ["a time that is none", { from: "yesterday" }],
  ["an empty word", { text: "  " }],
  ["a list", { text: ["x"] }],
  ["a negative record", { record: -1 }],
  ["a record that is no number", { record: "7x" }],
  ["a lone surrogate", { text: "\ud800" }],
])("%s is left out", (_, search) => expect(readFilters(search)).toEqual({}));

test("known types among unknown ones stay", () => {
  expect(readFilters({ type: "act.denied,nothing,act.denied" })).toEqual({ types: ["act.denied"] });
});

test("the gateway is asked as it takes it", () => {
  const { record: _, ...search } = full;
  const { types: __, ...rest } = search;
  expect(queryOf(search)).toEqual({ ...rest, type: "act.denied,act.intent" });
  expect(queryOf({ record: 0 })).toEqual({ before: 1, limit: 1 });
});

test("a change takes away what is empty, and the permalink", () => {
  expect(withFilters(full, { principal: "", types: [], decision: undefined })).toEqual(
    (({ principal: _p, types: _t, decision: _d, record: _r, ...rest }) => rest)(full),
  );
  expect(countFilters(withFilters({}, { text: "x" }))).toBe(1);
});

test("a moment goes through the browser's own control, to the minute", () => {
  const time = "2026-01-01T12:34:00.000Z";
  expect(fromLocalInput(localInput(time))).toBe(time);
  expect(localInput(undefined)).toBe("");
  expect(fromLocalInput("")).toBeUndefined();
});

test("every type of record stands in exactly one kind", () => {
  const listed = recordKinds.flatMap(({ types }) => types);
  expect(listed.toSorted()).toEqual([...recordTypes].toSorted());
});

test("break-glass is one click: a kind of its own", () => {
  expect(kindOf(["break_glass.activated"])?.id).toBe("break-glass");
  expect(kindOf(["act.denied"])).toBeUndefined();
});
