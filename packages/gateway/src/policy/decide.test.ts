import { describe, expect, test } from "vitest";
import { cedarEngine, type Engine } from "./engine.ts";
import { ask, compiled, entries, inventory, readWhen } from "./testing/samples.ts";
import type { PolicyEntry } from "./types.ts";

const [read, refund, night] = entries;
const policies = compiled(entries);
const minute = 60_000;

describe("the sample policies", () => {
  test("reading orders is permitted, by name and group", () => {
    expect(policies.decide(ask("read-orders"))).toEqual({
      decision: "permit",
      terms: { policy: read.name, defaultTtl: 5 * minute, maxTtl: 15 * minute },
      reasons: ["permitted automatically by policy 'support agents read orders' (group support-agents)"],
    });
  });

  test("a refund with a ticket is permitted with approval", () => {
    const verdict = policies.decide(ask("refund-order"));
    expect(verdict).toMatchObject({
      decision: "permit",
      terms: { policy: refund.name, approval: refund.approval },
      // It waits for people: nobody may read that it is permitted already.
      reasons: ["needs approval under policy 'a refund needs a person' (group support-agents)"],
    });
  });

  test("a refund without a ticket is denied, and says what is missing", () => {
    expect(policies.decide(ask("refund-order", { context: { reason: "please" } }))).toEqual({
      decision: "deny",
      reasons: [
        "policy 'a refund needs a person': its condition `context.reason like \"*TICKET-*\"` is not met",
      ],
    });
  });

  test("forbid beats permit", () => {
    expect(policies.decide(ask("refund-order", { context: { hour: 5 } }))).toEqual({
      decision: "deny",
      forbiddenBy: night.name,
      reasons: ["forbidden by policy 'nobody writes at night' because `context.hour < 6`"],
    });
    expect(policies.decide(ask("refund-order", { context: { hour: 6 } })).decision).toBe("permit");
  });

  test("who is in no group is told which groups could", () => {
    const several = compiled([{ ...read, groups: ["sre", "support-leads"] }]);
    expect(several.decide(ask("read-orders"))).toEqual({
      decision: "deny",
      reasons: [
        "policy 'support agents read orders' is for groups sre, support-leads; you are in none of them",
      ],
    });
    expect(policies.decide(ask("read-orders", { principal: { groups: [] } })).reasons).toEqual([
      "policy 'support agents read orders' is for group support-agents; you are not in it",
    ]);
  });

  test.each([
    ["refund", "billing-api"],
    ["foo", "orders-db"],
    ["read-orders", "elsewhere"],
    ["__proto__", "orders-db"],
    ["constructor", "__proto__"],
  ])("nobody may request %s on %s", (operation, connection) => {
    expect(policies.decide(ask(operation, { connection }))).toEqual({
      decision: "deny",
      reasons: [`no policy allows anyone to request ${connection}/${operation}`],
    });
  });

  test("with no policies nothing is permitted", () => {
    expect(compiled([]).decide(ask("read-orders")).decision).toBe("deny");
  });
});

describe("of several permits", () => {
  const named = (name: string, ttl: number, approval?: PolicyEntry["approval"]): PolicyEntry => {
    const entry = { ...read, name, ttl: { default: ttl, max: ttl } };
    return approval === undefined ? entry : { ...entry, approval };
  };
  const by = { by: ["support-leads"], count: 1, within: minute, refusals: 1 };
  const decided = (some: readonly PolicyEntry[], requested_seconds = 0): string | undefined => {
    const verdict = compiled(some).decide(ask("read-orders", { context: { requested_seconds } }));
    return verdict.decision === "permit" ? verdict.terms.policy : undefined;
  };

  test("the one without approval decides", () => {
    expect(decided([named("approved", 60 * minute, by), named("free", minute)])).toBe("free");
  });
  test("then the longer time-to-live", () => {
    expect(decided([named("short", minute), named("long", 2 * minute)])).toBe("long");
  });
  test("then the first in the file", () => {
    expect(decided([named("b", minute), named("a", minute)])).toBe("b");
  });
  test("before all that, the one that covers what is asked for", () => {
    const both = [named("approved", 60 * minute, by), named("free", minute)];
    expect(decided(both, 60)).toBe("free");
    expect(decided(both, 61)).toBe("approved");
    expect(decided(both, 3601)).toBe("free");
  });
  test("a policy on another operation, or for others, does not count", () => {
    const others = [
      { ...named("others", 60 * minute), groups: ["sre"] },
      { ...named("other", 60 * minute), operations: ["refund-order"] },
    ];
    expect(decided([...others, named("mine", minute)])).toBe("mine");
  });
});

