import * as z from "zod";
import type { Usage } from "../audit/index-port.ts";
import type { PolicyConfiguration } from "../configuration/types.ts";
import type { GrantRules } from "../grants/grants.ts";
import { component } from "./components.ts";
import { endpoint } from "./endpoint.ts";
import { approvalRuleSchema, timeOf, timeSchema } from "./schemas.ts";
import { approvalRuleView } from "./views.ts";

/** How far back the last use of an operation is looked for, milliseconds. */
const lookBack = 366 * 86_400_000;

const ruleSchema = component(
  "ReachRule",
  z.object({
    group: z.string(),
    policy: z.string(),
    effect: z.enum(["permit", "forbid"]),
    ttl_default_seconds: z.number().optional(),
    ttl_max_seconds: z.number().optional(),
    approval: approvalRuleSchema.optional(),
    when: z.string().optional().meta({ description: "The condition, as the policy has it" }),
    break_glass: z.boolean(),
  }),
);

const reachableSchema = component(
  "ReachOperation",
  z.object({
    connection: z.string(),
    operation: z.string(),
    description: z.string(),
    risk: z.enum(["low", "medium", "high"]),
    scope: z.array(z.string()).meta({ description: "What it covers, in words, a line a fact" }),
    last_used_at: timeSchema
      .optional()
      .meta({ description: "When an act under it was last permitted; absent: not within a year" }),
    rules: z.array(ruleSchema).meta({ description: "One a policy and group; a forbid beats every permit" }),
    reachable_by: z.array(z.string()).meta({
      description: "Groups that a policy permits and none forbids outright; empty: nobody can reach it",
    }),
  }),
);

const reachSchema = component(
  "Reach",
  z.object({
    groups: z.array(z.string()).meta({ description: "Every group that a policy names" }),
    operations: z.array(reachableSchema),
  }),
);

/** What reach is worked out from. */
export interface ReachFacts {
  readonly inventory: GrantRules["inventory"];
  readonly policies: readonly PolicyConfiguration[];
  readonly usage: readonly Usage[];
}

type Rule = z.input<typeof ruleSchema>;

/** One policy as it concerns one group. */
function ruleOf(policy: PolicyConfiguration, group: string): Rule {
  return {
    group,
    policy: policy.name,
    effect: policy.forbid ? "forbid" : "permit",
    ...(policy.ttl === undefined
      ? {}
      : { ttl_default_seconds: policy.ttl.default / 1000, ttl_max_seconds: policy.ttl.max / 1000 }),
    ...(policy.approval === undefined ? {} : { approval: approvalRuleView(policy.approval) }),
    ...(policy.when === undefined ? {} : { when: policy.when }),
    break_glass: policy.breakGlass === true,
  };
}

/** Groups that some policy permits and none forbids whatever the circumstances. */
function reachableBy(rules: readonly Rule[]): string[] {
  const barred = new Set(
    rules.filter(({ effect, when }) => effect === "forbid" && when === undefined).map(({ group }) => group),
  );
  const permitted = rules.filter(({ effect }) => effect === "permit").map(({ group }) => group);
  return [...new Set(permitted)].filter((group) => !barred.has(group)).toSorted();
}

/**
 * Which groups can ask for which operations, with whose approval and for how long. Pure. Conditions stay as written:
 * a group with a conditional rule may or may not get there.
 */
export function reachOf({ inventory, policies, usage }: ReachFacts): z.input<typeof reachSchema> {
  const lastUse = new Map(
    usage.map(({ connection, operation, lastAt }) => [`${connection}/${operation ?? ""}`, lastAt]),
  );
  const operations = [...inventory].flatMap(([connection, entries]) =>
    [...entries].map(([operation, { description, risk, scope }]) => {
      const rules = policies
        .filter((policy) => policy.connection === connection && policy.operations.includes(operation))
        .flatMap((policy) => policy.groups.map((group) => ruleOf(policy, group)));
      const last = lastUse.get(`${connection}/${operation}`);
      return {
        connection,
        operation,
        description,
        risk,
        scope: [...scope],
        ...(last === undefined ? {} : { last_used_at: timeOf(last) }),
        rules,
        reachable_by: reachableBy(rules),
      };
    }),
  );
  return { groups: [...new Set(policies.flatMap(({ groups }) => groups))].toSorted(), operations };
}

/** The inventory of access. */
export const getReach = endpoint({
  id: "GET /v1/reach",
  operationId: "getReach",
  summary: "Which groups can ask for which operations, with what approval, for how long, and their last use",
  answers: { 200: { description: "The inventory", schema: reachSchema } },
  async handle({ services }) {
    const usage = await services.reader.usage(services.clock.wall() - lookBack);
    return {
      status: 200,
      body: reachOf({ inventory: services.inventory(), policies: services.policies(), usage }),
    };
  },
});
