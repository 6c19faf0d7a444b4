import { describe, expect, test } from "vitest";
import { cedarEngine, type Engine } from "./engine.ts";
import type { PolicyEntry } from "./types.ts";
import { ask, compiled, entries, inventory, readWhen } from "./testing/samples.ts";

const [read, refund, night] = entries;
const minute = 60_000;
const approval = { by: ["support-leads"], count: 1, within: 30 * minute, refusals: 1 };

/** What is known of a request before there is one. */
const listing = {
  context: { reason: "", requested_seconds: 0, hour: 0, weekday: 1, client_address: "0.0.0.0" },
};

describe("what could be requested", () => {
  const policies = compiled(entries);

  test("without a condition: at once", () => {
    expect(policies.outlook(ask("read-orders", listing))).toEqual({
      requestable: true,
      terms: { policy: read.name, defaultTtl: 5 * minute, maxTtl: 15 * minute },
      conditions: [],
      reasons: ["permitted automatically by policy 'support agents read orders' (group support-agents)"],
    });
  });

  test("conditions to be met are given as written, those of a forbid as well", () => {
    expect(policies.outlook(ask("refund-order", listing))).toEqual({
      requestable: true,
      terms: { policy: refund.name, defaultTtl: 10 * minute, maxTtl: 10 * minute, approval },
      conditions: [
        { kind: "if", text: 'context.reason like "*TICKET-*"' },
        { kind: "not while", text: "context.hour < 6" },
      ],
      reasons: ["needs approval under policy 'a refund needs a person' (group support-agents)"],
    });
  });

  test("another group's forbid is nobody else's condition", () => {
    const seen = compiled([read, { ...night, operations: ["read-orders"], groups: ["sre"] }]).outlook(
      ask("read-orders", listing),
    );
    expect(seen).toMatchObject({ requestable: true, conditions: [] });
  });

  test("outside the groups, and without a policy, it is not requestable", () => {
    expect(policies.outlook(ask("read-orders", { principal: { groups: ["sre"] } }))).toEqual({
      requestable: false,
      conditions: [],
      reasons: ["policy 'support agents read orders' is for group support-agents; you are not in it"],
    });
    expect(policies.outlook(ask("refund", { connection: "billing-api" }))).toEqual({
      requestable: false,
      conditions: [],
      reasons: ["no policy allows anyone to request billing-api/refund"],
    });
  });

  test("a forbid without a condition closes it", () => {
    const { when: _when, ...always } = { ...night, operations: ["read-orders"] };
    expect(compiled([read, always]).outlook(ask("read-orders", listing))).toEqual({
      requestable: false,
      conditions: [],
      reasons: ["forbidden by policy 'nobody writes at night' (group support-agents)"],
    });
  });

  test("the address of the listing does not matter, not even a missing one", () => {
    const policy = compiled([readWhen('context.client_address.isInRange(ip("10.0.0.0/8"))')]);
    const seen = policy.outlook(ask("read-orders", { context: { client_address: "" } }));
    expect(seen).toMatchObject({
      requestable: true,
      conditions: [{ kind: "if", text: 'context.client_address.isInRange(ip("10.0.0.0/8"))' }],
    });
  });
});

describe("what is known already is decided already", () => {
  const cases: readonly [
    when: string,
    change: Parameters<typeof ask>[1],
    requestable: boolean,
    conditions: number,
  ][] = [
    ['context.person_groups.contains("finance")', {}, false, 0],
    ['context.person_groups.contains("finance")', { context: { person_groups: ["finance"] } }, true, 0],
    ["context.has_person", {}, false, 0],
    ["context.has_person", { context: { has_person: true } }, true, 0],
    ["principal is Person", {}, false, 0],
    ['principal.groups.contains("sre")', {}, false, 0],
    ['principal.groups.contains("sre")', { principal: { groups: ["support-agents", "sre"] } }, true, 0],
    ["context.has_person && context.hour < 6", {}, false, 0],
    ["context.hour < 6 && context.has_person", {}, false, 0],
    ["context.hour < 6 && context.has_person", { context: { has_person: true } }, true, 1],
    ["context.hour < 6 || context.has_person", {}, true, 1],
    ["{ Value: context.hour }.Value < 6", {}, true, 1],
    ["{ Var: context.reason }.Var == context.reason", {}, true, 1],
    ["context has reason", {}, true, 1],
    ["if context.has_person then context.hour < 6 else false", {}, true, 1],
    ['resource == Operation::"orders-db/refund-order"', {}, false, 0],
  ];
  test.each(cases)("%s with %j: %s, %i conditions", (when, change, requestable, conditions) => {
    const seen = compiled([readWhen(when)]).outlook(ask("read-orders", change));
    expect(seen.requestable).toBe(requestable);
    expect(seen.conditions).toHaveLength(conditions);
  });

  test.each([
    ["context.has_person", true, []],
    ["!context.has_person", false, []],
    ["context.has_person && context.hour < 6", true, []],
    [
      "!context.has_person && context.hour < 6",
      true,
      [{ kind: "not while", text: "!context.has_person && context.hour < 6" }],
    ],
  ])("a forbid while %s: %s", (when, requestable, conditions) => {
    const seen = compiled([read, { ...night, operations: ["read-orders"], when }]).outlook(
      ask("read-orders"),
    );
    expect(seen).toMatchObject({ requestable, conditions });
  });

  test("when it cannot be evaluated, nothing is offered", () => {
    const engine: Engine = {
      ...cedarEngine,
      statefulIsAuthorized: () => {
        throw new Error("memory access out of bounds");
      },
    };
    const seen = compiled([readWhen("!context.has_person")], inventory, engine).outlook(ask("read-orders"));
    expect(seen.requestable).toBe(false);
    const overflow = "9007199254740991 * 9007199254740991 > 0";
    expect(compiled([readWhen(overflow)]).outlook(ask("read-orders"))).toMatchObject({
      requestable: false,
      reasons: [expect.stringContaining("could not be evaluated")],
    });
  });

  test("text that is no Unicode is offered nothing", () => {
    expect(compiled(entries).outlook(ask("read-orders", { principal: { name: "\ud800" } })).requestable).toBe(
      false,
    );
  });
});

