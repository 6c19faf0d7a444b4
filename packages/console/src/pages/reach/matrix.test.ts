import type { Reach, ReachOperation, ReachRule } from "@mayfly/sdk/browser";
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { approvalWords } from "./approval-words.ts";
import { answersOf, cellOf, isUnused, matrixOf } from "./matrix.ts";
import { readSearch } from "./search.ts";

const now = Date.UTC(2026, 10, 24);
const day = 86_400_000;
const approval = { by: ["leads"], count: 1, within_seconds: 1800, refusals: 1 };

const rule = (more: Partial<ReachRule> = {}): ReachRule => ({
  group: "agents",
  policy: "p",
  effect: "permit",
  ttl_max_seconds: 900,
  break_glass: false,
  ...more,
});

/** As the gateway has it: permitted by something, and not forbidden outright. */
function operation(name: string, rules: ReachRule[], more: Partial<ReachOperation> = {}): ReachOperation {
  const barred = rules.filter(({ effect, when }) => effect === "forbid" && when === undefined);
  const reachable = rules.filter(
    ({ effect, group }) => effect === "permit" && !barred.some((forbid) => forbid.group === group),
  );
  return {
    connection: "orders-db",
    operation: name,
    description: "Read orders",
    risk: "low",
    scope: ["SELECT on public.orders"],
    rules,
    reachable_by: [...new Set(reachable.map(({ group }) => group))],
    ...more,
  };
}

const forbid = rule({ effect: "forbid", policy: "no" });
const ofContractors: ReachRule = { ...forbid, person_groups: ["contractors"] };

test.each([
  ["nothing", [], { kind: "none", conditional: false }],
  ["another group's permit", [rule({ group: "others" })], { kind: "none" }],
  ["a permit", [rule()], { kind: "open", conditional: false }],
  ["an approval", [rule({ approval })], { kind: "approval" }],
  ["break-glass", [rule({ break_glass: true })], { kind: "break_glass" }],
  ["approval or nobody's", [rule({ approval }), rule()], { kind: "open" }],
  ["break-glass or approval", [rule({ break_glass: true }), rule({ approval })], { kind: "approval" }],
  ["a permit with a condition", [rule({ when: "context.hour > 6" })], { kind: "open", conditional: true }],
  [
    "a permit with one and one without",
    [rule({ when: "x", ttl_max_seconds: 9999 }), rule()],
    { kind: "open", conditional: false },
  ],
  ["a forbid", [rule(), forbid], { kind: "forbidden", best: undefined }],
  [
    "a permit for agents of certain people, and one for all",
    [rule({ person_groups: ["sre"], ttl_max_seconds: 9999 }), rule()],
    { kind: "open", conditional: false },
  ],
  ["a permit for agents of certain people", [rule({ person_groups: ["sre"] })], { conditional: true }],
  ["a forbid for agents of certain people", [rule(), ofContractors], { kind: "open", conditional: true }],
  ["a forbid with a condition", [rule(), { ...forbid, when: "x" }], { kind: "open", conditional: true }],
  ["a forbid with a condition alone", [{ ...forbid, when: "x" }], { kind: "none", conditional: false }],
] as const)("%s gives its cell", (_, rules, cell) => {
  expect(cellOf(operation("a", [...rules]), "agents")).toMatchObject(cell);
});

test("of two permits that ask the same, the longer time decides", () => {
  const { best } = cellOf(
    operation("a", [rule({ ttl_max_seconds: 60 }), rule({ ttl_max_seconds: 600 })]),
    "agents",
  );
  expect(best?.ttl_max_seconds).toBe(600);
});

