import { describe, expect, it } from "vitest";
import type { PolicyEntry } from "../../kernel/policy-entry.ts";
import type { InventoryEntry } from "../../grants/grants.ts";
import { reachOf } from "./reach.ts";

const entry = (description: string, risk: InventoryEntry["risk"] = "low"): InventoryEntry => ({
  description,
  risk,
  digest: "d",
  scope: [`scope of ${description}`],
});

const inventory = new Map([
  [
    "orders-db",
    new Map([
      ["read-orders", entry("read")],
      ["refund-order", entry("refund", "high")],
      ["drop-all", entry("drop", "high")],
    ]),
  ],
  ["other-db", new Map([["read-orders", entry("other")]])],
]);

function policy(name: string, more: Partial<PolicyEntry> = {}): PolicyEntry {
  return {
    name,
    forbid: false,
    groups: ["support-agents"],
    connection: "orders-db",
    operations: ["read-orders"],
    ttl: { default: 300_000, max: 900_000 },
    ...more,
  };
}

const forbid = (name: string, more: Partial<PolicyEntry>): PolicyEntry => {
  const { ttl: _, ...rest } = policy(name, { forbid: true, ...more });
  return rest;
};

describe("reach", () => {
  it("says which groups can ask for what, for how long, with whose approval and when it was last used", () => {
    const reach = reachOf({
      inventory,
      policies: [
        policy("reads", { groups: ["support-agents", "analysts"] }),
        policy("refunds", {
          operations: ["refund-order"],
          when: 'context.reason like "*TICKET-*"',
          approval: { by: ["support-leads"], count: 2, within: 1_800_000, refusals: 1 },
        }),
        policy("emergencies", { operations: ["refund-order"], groups: ["sre"], breakGlass: true }),
        forbid("not at night", { operations: ["refund-order"], when: "context.hour < 6" }),
      ],
      usage: [
        { connection: "orders-db", grants: 9, acts: 0, denied: 0 },
        { connection: "orders-db", operation: "read-orders", grants: 0, acts: 3, denied: 0, lastAt: 1000 },
        { connection: "other-db", operation: "gone", grants: 0, acts: 3, denied: 0, lastAt: 2000 },
      ],
    });
    expect(reach.groups).toEqual(["analysts", "sre", "support-agents"]);
    expect(reach.operations.map(({ connection, operation }) => `${connection}/${operation}`)).toEqual([
      "orders-db/read-orders",
      "orders-db/refund-order",
      "orders-db/drop-all",
      "other-db/read-orders",
    ]);
    const [read, refund, drop, other] = reach.operations;
    expect(read).toEqual({
      connection: "orders-db",
      operation: "read-orders",
      description: "read",
      risk: "low",
      scope: ["scope of read"],
      last_used_at: "1970-01-01T00:00:01.000Z",
      reachable_by: ["analysts", "support-agents"],
      rules: ["support-agents", "analysts"].map((group) => ({
        group,
        policy: "reads",
        effect: "permit",
        ttl_default_seconds: 300,
        ttl_max_seconds: 900,
        break_glass: false,
      })),
    });
    expect(refund?.rules.map(({ group, effect, break_glass }) => [group, effect, break_glass])).toEqual([
      ["support-agents", "permit", false],
      ["sre", "permit", true],
      ["support-agents", "forbid", false],
    ]);
    expect(refund?.rules[0]).toMatchObject({
      when: 'context.reason like "*TICKET-*"',
      approval: { by: ["support-leads"], count: 2, within_seconds: 1800, refusals: 1 },
    });
    expect(refund?.reachable_by).toEqual(["sre", "support-agents"]);
    expect(refund).not.toHaveProperty("last_used_at");
    // Nobody can reach what no policy names; a policy is about its own connection alone.
    expect(drop).toMatchObject({ rules: [], reachable_by: [] });
    expect(other).toMatchObject({ rules: [], reachable_by: [] });
  });

  it("counts a group out that is forbidden outright, and no other", () => {
    const { operations } = reachOf({
      inventory,
      policies: [
        policy("reads", { groups: ["support-agents", "analysts"] }),
        forbid("never", { groups: ["analysts"] }),
      ],
      usage: [],
    });
    expect(operations[0]?.reachable_by).toEqual(["support-agents"]);
  });

  it("lists policies in shadow apart, and counts nobody in or out for them", () => {
    const { groups, operations } = reachOf({
      inventory,
      policies: [
        policy("reads", {}),
        policy("more reads", { groups: ["analysts"], shadow: true }),
        forbid("never", { shadow: true }),
      ],
      usage: [],
    });
    expect(groups).toEqual(["support-agents"]);
    const [first, second] = operations;
    expect(first?.reachable_by).toEqual(["support-agents"]);
    expect(first?.rules.map(({ policy: name }) => name)).toEqual(["reads"]);
    expect(first?.shadow_rules?.map(({ policy: name, group, effect }) => [name, group, effect])).toEqual([
      ["more reads", "analysts", "permit"],
      ["never", "support-agents", "forbid"],
    ]);
    expect(second).not.toHaveProperty("shadow_rules");
  });

  it("is empty where nothing is configured", () => {
    expect(reachOf({ inventory: new Map(), policies: [], usage: [] })).toEqual({
      groups: [],
      operations: [],
    });
  });

  it("says where a policy asks for closed paths, how lately probed, and where for a sandbox", () => {
    const { operations } = reachOf({
      inventory,
      policies: [
        policy("reads", { closedPaths: 86_400_000 }),
        policy("refunds", { operations: ["refund-order"], sandbox: true }),
      ],
      usage: [],
    });
    expect(operations[0]?.rules).toMatchObject([{ policy: "reads", closed_paths_within_seconds: 86_400 }]);
    expect(operations[0]?.rules[0]).not.toHaveProperty("sandbox");
    expect(operations[1]?.rules).toMatchObject([{ policy: "refunds", sandbox: true }]);
    expect(operations[1]?.rules[0]).not.toHaveProperty("closed_paths_within_seconds");
  });

  it("names the people whom an agent must act for, and takes a forbid by them for a conditional one", () => {
    const reach = reachOf({
      inventory,
      policies: [
        policy("reads", { personGroups: ["sre"] }),
        forbid("not for contractors", { personGroups: ["contractors"] }),
      ],
      usage: [],
    });
    const [operation] = reach.operations;
    expect(operation?.rules.map(({ person_groups }) => person_groups)).toEqual([["sre"], ["contractors"]]);
    expect(operation?.reachable_by).toEqual(["support-agents"]);
    expect(reach.groups).toEqual(["support-agents"]);
  });
});
