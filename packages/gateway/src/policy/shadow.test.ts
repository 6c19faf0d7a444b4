import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import { compilePolicies } from "./compile.ts";
import { explain, type Described } from "./explain.ts";
import { formatExplanation } from "./format-explanation.ts";
import { ask, compiled, entries, inventory, supportBot } from "./testing/samples.ts";
import type { Policies, PolicyEntry } from "./types.ts";

const [read, refund, night] = entries;
const inShadow = (entry: PolicyEntry): PolicyEntry => ({ ...entry, shadow: true });

describe("a policy in shadow decides nothing", () => {
  test("a permit", () => {
    const policies = compiled([inShadow(read)]);
    expect(policies.decide(ask("read-orders")).decision).toBe("deny");
    expect(policies.outlook(ask("read-orders")).requestable).toBe(false);
    expect(policies.shadow?.policies.decide(ask("read-orders")).decision).toBe("permit");
  });

  test("a forbid", () => {
    const forbid: PolicyEntry = { ...night, operations: ["read-orders"], when: "context.hour < 24" };
    const policies = compiled([read, inShadow(forbid)]);
    expect(policies.decide(ask("read-orders")).decision).toBe("permit");
    expect(policies.shadow?.policies.decide(ask("read-orders")).decision).toBe("deny");
  });

  test("a permit that asks less", () => {
    const { approval: _, ...open } = { ...refund, name: "open" };
    const policies = compiled([refund, inShadow(open)]);
    const termsOf = (one: Policies | undefined) => {
      const verdict = one?.decide(ask("refund-order"));
      return verdict?.decision === "permit" ? verdict.terms.policy : verdict;
    };
    expect(termsOf(policies)).toBe(refund.name);
    expect(termsOf(policies.shadow?.policies)).toBe("open");
  });

  test("approvers", () => {
    const another = {
      ...refund,
      name: "by sre",
      approval: { by: ["sre"], count: 1, within: 1, refusals: 1 },
    };
    const policies = compiled([refund, inShadow(another)]);
    expect(policies.approvers("orders-db", ["refund-order"])).toEqual(["support-leads"]);
    expect(policies.shadow?.policies.approvers("orders-db", ["refund-order"])).toEqual([
      "support-leads",
      "sre",
    ]);
  });

  test("whatever the others are", () => {
    const flags = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
    const all: readonly PolicyEntry[] = [
      read,
      { ...read, name: "longer", ttl: { default: 1000, max: 2_000_000 }, groups: ["sre"] },
      { ...night, operations: ["read-orders", "refund-order"] },
      refund,
    ];
    const asks = ["read-orders", "refund-order"].flatMap((operation) =>
      [3, 12].flatMap((hour) =>
        [["support-agents"], ["sre"], ["sre", "support-agents"]].map((groups) =>
          ask(operation, { context: { hour }, principal: { groups } }),
        ),
      ),
    );
    fc.assert(
      fc.property(flags, (shadows) => {
        const policies = compiled(all.map((entry, index) => ({ ...entry, shadow: shadows[index] === true })));
        const without = compiled(all.filter((_, index) => shadows[index] !== true));
        const live = compiled(all);
        for (const each of asks) {
          expect(policies.decide(each)).toEqual(without.decide(each));
          expect(policies.outlook(each)).toEqual(without.outlook(each));
          expect((policies.shadow?.policies ?? policies).decide(each)).toEqual(live.decide(each));
        }
      }),
      { numRuns: 16 },
    );
  });
});

test("it is about its own operations alone", () => {
  const { shadow } = compiled([read, inShadow(refund)]);
  expect(shadow?.isAbout("orders-db", ["read-orders"])).toBe(false);
  expect(shadow?.isAbout("billing-api", ["refund-order"])).toBe(false);
  expect(shadow?.isAbout("orders-db", ["read-orders", "refund-order"])).toBe(true);
  expect(compiled([read])).not.toHaveProperty("shadow");
});

test("it is checked as if it decided", () => {
  const wrong = compilePolicies([inShadow({ ...read, when: "context.hours < 6" })], inventory);
  expect(wrong).toMatchObject({ ok: false, problems: [{ index: 0, member: "when" }] });
});

test("glass is broken for no longer because of it", () => {
  const minutes = (count: number) => ({ default: count * 60_000, max: count * 60_000 });
  const broken: PolicyEntry = { ...read, name: "emergency", breakGlass: true, ttl: minutes(30) };
  const longer: PolicyEntry = { ...read, name: "longer", ttl: minutes(60) };
  expect(compilePolicies([read, longer, broken], inventory).ok).toBe(true);
  expect(compilePolicies([read, inShadow(longer), broken], inventory)).toMatchObject({
    ok: false,
    problems: [{ index: 2, member: "ttl" }],
  });
});

test("explain says what would be, apart from what is", () => {
  const described = new Map([
    [
      "orders-db",
      new Map<string, Described>([
        ["read-orders", { description: "", risk: "low" }],
        ["refund-order", { description: "", risk: "low" }],
      ]),
    ],
  ]);
  const policies = compiled([inShadow(read), refund]);
  const text = formatExplanation(explain(policies, described, supportBot, false, [], 0));
  expect(text.slice(text.indexOf("May request"))).toBe(`May request
  orders-db/refund-order  at most 10m, after one approval by support-leads, within 30m
    if context.reason like "*TICKET-*"
    needs approval under policy 'a refund needs a person' (group support-agents)

May not request
  orders-db/read-orders
    no policy allows anyone to request orders-db/read-orders

If the policies in shadow decided, which they do not

May request
  orders-db/read-orders  for 5m, at most 15m, at once
    permitted automatically by policy 'support agents read orders' (group support-agents)
`);
});