test("a group gets there by some cell exactly when the gateway lists it", () => {
  const rules = fc.array(
    fc.record({
      group: fc.constantFrom("a", "b"),
      policy: fc.constant("p"),
      effect: fc.constantFrom("permit" as const, "forbid" as const),
      break_glass: fc.boolean(),
      when: fc.constantFrom("x", undefined),
      approval: fc.constantFrom(approval, undefined),
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(rules, (some) => {
      const one = operation("x", some as ReachRule[]);
      for (const group of ["a", "b"]) {
        const { kind } = cellOf(one, group);
        expect(kind !== "none" && kind !== "forbidden").toBe(one.reachable_by.includes(group));
      }
    }),
  );
});

const reach: Reach = {
  groups: ["agents", "leads"],
  operations: [
    operation("read-orders", [rule()], { last_used_at: new Date(now - day).toISOString() }),
    operation("refund-order", [rule({ approval }), rule({ group: "leads", break_glass: true })], {
      risk: "high",
      description: "Set one order's status",
      last_used_at: new Date(now - 31 * day).toISOString(),
    }),
    operation("drop-orders", [rule(), forbid]),
    operation("read-invoice", [], { connection: "billing-api", scope: ["GET /v1/invoices/{id}"] }),
  ],
};

const shown = (filters: Parameters<typeof matrixOf>[1]): readonly string[] =>
  matrixOf(reach, filters, now).connections.flatMap(({ operations }) =>
    operations.map(({ operation: name }) => name),
  );

test.each([
  [{}, ["read-orders", "refund-order", "drop-orders", "read-invoice"]],
  [{ show: "nobody" }, ["drop-orders", "read-invoice"]],
  [{ show: "unused" }, ["refund-order", "drop-orders", "read-invoice"]],
  [{ show: "open" }, ["read-orders"]],
  [{ show: "open", group: "leads" }, []],
  [{ show: "break_glass" }, ["refund-order"]],
  [{ risk: "high" }, ["refund-order"]],
  [{ connection: "billing-api" }, ["read-invoice"]],
  [{ group: "leads" }, ["refund-order"]],
  [{ group: "nobody" }, []],
  [{ text: "ORDERS select" }, ["read-orders", "refund-order", "drop-orders"]],
  [{ text: "/v1/invoices" }, ["read-invoice"]],
  [{ text: "status order's" }, ["refund-order"]],
] as const)("%j shows %j", (filters, names) => expect(shown(filters)).toEqual(names));

test("a group alone is the only column", () => {
  expect(matrixOf(reach, { group: "leads" }, now).groups).toEqual(["leads"]);
  expect(matrixOf(reach, {}, now)).toMatchObject({ groups: ["agents", "leads"], count: 4 });
});

test("each question says how many it finds", () => {
  expect(answersOf(reach, now)).toEqual({ nobody: 2, unused: 3, open: 1, break_glass: 1 });
});

test("never used, or not for 30 days, is unused", () => {
  const used = (at: number): ReachOperation =>
    operation("x", [], { last_used_at: new Date(at).toISOString() });
  expect(isUnused(used(now - 30 * day), now)).toBe(false);
  expect(isUnused(used(now - 30 * day - 1), now)).toBe(true);
  expect(isUnused(operation("x", []), now)).toBe(true);
});

test("an approval is said in words", () => {
  expect(approvalWords(approval)).toEqual(["one approval by leads", "within 30 minutes"]);
  expect(
    approvalWords({
      by: ["a", "b"],
      count: 2,
      within_seconds: 3600,
      escalate: { after_seconds: 600, to: ["sre"] },
      fresh_sign_in_seconds: 300,
      refusals: 2,
    }),
  ).toEqual([
    "2 approvals by a or b",
    "within 1 hour",
    "after 10 minutes also by sre",
    "signed in within 5 minutes before",
    "2 refusals end it",
  ]);
});

test("the page's address is read; what is no filter is left out", () => {
  const search = { text: "x", connection: "c", group: "g", risk: "high", show: "nobody", open: "c/o" };
  expect(readSearch({ ...search, other: 1 })).toEqual(search);
  expect(readSearch({ text: " ", risk: "none", show: 7, group: ["x"], connection: null })).toEqual({});
  expect(readSearch({ text: 42 })).toEqual({ text: "42" });
});
