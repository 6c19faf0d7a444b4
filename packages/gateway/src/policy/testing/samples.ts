import { compilePolicies } from "../compile.ts";
import type { Policies, PolicyAsk, PolicyContext, PolicyEntry } from "../types.ts";

const minute = 60_000;

/** One policy that permits at once, one that asks for an approval, one that forbids. */
export const entries: readonly [PolicyEntry, PolicyEntry, PolicyEntry] = [
  {
    name: "support agents read orders",
    forbid: false,
    groups: ["support-agents"],
    connection: "orders-db",
    operations: ["read-orders"],
    ttl: { default: 5 * minute, max: 15 * minute },
  },
  {
    name: "a refund needs a person",
    forbid: false,
    groups: ["support-agents"],
    connection: "orders-db",
    operations: ["refund-order"],
    ttl: { default: 10 * minute, max: 10 * minute },
    when: 'context.reason like "*TICKET-*"',
    approval: { by: ["support-leads"], count: 1, within: 30 * minute, refusals: 1 },
  },
  {
    name: "nobody writes at night",
    forbid: true,
    groups: ["support-agents"],
    connection: "orders-db",
    operations: ["refund-order"],
    when: "context.hour < 6",
  },
];

export const inventory: ReadonlyMap<string, readonly string[]> = new Map([
  ["orders-db", ["read-orders", "refund-order"]],
  ["billing-api", ["read-invoice", "refund"]],
]);

export const noon: PolicyContext = {
  reason: "TICKET-7: customer paid twice",
  requested_seconds: 300,
  hour: 12,
  weekday: 2,
  client_address: "10.1.2.3",
  has_person: false,
  person_groups: [],
  break_glass: false,
};

export const supportBot: PolicyAsk["principal"] = {
  kind: "agent",
  issuer: "https://example.okta.com/oauth2/aus4x2kq",
  subject: "0oa1b2c3d4",
  client: "0oa1b2c3d4",
  name: "support-bot",
  groups: ["support-agents"],
};

/** An ask of the support bot's at noon, for reading orders, changed as said. */
export function ask(
  operation: string,
  change: {
    readonly principal?: Partial<PolicyAsk["principal"]>;
    readonly context?: Partial<PolicyContext>;
    readonly connection?: string;
  } = {},
): PolicyAsk {
  return {
    principal: { ...supportBot, ...change.principal },
    connection: change.connection ?? "orders-db",
    operation,
    context: { ...noon, ...change.context },
  };
}

/** Compiles policies that must be valid. @throws Error with the problems when they are not */
export function compiled(
  policies: readonly PolicyEntry[],
  operations: ReadonlyMap<string, readonly string[]> = inventory,
  engine?: Parameters<typeof compilePolicies>[2],
): Policies {
  const compilation = compilePolicies(policies, operations, engine);
  if (compilation.ok) return compilation.policies;
  throw new Error(JSON.stringify(compilation.problems));
}

/** A permit for reading orders, with a condition. */
export function readWhen(when: string): PolicyEntry {
  return { ...entries[0], when };
}
