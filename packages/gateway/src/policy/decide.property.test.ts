import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import { ask, compiled, noon } from "./testing/samples.ts";
import type { PolicyEntry } from "./types.ts";

const minute = 60_000;

describe("against a naive evaluator", () => {
  const groups = ["a", "b", "c"];
  const operations = ["read-orders", "refund-order"];
  const conditions = {
    "context.hour < 6": (hour: number) => hour < 6,
    'context.hour >= 6 && context.reason like "*"': (hour: number) => hour >= 6,
    "context.has_person": () => false,
    "!context.has_person": () => true,
    "context.hour == 3 || context.hour == 12": (hour: number) => hour === 3 || hour === 12,
  };
  type Condition = keyof typeof conditions;
  const approval = { by: ["leads"], count: 1, within: minute, refusals: 1 };
  const entry = fc.record({
    forbid: fc.boolean(),
    groups: fc.subarray(groups, { minLength: 1 }),
    // The same names as the principal's: taken for those, they would decide otherwise.
    personGroups: fc.option(fc.subarray(groups, { minLength: 1 }), { nil: undefined }),
    operations: fc.subarray(operations, { minLength: 1 }),
    when: fc.option(fc.constantFrom(...(Object.keys(conditions) as Condition[])), { nil: undefined }),
    max: fc.integer({ min: 1, max: 4 }),
    approved: fc.boolean(),
  });
  const set = fc.array(entry, { maxLength: 7 }).map((some) =>
    some.map(
      (
        { forbid, personGroups, when, max, approved, ...rest },
        index,
      ): PolicyEntry & { when?: Condition } => ({
        name: `policy ${index}`,
        connection: "orders-db",
        forbid,
        ...rest,
        ...(personGroups === undefined ? {} : { personGroups }),
        ...(when === undefined ? {} : { when }),
        ...(forbid ? {} : { ttl: { default: minute, max: max * minute } }),
        ...(forbid || !approved ? {} : { approval }),
      }),
    ),
  );
  const asked = fc.record({
    groups: fc.subarray(groups),
    person_groups: fc.subarray(groups),
    operation: fc.constantFrom(...operations),
    hour: fc.constantFrom(3, 5, 6, 12),
    requested_seconds: fc.constantFrom(0, 60, 61, 180, 500),
  });
  type Asked = {
    groups: string[];
    person_groups: string[];
    operation: string;
    hour: number;
    requested_seconds: number;
  };

  /** The rules of docs/policy.md, as plainly as can be. */
  function naive(some: readonly (PolicyEntry & { when?: Condition })[], what: Asked): string | undefined {
    const holds = some.filter(
      (policy) =>
        policy.operations.includes(what.operation) &&
        policy.groups.some((group) => what.groups.includes(group)) &&
        (policy.personGroups?.some((group) => what.person_groups.includes(group)) ?? true) &&
        (policy.when === undefined || conditions[policy.when](what.hour)),
    );
    if (holds.some(({ forbid }) => forbid)) return undefined;
    const scored = holds.map((policy, index) => {
      const max = policy.ttl?.max ?? 0;
      const covers = max >= what.requested_seconds * 1000 ? 1 : 0;
      const free = policy.approval === undefined ? 1 : 0;
      return { name: policy.name, score: covers * 1e12 + free * 1e10 + max - index };
    });
    return scored.toSorted((a, b) => b.score - a.score)[0]?.name;
  }
  const make = (what: Asked): ReturnType<typeof ask> =>
    ask(what.operation, {
      principal: { groups: what.groups },
      context: {
        ...noon,
        hour: what.hour,
        requested_seconds: what.requested_seconds,
        person_groups: what.person_groups,
      },
    });

  test("both decide alike, and an outlook hides nothing that is permitted", () => {
    fc.assert(
      fc.property(set, asked, (some, what) => {
        const judged = compiled(some);
        const verdict = judged.decide(make(what));
        expect(verdict.decision === "permit" ? verdict.terms.policy : undefined).toBe(naive(some, what));
        const seen = judged.outlook(make(what));
        expect(seen.requestable || verdict.decision === "deny").toBe(true);
        const promised = seen.requestable && seen.conditions.length === 0;
        expect(!promised || verdict.decision === "permit").toBe(true);
        expect(verdict.reasons.length).toBeGreaterThan(0);
        expect(seen.reasons.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  test("the order in the file decides nothing but between equals", () => {
    fc.assert(
      fc.property(set, asked, fc.infiniteStream(fc.nat()), (some, what, keys) => {
        const key = new Map(some.map((policy) => [policy, keys.next().value ?? 0]));
        const shuffled = some.toSorted((a, b) => (key.get(a) ?? 0) - (key.get(b) ?? 0));
        const nameless = (policies: readonly PolicyEntry[]): unknown => {
          const verdict = compiled(policies).decide(make(what));
          return verdict.decision === "permit" ? { ...verdict.terms, policy: "" } : verdict.decision;
        };
        expect(nameless(shuffled)).toEqual(nameless(some));
      }),
      { numRuns: 100 },
    );
  });
});