describe("names are anybody's text", () => {
  const names = [
    'a"b',
    "a'b",
    "a\nb",
    "a\\",
    "a\u2028b",
    "日本 😀",
    '"]; permit(principal, action, resource); //',
    "*",
    "a/b",
    "__proto__",
    "?principal",
    " ",
  ];
  test.each(names)("%j as group, operation and connection matches itself alone", (name) => {
    const here = compiled(
      [{ ...read, groups: [name], connection: name, operations: [name] }],
      new Map([[name, [name, "x"]]]),
    );
    const mine = { principal: { groups: [name] }, connection: name };
    expect(here.decide(ask(name, mine)).decision).toBe("permit");
    expect(here.decide(ask("x", mine)).decision).toBe("deny");
    for (const other of names.filter((candidate) => candidate !== name)) {
      expect(here.decide(ask(name, { ...mine, principal: { groups: [other] } })).decision).toBe("deny");
    }
  });

  test("a name cannot rewrite a terminal, nor a reason grow without bound", () => {
    const odd = compiled([{ ...read, name: "a\u001b[2J\nb\u202ec" }]);
    expect(odd.decide(ask("read-orders")).reasons).toEqual([
      "permitted automatically by policy 'a\\u{1b}[2J\\u{a}b\\u{202e}c' (group support-agents)",
    ]);
    const groups = Array.from({ length: 300 }, (_, n) => `g${n}`);
    const many = Array.from({ length: 9 }, (_, n) => ({ ...read, name: `p${n}`.repeat(500), groups }));
    const { reasons } = compiled(many).decide(ask("read-orders"));
    expect(reasons).toHaveLength(6);
    expect(reasons[5]).toBe("and 4 more");
    expect(reasons[0]).toContain("g4 and 295 more");
    expect(reasons.join("").length).toBeLessThan(5_000);
  });

  test("one operation's id does not stand for another's", () => {
    const two = new Map([
      ["a/b", ["c"]],
      ["a", ["b/c"]],
    ]);
    const only = compiled([{ ...read, connection: "a/b", operations: ["c"] }], two);
    expect(only.decide(ask("c", { connection: "a/b" })).decision).toBe("permit");
    expect(only.decide(ask("b/c", { connection: "a" })).decision).toBe("deny");
  });
});

