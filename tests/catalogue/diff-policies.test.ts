import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { compilePolicies } from "../../packages/gateway/src/policy/compile.ts";
import { comparePolicies } from "../../packages/gateway/src/main/diff/policies.ts";
import { isApprovedEasier } from "../../packages/gateway/src/main/diff/terms.ts";
import { closedPathsFit } from "../../packages/gateway/src/policy/closed-paths.ts";
import { leaseFits } from "../../packages/gateway/src/policy/lease.ts";
import { sandboxFits } from "../../packages/gateway/src/policy/sandbox.ts";
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
    sandbox: fc.option(fc.constant(true as const), { nil: undefined, freq: 2 }),
  })
  .map(({ kind, groups, personGroups, when, max, approval, lease, closedPaths, sandbox }): Unnamed => ({
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
    // It brings a lease, as the configuration reads it.
    ...(kind !== "forbid" && sandbox !== undefined ? { sandbox, lease: lease ?? 4000 } : {}),
    ...(kind === "emergency" ? { breakGlass: true } : {}),
  }));

interface Ask {
  readonly minutes: number;
  readonly lease: number | undefined;
  readonly closedFor: number | undefined;
  readonly sandbox: true | undefined;
}
interface Given extends Ask {
  readonly approval: ApprovalRule | undefined;
}

