import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { compilePolicies } from "../../packages/gateway/src/policy/compile.ts";
import { comparePolicies } from "../../packages/gateway/src/main/diff/policies.ts";
import { isApprovedEasier } from "../../packages/gateway/src/main/diff/terms.ts";
import { closedPathsFit } from "../../packages/gateway/src/policy/closed-paths.ts";
import { leaseFits } from "../../packages/gateway/src/policy/lease.ts";
import type { ApprovalRule, Policies, PolicyEntry } from "../../packages/gateway/src/policy/types.ts";

// Whatever the policies give somebody that they did not give before, `mayflyd diff` says: they are asked themselves, about
// everybody and everything of a small world.

const minute = 60_000;
const inventory = new Map([["db", ["read"]]]);
const conditions = ["context.hour < 6", "context.hour >= 6", "context.has_person"];
const approvals: readonly ApprovalRule[] = [
  { by: ["leads"], count: 1, within: minute, refusals: 1 },
  { by: ["leads"], count: 2, within: minute, refusals: 1 },
  { by: ["interns"], count: 1, within: minute, refusals: 1 },
  { by: ["interns", "leads"], count: 1, within: minute, refusals: 1 },
];
type Unnamed = Omit<PolicyEntry, "name">;
const entry = fc
  .record({
    kind: fc.constantFrom("permit", "permit", "permit", "permit", "forbid", "emergency"),
    groups: fc.subarray(["a", "b"], { minLength: 1 }),
    personGroups: fc.option(fc.subarray(["a", "p"], { minLength: 1 }), { nil: undefined, freq: 5 }),
    when: fc.option(fc.constantFrom(...conditions), { nil: undefined, freq: 3 }),
    max: fc.constantFrom(1, 2, 3),
    approval: fc.option(fc.constantFrom(...approvals), { nil: undefined, freq: 6 }),
    lease: fc.option(fc.constantFrom(2000, 4000), { nil: undefined, freq: 4 }),
    closedPaths: fc.option(fc.constantFrom(minute, 2 * minute), { nil: undefined, freq: 3 }),
  })
  .map(({ kind, groups, personGroups, when, max, approval, lease, closedPaths }): Unnamed => ({
    forbid: kind === "forbid",
    groups,
    connection: "db",
    operations: ["read"],
    ...(personGroups === undefined ? {} : { personGroups }),
    ...(when === undefined ? {} : { when }),
    ...(kind === "forbid"
      ? {}
      : { ttl: { default: minute, max: kind === "emergency" ? minute : max * minute } }),
    ...(kind === "permit" && approval !== undefined ? { approval } : {}),
    ...(kind !== "forbid" && lease !== undefined ? { lease } : {}),
    ...(kind !== "forbid" && closedPaths !== undefined ? { closedPaths } : {}),
    ...(kind === "emergency" ? { breakGlass: true } : {}),
  }));

interface Ask {
  readonly minutes: number;
  readonly lease: number | undefined;
  readonly closedFor: number | undefined;
}
interface Given extends Ask {
  readonly approval: ApprovalRule | undefined;
}

/** Asks that policies can tell apart: those with a lease and a probe that one of them names, and without. */
function asksFor(entries: readonly PolicyEntry[]): readonly Ask[] {
  const leases = new Set([undefined, ...entries.map(({ lease }) => lease)]);
  const ages = new Set([undefined, ...entries.map(({ closedPaths }) => closedPaths)]);
  return [1, 2, 3].flatMap((minutes) =>
    [...leases].flatMap((lease) => [...ages].map((closedFor) => ({ minutes, lease, closedFor }))),
  );
}
const askers = [["a"], ["b"], ["a", "b"]].flatMap((groups) =>
  [undefined, ["a"], ["p"]].flatMap((person) =>
    [3, 12].flatMap((hour) => [false, true].map((emergency) => ({ groups, person, hour, emergency }))),
  ),
);

/** What one asker may have, by what they ask for. */
function givenBy(
  policies: Policies,
  { groups, person, hour, emergency }: (typeof askers)[number],
  asks: readonly Ask[],
): readonly Given[] {
  return asks.flatMap(({ minutes, lease, closedFor }) => {
    const verdict = policies.decide({
      principal: { kind: "agent", issuer: "i", subject: "s", client: "c", name: "n", groups },
      connection: "db",
      operation: "read",
      ...(lease === undefined ? {} : { lease }),
      ...(closedFor === undefined ? {} : { closedFor }),
      context: {
        reason: "r",
        requested_seconds: minutes * 60,
        hour,
        weekday: 1,
        client_address: "10.0.0.1",
        has_person: person !== undefined,
        person_groups: person ?? [],
        break_glass: emergency,
      },
    });
    if (verdict.decision === "deny") return [];
    const { maxTtl, approval } = verdict.terms;
    const fits = leaseFits(verdict.terms, lease) && closedPathsFit(verdict.terms, closedFor);
    return maxTtl >= minutes * minute && fits ? [{ minutes, lease, closedFor, approval }] : [];
  });
}

/** Whether somebody who had the first of these could have done without the second. */
const isAsGood = (had: Given, given: Given): boolean =>
  had.minutes >= given.minutes &&
  (had.lease ?? Infinity) >= (given.lease ?? Infinity) &&
  (had.closedFor ?? Infinity) >= (given.closedFor ?? Infinity) &&
  !isApprovedEasier(had.approval, given.approval);

function compiled(entries: readonly PolicyEntry[]): Policies | undefined {
  const compilation = compilePolicies(entries, inventory);
  return compilation.ok ? compilation.policies : undefined;
}

/** What becomes of a policy: it stays, becomes another one, or has that one's demand of a probe. */
function changed(one: Unnamed, other: Unnamed, what: "keep" | "other" | "probe"): Unnamed {
  if (what !== "probe" || one.forbid) return what === "other" ? other : one;
  const { closedPaths: _, ...rest } = one;
  return other.closedPaths === undefined ? rest : { ...rest, closedPaths: other.closedPaths };
}

test("whatever policies give more, diff says", () => {
  const choice = fc.constantFrom("keep", "keep", "keep", "drop", "other", "probe");
  const slots = fc.array(fc.tuple(entry, entry, choice), { minLength: 1, maxLength: 4 });
  let wider = 0;
  fc.assert(
    fc.property(slots, fc.boolean(), (chosen, isTurned) => {
      const before = chosen.map(([one], index): PolicyEntry => ({ ...one, name: `policy ${index}` }));
      const kept = chosen.flatMap(([one, other, what], index): PolicyEntry[] =>
        what === "drop" ? [] : [{ ...changed(one, other, what), name: `policy ${index}` }],
      );
      const after = isTurned ? kept.toReversed() : kept;
      const [was, is] = [compiled(before), compiled(after)];
      fc.pre(was !== undefined && is !== undefined);
      const asks = asksFor([...before, ...after]);
      const gained = askers.flatMap((asker) => {
        const had = givenBy(was, asker, asks);
        return givenBy(is, asker, asks)
          .filter((given) => !had.some((each) => isAsGood(each, given)))
          .map((given) => ({ asker, given }));
      });
      const kinds = comparePolicies("db/read", before, after).map(({ kind }) => kind);
      if (gained.length === 0) return;
      wider += 1;
      if (!kinds.includes("wider") && !kinds.includes("unclear"))
        throw new Error(`not seen: ${JSON.stringify(gained[0])}`);
    }),
    { numRuns: 100 },
  );
  expect(wider).toBeGreaterThan(15);
});
