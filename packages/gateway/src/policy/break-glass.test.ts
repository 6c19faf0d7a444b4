import { describe, expect, test } from "vitest";
import { breakGlassProblems } from "./break-glass.ts";
import { compilePolicies } from "./compile.ts";
import { explain } from "./explain.ts";
import { formatExplanation } from "./format-explanation.ts";
import { ask, compiled, entries, inventory, supportBot } from "./testing/samples.ts";
import type { PolicyEntry, PolicyProblem } from "./types.ts";

const minute = 60_000;
const [read, refund, night] = entries;
const onCall: PolicyEntry = {
  name: "on call breaks glass",
  forbid: false,
  groups: ["support-agents"],
  connection: "orders-db",
  operations: ["refund-order"],
  ttl: { default: 5 * minute, max: 5 * minute },
  breakGlass: true,
};
const emergency = { context: { break_glass: true } };
const policies = compiled([...entries, onCall]);

describe("breaking glass", () => {
  test("is off by default: no ordinary policy permits it", () => {
    const ordinary = compiled(entries);
    expect(ordinary.decide(ask("refund-order", emergency)).decision).toBe("deny");
    expect(ordinary.decide(ask("read-orders", emergency)).decision).toBe("deny");
    expect(ordinary.outlook(ask("refund-order", emergency)).requestable).toBe(false);
  });

  test("permits when the ask says so, without approval", () => {
    const verdict = policies.decide(ask("refund-order", emergency));
    expect(verdict).toMatchObject({
      decision: "permit",
      terms: { policy: onCall.name, maxTtl: 5 * minute, breakGlass: true },
    });
    expect(verdict.decision === "permit" && verdict.terms.approval).toBeUndefined();
  });

  test("never counts for an ask that does not say so", () => {
    expect(policies.decide(ask("refund-order"))).toMatchObject({ terms: { policy: refund.name } });
    const alone = compiled([onCall]);
    expect(alone.decide(ask("refund-order")).decision).toBe("deny");
    expect(alone.outlook(ask("refund-order")).requestable).toBe(false);
    expect(alone.decide(ask("refund-order", emergency)).decision).toBe("permit");
  });

  test("does not count for another group, nor for another operation", () => {
    const outsider = { principal: { groups: ["elsewhere"] }, ...emergency };
    expect(policies.decide(ask("refund-order", outsider)).decision).toBe("deny");
    expect(policies.decide(ask("read-orders", emergency)).decision).toBe("deny");
  });

  test("is forbidden by what forbids, unless that says otherwise", () => {
    const late = { context: { break_glass: true, hour: 3 } };
    expect(policies.decide(ask("refund-order", late))).toMatchObject({
      decision: "deny",
      forbiddenBy: night.name,
    });
    const lenient = compiled([
      read,
      refund,
      { ...night, when: "context.hour < 6 && !context.break_glass" },
      onCall,
    ]);
    expect(lenient.decide(ask("refund-order", late)).decision).toBe("permit");
    expect(lenient.decide(ask("refund-order", { context: { hour: 3 } })).decision).toBe("deny");
    // What is known while listing is judged: in an emergency nothing forbids it.
    expect(lenient.outlook(ask("refund-order", emergency)).conditions).toEqual([]);
  });

  test("takes a condition of its own, and an error in it denies", () => {
    const ticket = compiled([{ ...onCall, when: 'context.reason like "INC-*"' }]);
    expect(ticket.decide(ask("refund-order", emergency)).decision).toBe("deny");
    const said = { context: { break_glass: true, reason: "INC-9: refunds run twice" } };
    expect(ticket.decide(ask("refund-order", said)).decision).toBe("permit");
  });
});