describe("of several permits", () => {
  const conditional = {
    ...readWhen("context.hour < 6"),
    name: "conditional",
    ttl: { default: minute, max: 60 * minute },
  };
  const approved = { ...read, name: "approved", approval, ttl: { default: minute, max: 90 * minute } };

  test("no approval comes first, then no condition, then the longer time; the others are named", () => {
    const seen = compiled([approved, conditional, read]).outlook(ask("read-orders"));
    expect(seen.terms?.policy).toBe(read.name);
    expect(seen.conditions).toEqual([]);
    expect(seen.reasons).toEqual([
      "permitted automatically by policy 'support agents read orders' (group support-agents)",
      "also automatically by policy 'conditional' (group support-agents), if `context.hour < 6`",
      "also with approval under policy 'approved' (group support-agents)",
    ]);
    expect(compiled([approved, conditional]).outlook(ask("read-orders"))).toMatchObject({
      terms: { policy: "conditional" },
      conditions: [{ kind: "if", text: "context.hour < 6" }],
    });
  });
});

describe("alternatives to what is offered first", () => {
  const atOnce = { ...read, name: "at once" };
  const asked = { ...read, name: "a person looks", approval };
  const leased = { ...read, name: "leased", lease: 60_000 };
  const sandboxed = { ...leased, name: "sandboxed", sandbox: true as const };
  const probed = { ...read, name: "probed", closedPaths: 60 * minute };
  const night = { ...readWhen("context.hour < 6"), name: "at night" };
  const upTo = (minutes: number) => ({ default: minute, max: minutes * minute });
  const long = upTo(90);
  const names = (...policies: readonly PolicyEntry[]): readonly (string | undefined)[] => {
    const { terms, alternatives = [] } = compiled(policies).outlook(ask("read-orders"));
    return [terms?.policy, ...alternatives.map((way) => way.terms.policy)];
  };

  test.each<[what: string, policies: readonly PolicyEntry[], offered: readonly string[]]>([
    [
      "what asks for more and gives no longer is none",
      [asked, leased, sandboxed, probed, atOnce],
      ["at once"],
    ],
    ["what goes without a person is one", [leased, asked], ["a person looks", "leased"]],
    ["what is longer is one", [{ ...asked, ttl: long }, atOnce], ["at once", "a person looks"]],
    ["what needs no sandbox is one", [{ ...sandboxed, ttl: long }, leased], ["sandboxed", "leased"]],
    ["what has no condition is one", [night, asked], ["at night", "a person looks"]],
    [
      "with fewer people it is one",
      [{ ...asked, name: "two", approval: { ...approval, count: 2 }, ttl: long }, asked],
      ["two", "a person looks"],
    ],
    [
      "with a longer lease it is one",
      [{ ...leased, name: "short", lease: 5000, ttl: long }, leased],
      ["short", "leased"],
    ],
    [
      "with an older probe it is one",
      [{ ...probed, name: "newer", closedPaths: minute, ttl: long }, probed],
      ["newer", "probed"],
    ],
    [
      "of two demands neither is less",
      [leased, { ...probed, ttl: upTo(20) }, asked],
      ["a person looks", "probed", "leased"],
    ],
    [
      "no more than four are named",
      [
        night,
        { ...asked, ttl: upTo(80) },
        { ...leased, name: "both", closedPaths: 60 * minute, ttl: upTo(90) },
        { ...sandboxed, ttl: upTo(85) },
        { ...leased, ttl: upTo(16) },
        probed,
      ],
      ["at night", "a person looks", "both", "sandboxed", "leased"],
    ],
  ])("%s", (_, policies, offered) => {
    expect(names(...policies)).toEqual(offered);
    expect(names(...policies.toReversed())).toEqual(offered);
  });

  test("a second one of the same terms is none", () => {
    expect(names(atOnce, { ...atOnce, name: "again" })).toEqual(["at once"]);
  });

  test("each has its own conditions, and those of every forbid", () => {
    const forbid = { ...entries[2], operations: ["read-orders"], when: "context.hour > 20" };
    expect(compiled([atOnce, { ...night, ttl: long }, forbid]).outlook(ask("read-orders"))).toMatchObject({
      conditions: [{ kind: "not while", text: "context.hour > 20" }],
      alternatives: [
        {
          conditions: [
            { kind: "if", text: "context.hour < 6" },
            { kind: "not while", text: "context.hour > 20" },
          ],
        },
      ],
    });
  });

  test("their policies' reasons say what they demand", () => {
    expect(compiled([asked, sandboxed]).outlook(ask("read-orders")).reasons).toEqual([
      "needs approval under policy 'a person looks' (group support-agents)",
      "also automatically by policy 'sandboxed' (group support-agents), with a lease that the task renews, for a command in a sandbox",
    ]);
  });
});