/** Asks that policies can tell apart: those with a lease, a probe and a sandbox that one of them names, and without. */
function asksFor(entries: readonly PolicyEntry[]): readonly Ask[] {
  const leases = new Set([undefined, ...entries.map(({ lease }) => lease)]);
  const ages = new Set([undefined, ...entries.map(({ closedPaths }) => closedPaths)]);
  const boxes = new Set([undefined, ...entries.map(({ sandbox }) => sandbox)]);
  return [1, 2, 3].flatMap((minutes) =>
    [...leases].flatMap((lease) =>
      [...ages].flatMap((closedFor) =>
        // A sandbox brings a lease: without one, it is an ask as any other.
        (lease === undefined ? [undefined] : [...boxes]).map((sandbox) => ({
          minutes,
          lease,
          closedFor,
          sandbox,
        })),
      ),
    ),
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
  return asks.flatMap((ask) => {
    const { minutes, lease, closedFor, sandbox } = ask;
    const verdict = policies.decide({
      principal: { kind: "agent", issuer: "i", subject: "s", client: "c", name: "n", groups },
      connection: "db",
      operation: "read",
      ...(lease === undefined ? {} : { lease }),
      ...(closedFor === undefined ? {} : { closedFor }),
      ...(sandbox === undefined ? {} : { sandbox }),
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
    const { terms } = verdict;
    const fits = leaseFits(terms, lease) && closedPathsFit(terms, closedFor) && sandboxFits(terms, sandbox);
    return maxTtl >= minutes * minute && fits ? [{ ...ask, approval }] : [];
  });
}

/** Whether somebody who had the first of these could have done without the second. */
const isAsGood = (had: Given, given: Given): boolean =>
  had.minutes >= given.minutes &&
  (had.lease ?? Infinity) >= (given.lease ?? Infinity) &&
  (had.closedFor ?? Infinity) >= (given.closedFor ?? Infinity) &&
  (had.sandbox === undefined || given.sandbox === true) &&
  !isApprovedEasier(had.approval, given.approval);

function compiled(entries: readonly PolicyEntry[]): Policies | undefined {
  const compilation = compilePolicies(entries, inventory);
  return compilation.ok ? compilation.policies : undefined;
}

/** What becomes of a policy: it stays, becomes another one, or has that one's demand of a probe or of a sandbox. */
function changed(one: Unnamed, other: Unnamed, what: "keep" | "other" | "probe" | "sandbox"): Unnamed {
  if (what === "keep" || what === "other" || one.forbid) return what === "other" ? other : one;
  if (what === "sandbox") {
    const { sandbox: __, ...open } = one;
    return other.sandbox === undefined ? open : { ...open, sandbox: true, lease: one.lease ?? 4000 };
  }
  const { closedPaths: _, ...rest } = one;
  return other.closedPaths === undefined ? rest : { ...rest, closedPaths: other.closedPaths };
}

/** What asking under the second policies gives somebody that the first did not. */
function gained(before: readonly PolicyEntry[], after: readonly PolicyEntry[]): object | undefined {
  const [was, is] = [compiled(before), compiled(after)];
  if (was === undefined || is === undefined) throw new Error("the policies do not compile");
  const asks = asksFor([...before, ...after]);
  for (const asker of askers) {
    const had = givenBy(was, asker, asks);
    const given = givenBy(is, asker, asks).find((each) => !had.some((one) => isAsGood(one, each)));
    if (given !== undefined) return { asker, given };
  }
  return undefined;
}

const plain: PolicyEntry = {
  name: "plain",
  forbid: false,
  groups: ["a"],
  connection: "db",
  operations: ["read"],
  ttl: { default: minute, max: minute },
};
const boxed: PolicyEntry = { ...plain, sandbox: true, lease: 4000 };
const forbidden: PolicyEntry = {
  name: "never",
  forbid: true,
  groups: ["a", "b"],
  connection: "db",
  operations: ["read"],
};
// The property below says nothing unless asking finds what changes like these give.
test.each<[what: string, before: PolicyEntry, after: PolicyEntry]>([
  ["a longer time", plain, { ...plain, ttl: { default: minute, max: 2 * minute } }],
  ["another group", plain, { ...plain, groups: ["a", "b"] }],
  ["no approval", { ...plain, approval: approvals[0]! }, plain],
  ["fewer approvals", { ...plain, approval: approvals[1]! }, { ...plain, approval: approvals[0]! }],
  ["no condition", { ...plain, when: "context.hour < 6" }, plain],
  ["no lease", { ...plain, lease: 4000 }, plain],
  ["a longer lease", { ...plain, lease: 2000 }, { ...plain, lease: 4000 }],
  ["no probe", { ...plain, closedPaths: minute }, plain],
  ["an older probe", { ...plain, closedPaths: minute }, { ...plain, closedPaths: 2 * minute }],
  ["no sandbox", boxed, { ...plain, lease: 4000 }],
])("the oracle sees what %s gives", (_, before, after) => {
  expect(gained([before], [after])).toBeDefined();
  expect(gained([after], [before])).toBeUndefined();
  expect(gained([before, forbidden], [after, forbidden])).toBeUndefined();
});

test("whatever policies give more, diff says", () => {
  const choice = fc.constantFrom("keep", "keep", "keep", "drop", "other", "probe", "sandbox");
  const slots = fc.array(fc.tuple(entry, entry, choice), { minLength: 1, maxLength: 4 });
  let said = 0;
  fc.assert(
    fc.property(slots, fc.boolean(), (chosen, isTurned) => {
      const before = chosen.map(([one], index): PolicyEntry => ({ ...one, name: `policy ${index}` }));
      const kept = chosen.flatMap(([one, other, what], index): PolicyEntry[] =>
        what === "drop" ? [] : [{ ...changed(one, other, what), name: `policy ${index}` }],
      );
      const after = isTurned ? kept.toReversed() : kept;
      fc.pre(compiled(before) !== undefined && compiled(after) !== undefined);
      const kinds = comparePolicies("db/read", before, after).map(({ kind }) => kind);
      if (kinds.includes("wider") || kinds.includes("unclear")) {
        said += 1;
        return;
      }
      // Said to be no wider: then nobody may have gained anything.
      const unseen = gained(before, after);
      if (unseen !== undefined) throw new Error(`not seen: ${JSON.stringify(unseen)}`);
    }),
    { numRuns: 100 },
  );
  expect(said).toBeLessThan(80);
});