describe("what cannot be evaluated denies", () => {
  const overflow = "context.requested_seconds * 9007199254740991 * 9007199254740991 > 0";

  test("a permit that errs does not help, another permit notwithstanding", () => {
    const erring = { ...readWhen(overflow), name: "erring" };
    for (const some of [[erring], [erring, read], [read, erring]]) {
      const verdict = compiled(some).decide(ask("read-orders"));
      expect(verdict.decision).toBe("deny");
      expect(verdict.reasons[0]).toMatch(
        /^policy 'erring' could not be evaluated, so nothing is permitted: .*overflow/u,
      );
    }
  });

  test("a forbid that errs denies", () => {
    const verdict = compiled([
      read,
      { ...night, name: "erring", operations: ["read-orders"], when: overflow },
    ]).decide(ask("read-orders"));
    expect(verdict.decision).toBe("deny");
    expect(verdict.reasons[0]).toContain("could not be evaluated");
  });

  test("an error in a policy for others, or about another operation, disturbs nobody", () => {
    const others = [
      { ...readWhen(overflow), name: "a", groups: ["sre"] },
      { ...readWhen(overflow), name: "b", operations: ["refund-order"] },
    ];
    expect(compiled([read, ...others]).decide(ask("read-orders")).decision).toBe("permit");
  });

  type Answer = ReturnType<Engine["statefulIsAuthorized"]>;
  const broken: readonly [string, () => Answer][] = [
    [
      "throws",
      () => {
        throw new Error("memory access out of bounds");
      },
    ],
    ["refuses", () => ({ type: "failure", errors: [], warnings: [] })],
    ["allows for no reason", () => success("allow", [])],
    ["allows by an unknown policy", () => success("allow", ["p77"])],
    ["allows by a policy and an unknown one", () => success("allow", ["p0", "p77"])],
    ["allows by a forbid", () => success("allow", ["p2"])],
    ["denies by a permit", () => success("deny", ["p0"])],
    ["answers nonsense", () => success("permit" as "allow", ["p0"])],
    ["allows with an error", () => success("allow", ["p0"], "p9")],
  ];
  test.each(broken)("an engine that %s denies", (_, answer) => {
    const engine: Engine = { ...cedarEngine, statefulIsAuthorized: answer };
    const forbid = { ...night, operations: ["read-orders"] };
    const verdict = compiled([read, refund, forbid], inventory, engine).decide(ask("read-orders"));
    expect(verdict.decision).toBe("deny");
    expect(verdict.reasons.length).toBeGreaterThan(0);
  });

  test("an engine that allows by another group's policy denies", () => {
    const engine: Engine = { ...cedarEngine, statefulIsAuthorized: () => success("allow", ["p0", "p1"]) };
    const some = [read, { ...read, name: "others", groups: ["sre"] }];
    expect(compiled(some, inventory, engine).decide(ask("read-orders")).decision).toBe("deny");
  });

  function success(decision: "allow" | "deny", reason: string[], erring?: string): Answer {
    const error = { message: "x", help: null, code: null, url: null, severity: null };
    const errors = erring === undefined ? [] : [{ policyId: erring, error }];
    return { type: "success", response: { decision, diagnostics: { reason, errors } }, warnings: [] };
  }

  const impossible: readonly Parameters<typeof ask>[1][] = [
    { context: { client_address: "" } },
    { context: { client_address: "10.0.0.0/8" } },
    { context: { client_address: "db.internal" } },
    { context: { client_address: "::ffff:10.0.0.256" } },
    { context: { requested_seconds: Number.NaN } },
    { context: { requested_seconds: Number.POSITIVE_INFINITY } },
    { context: { requested_seconds: -1 } },
    { context: { requested_seconds: 2 ** 60 } },
    { context: { hour: Number.NaN } },
    { context: { reason: "\ud800" } },
    { principal: { name: "\udc00" } },
    { principal: { groups: ["support-agents", "\ud800"] } },
  ];
  test.each(impossible)("%j denies", (change) => {
    expect(policies.decide(ask("read-orders", change)).decision).toBe("deny");
  });

  test("two groups that differ only in broken Unicode are not one", () => {
    const broken = compiled([{ ...read, groups: ["\ufffd"] }]);
    expect(broken.decide(ask("read-orders", { principal: { groups: ["\ud800"] } })).decision).toBe("deny");
  });

  test("a flood of broken text wears nothing out", () => {
    for (let n = 0; n < 20_000; n += 1)
      policies.decide(ask("read-orders", { context: { reason: "\ud800" } }));
    expect(policies.decide(ask("read-orders")).decision).toBe("permit");
  });

  test("a long reason is judged whole", () => {
    const reason = `${"*a".repeat(20_000)} TICKET-1`;
    expect(policies.decide(ask("refund-order", { context: { reason } })).decision).toBe("permit");
  });
});