describe("a policy for breaking glass that could not be kept is refused", () => {
  const problemsOf = (...list: readonly PolicyEntry[]): readonly PolicyProblem[] => {
    const compilation = compilePolicies(list, inventory);
    return compilation.ok ? [] : compilation.problems;
  };
  const { ttl: _, ...endless } = onCall;
  const approval = { by: ["a"], count: 1, within: minute, refusals: 1 };
  const cases: readonly [string, readonly PolicyEntry[], Partial<PolicyProblem>][] = [
    ["no ttl", [endless], { member: "ttl", message: "the policy does not say for how long" }],
    [
      "more than an hour",
      [{ ...onCall, ttl: { default: minute, max: 61 * minute } }],
      { member: "ttl", message: "glass is broken for 1h at most" },
    ],
    [
      "longer than the ordinary way gives",
      [{ ...onCall, ttl: { default: minute, max: 11 * minute } }, refund],
      {
        member: "ttl",
        message: "this is longer than the 10m that an ordinary policy gives for orders-db/refund-order",
        hint: "write 10m or less",
      },
    ],
    [
      "approval",
      [{ ...onCall, approval }],
      { member: "approval", message: "nobody approves breaking glass" },
    ],
    [
      "forbid",
      [{ ...night, breakGlass: true }],
      { member: "breakGlass", message: "a policy that forbids breaks no glass" },
    ],
  ];
  test.each(cases)("%s", (_what, list, expected) => {
    expect(problemsOf(...list)).toMatchObject([{ index: 0, ...expected }]);
  });

  test("another policy for breaking glass is no ordinary way", () => {
    const short = { ...onCall, name: "shorter", ttl: { default: minute, max: minute } };
    expect(problemsOf(onCall, short)).toEqual([]);
  });

  const escalation: readonly [string, NonNullable<PolicyEntry["approval"]>][] = [
    ["escalates to nobody", { ...approval, escalate: { after: 1, to: [] } }],
    ["escalates when it has timed out", { ...approval, escalate: { after: minute, to: ["sre"] } }],
    ["escalates at once", { ...approval, escalate: { after: 0, to: ["sre"] } }],
    ["takes a sign-in of no age", { ...approval, freshSignIn: 0 }],
    ["ends at no refusal", { ...approval, refusals: 0 }],
    ["ends at half a refusal", { ...approval, refusals: 1.5 }],
  ];
  test.each(escalation)("an approval that %s", (_what, bad) => {
    expect(problemsOf({ ...refund, approval: bad })).toMatchObject([{ index: 0, member: "approval" }]);
  });
});

test("mayflyd explain shows what an emergency gives, apart from the rest", () => {
  const described = new Map([
    [
      "orders-db",
      new Map([["refund-order", { description: "Set one order's status", risk: "high" as const }]]),
    ],
  ]);
  const approval = {
    by: ["support-leads"],
    count: 2,
    within: 30 * minute,
    escalate: { after: 10 * minute, to: ["sre"] },
    freshSignIn: 10 * minute,
    refusals: 2,
  };
  const explanation = explain(
    compiled([{ ...refund, approval }, onCall]),
    described,
    supportBot,
    false,
    [],
    0,
  );
  expect(explanation.breakGlass).toMatchObject([
    { connection: "orders-db", operation: "refund-order", terms: { policy: onCall.name } },
  ]);
  const text = formatExplanation(explanation).replaceAll(/\s+/g, " ");
  expect(text).toContain(
    "after 2 approvals by support-leads, within 30m, after 10m by sre as well, " +
      "by reviewers who signed in within the last 10m, ended by 2 refusals",
  );
  expect(text).toContain(
    "May break glass for, in an emergency: at once, and everybody hears of it orders-db/refund-order at most 5m, at once",
  );
});

test("the longest ordinary time is looked up once, not among all policies for each", () => {
  let looks = 0;
  const counted = (entry: PolicyEntry, number: number): PolicyEntry =>
    Object.defineProperty({ ...entry, name: `${entry.name} ${number}` }, "operations", {
      enumerable: true,
      get() {
        looks += 1;
        return entry.operations;
      },
    });
  const all = [refund, onCall].flatMap((entry) => Array.from({ length: 100 }, (_, at) => counted(entry, at)));
  expect(breakGlassProblems(all)).toEqual([]);
  expect(looks).toBeLessThanOrEqual(2 * all.length);
});
