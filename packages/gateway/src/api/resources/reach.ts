import * as z from "zod";
import type { Usage } from "../../audit/index/port.ts";
import type { PolicyEntry } from "../../kernel/policy-entry.ts";
import type { GrantRules } from "../../grants/grants.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { approvalRuleSchema, timeOf, timeSchema } from "../contract/schemas.ts";
import { approvalRuleView } from "../contract/views.ts";

/** How far back the last use of an operation is looked for, milliseconds. */
const lookBack = 366 * 86_400_000;

const ruleSchema = component(
  "ReachRule",
  z.object({
    group: z.string(),
    person_groups: z
      .array(z.string())
      .optional()
      .meta({ description: "Groups of the person whom the agent acts for, one of which they must be in" }),
    policy: z.string(),
    effect: z.enum(["permit", "forbid"]),
    ttl_default_seconds: z.number().optional(),
    ttl_max_seconds: z.number().optional(),
    lease_max_seconds: z
      .number()
      .optional()
      .meta({ description: "The longest lease that it takes; absent: it demands none" }),
    closed_paths_within_seconds: z.number().optional().meta({
      description:
        "How lately the paths beside the gateway must have been probed closed; absent: it asks no probe",
    }),
    sandbox: z
      .literal(true)
      .optional()
      .meta({ description: "It demands a command in a sandbox; absent: it does not" }),
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
    shadow_rules: z
      .array(ruleSchema)
      .optional()
      .meta({ description: "The same of policies in shadow, which decide nothing; absent: there are none" }),
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
  readonly policies: readonly PolicyEntry[];
  readonly usage: readonly Usage[];
}

type Rule = z.input<typeof ruleSchema>;

/** One policy as it concerns one group. */
function ruleOf(policy: PolicyEntry, group: string): Rule {
  return {
    group,
    ...(policy.personGroups === undefined ? {} : { person_groups: [...policy.personGroups] }),
    policy: policy.name,
    effect: policy.forbid ? "forbid" : "permit",
    ...(policy.ttl === undefined
      ? {}
      : { ttl_default_seconds: policy.ttl.default / 1000, ttl_max_seconds: policy.ttl.max / 1000 }),
    ...(policy.lease === undefined ? {} : { lease_max_seconds: policy.lease / 1000 }),
    ...(policy.closedPaths === undefined ? {} : { closed_paths_within_seconds: policy.closedPaths / 1000 }),
    ...(policy.sandbox === undefined ? {} : { sandbox: policy.sandbox }),
    ...(policy.approval === undefined ? {} : { approval: approvalRuleView(policy.approval) }),
    ...(policy.when === undefined ? {} : { when: policy.when }),
    break_glass: policy.breakGlass === true,
  };
}

/** Groups that some policy permits and none forbids whatever the circumstances. */
function reachableBy(rules: readonly Rule[]): string[] {
  const barred = new Set(
    rules
      .filter(
        ({ effect, when, person_groups }) =>
          effect === "forbid" && when === undefined && person_groups === undefined,
      )
      .map(({ group }) => group),
  );
  const permitted = rules.filter(({ effect }) => effect === "permit").map(({ group }) => group);
  return [...new Set(permitted)].filter((group) => !barred.has(group)).toSorted();
}

/**
 * Which groups can ask for which operations, with whose approval and for how long. Pure. Conditions stay as written:
 * a group with a conditional rule may or may not get there, and so may one whose agents must act for certain people.
 */
export function reachOf({ inventory, policies, usage }: ReachFacts): z.input<typeof reachSchema> {
  const lastUse = new Map(
    usage.map(({ connection, operation, lastAt }) => [`${connection}/${operation ?? ""}`, lastAt]),
  );
  const deciding = policies.filter(({ shadow }) => shadow !== true);
  const inShadow = policies.filter(({ shadow }) => shadow === true);
  const operations = [...inventory].flatMap(([connection, entries]) =>
    [...entries].map(([operation, { description, risk, scope }]) => {
      const rulesOf = (mine: readonly PolicyEntry[]): Rule[] =>
        mine
          .filter((policy) => policy.connection === connection && policy.operations.includes(operation))
          .flatMap((policy) => policy.groups.map((group) => ruleOf(policy, group)));
      const [rules, shadows] = [rulesOf(deciding), rulesOf(inShadow)];
      const last = lastUse.get(`${connection}/${operation}`);
      return {
        connection,
        operation,
        description,
        risk,
        scope: [...scope],
        ...(last === undefined ? {} : { last_used_at: timeOf(last) }),
        rules,
        ...(shadows.length === 0 ? {} : { shadow_rules: shadows }),
        reachable_by: reachableBy(rules),
      };
    }),
  );
  return { groups: [...new Set(deciding.flatMap(({ groups }) => groups))].toSorted(), operations };
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
