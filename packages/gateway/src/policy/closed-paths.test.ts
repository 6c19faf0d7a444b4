import { describe, expect, test } from "vitest";
import { closedPathsFit, closedPathsInWords } from "./closed-paths.ts";
import { ask, compiled, entries } from "./testing/samples.ts";
import type { Policies, PolicyEntry } from "./types.ts";

const [read, refund, night] = entries;
const hour = 3_600_000;
const day = 24 * hour;
const { approval } = refund;
const atOnce: PolicyEntry = { ...read, name: "probed, at once", closedPaths: day };
const asked: PolicyEntry = { ...read, name: "a person looks" };
const approved: PolicyEntry = approval === undefined ? asked : { ...asked, approval };

/** The policy that decides about reading orders. @param closedFor milliseconds; left out: nothing is known */
function decided(policies: Policies, closedFor?: number): string | undefined {
  const verdict = policies.decide({
    ...ask("read-orders"),
    ...(closedFor === undefined ? {} : { closedFor }),
  });
  return verdict.decision === "permit" ? verdict.terms.policy : undefined;
}

describe("of two policies, one of which wants the paths closed", () => {
  test.each([
    ["probed a moment ago", 0, atOnce.name],
    ["probed exactly as long ago as it may be", day, atOnce.name],
    ["probed a millisecond earlier", day + 1, approved.name],
    ["never probed", undefined, approved.name],
  ])("%s", (_, closedFor, expected) => {
    expect(decided(compiled([atOnce, approved]), closedFor)).toBe(expected);
    expect(decided(compiled([approved, atOnce]), closedFor)).toBe(expected);
  });

  test("the longer one is taken once its demand is met, and the shorter one before", () => {
    const [short, long] = [
      { default: hour, max: hour },
      { default: hour, max: 2 * hour },
    ] as const;
    const policies = compiled([
      { ...asked, ttl: short },
      { ...atOnce, ttl: long },
    ]);
    expect(decided(policies)).toBe(asked.name);
    expect(decided(policies, day + 1)).toBe(asked.name);
    expect(decided(policies, day)).toBe(atOnce.name);
  });

  test("of two demands the one that is met decides, though it stands behind", () => {
    const strict = { ...atOnce, name: "within an hour", closedPaths: hour };
    const policies = compiled([strict, atOnce]);
    expect(decided(policies, hour)).toBe(strict.name);
    expect(decided(policies, hour + 1)).toBe(atOnce.name);
  });

  test("a lease that is missing weighs as much as a probe that is", () => {
    const policies = compiled([
      { ...atOnce, lease: 5000 },
      { ...atOnce, name: "no lease", closedPaths: day },
    ]);
    expect(decided(policies, hour)).toBe("no lease");
  });
});

test("alone it permits whoever is unprobed: its terms say what is missing", () => {
  const verdict = compiled([atOnce]).decide(ask("read-orders"));
  expect(verdict).toMatchObject({ decision: "permit", terms: { closedPaths: day } });
  expect(compiled([read]).decide(ask("read-orders"))).not.toHaveProperty("terms.closedPaths");
});

test("a probe is no way round a forbid, nor into a group", () => {
  const forbid: PolicyEntry = { ...night, operations: ["read-orders"], when: "context.hour < 24" };
  expect(decided(compiled([atOnce, forbid]), 0)).toBeUndefined();
  expect(decided(compiled([{ ...atOnce, groups: ["sre"] }]), 0)).toBeUndefined();
});

test("terms without the demand take any host", () => {
  expect(closedPathsFit({}, undefined)).toBe(true);
  expect(closedPathsFit({ closedPaths: hour }, undefined)).toBe(false);
  expect(closedPathsFit({ closedPaths: hour }, hour)).toBe(true);
  expect(closedPathsFit({ closedPaths: hour }, hour + 1)).toBe(false);
  expect(closedPathsFit({ closedPaths: hour }, Number.NaN)).toBe(false);
  expect(closedPathsInWords(90 * 60_000)).toBe("its direct paths probed closed within 1h 30m");
});

describe("an outlook", () => {
  test("has the demand in its terms", () => {
    expect(compiled([atOnce]).outlook(ask("read-orders"))).toMatchObject({
      requestable: true,
      terms: { policy: atOnce.name, closedPaths: day },
    });
  });

  test("names a policy that demands nothing first, and the other one beside it", () => {
    const { terms, reasons } = compiled([atOnce, asked]).outlook(ask("read-orders"));
    expect(terms).toMatchObject({ policy: asked.name });
    expect(terms).not.toHaveProperty("closedPaths");
    expect(reasons[1]).toBe(
      "also automatically by policy 'probed, at once' (group support-agents), from a host with its direct paths probed closed within 1d",
    );
  });

  test("names what asks for nothing but a person first, and what goes without them as an alternative", () => {
    const seen = compiled([approved, atOnce]).outlook(ask("read-orders"));
    expect(seen.terms).toMatchObject({ policy: approved.name });
    expect(seen.alternatives).toEqual([
      { terms: expect.objectContaining({ policy: atOnce.name, closedPaths: day }) as object, conditions: [] },
    ]);
  });
});

describe("whether the paths are looked up", () => {
  const about = (policies: Policies) => (connection: string, operations: readonly string[]) =>
    policies.demandsClosedPaths(connection, operations);

  test("only for the connection and the operations of a policy that demands it", () => {
    const demands = about(compiled([atOnce, refund, { ...read, name: "more" }]));
    expect(demands("orders-db", ["read-orders"])).toBe(true);
    expect(demands("orders-db", ["refund-order", "read-orders"])).toBe(true);
    expect(demands("orders-db", ["refund-order"])).toBe(false);
    expect(demands("orders-db", [])).toBe(false);
    expect(demands("billing-api", ["read-orders"])).toBe(false);
    expect(demands("elsewhere", ["read-orders"])).toBe(false);
    expect(demands("__proto__", ["read-orders"])).toBe(false);
  });

  test("not where no policy demands it", () => {
    expect(about(compiled(entries))("orders-db", ["read-orders", "refund-order"])).toBe(false);
    expect(about(compiled([]))("orders-db", ["read-orders"])).toBe(false);
  });

  test("for a policy for emergencies", () => {
    const emergency: PolicyEntry = { ...atOnce, name: "emergency", breakGlass: true };
    expect(about(compiled([read, emergency]))("orders-db", ["read-orders"])).toBe(true);
    expect(about(compiled([read, emergency]))("orders-db", ["refund-order"])).toBe(false);
  });
});

describe("in shadow", () => {
  const policies = compiled([approved, { ...atOnce, shadow: true }]);

  test("the demand is looked up for, and decides nothing", () => {
    expect(policies.demandsClosedPaths("orders-db", ["read-orders"])).toBe(true);
    expect(policies.demandsClosedPaths("orders-db", ["refund-order"])).toBe(false);
    for (const closedFor of [undefined, 0, day + 1]) expect(decided(policies, closedFor)).toBe(approved.name);
  });

  test("what would be follows the probe", () => {
    const would = policies.shadow?.policies ?? compiled([]);
    expect(decided(would, 0)).toBe(atOnce.name);
    expect(decided(would, day + 1)).toBe(approved.name);
    expect(decided(would)).toBe(approved.name);
  });

  test("of others hides no demand that decides", () => {
    const live = compiled([atOnce, { ...refund, shadow: true }]);
    expect(live.demandsClosedPaths("orders-db", ["read-orders"])).toBe(true);
    expect(live.demandsClosedPaths("orders-db", ["refund-order"])).toBe(false);
  });
});
