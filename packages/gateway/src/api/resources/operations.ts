import * as z from "zod";
import type { Offer } from "../../grants/grants.ts";
import { conditionInWords } from "../../policy/condition.ts";
import { MAX_ALTERNATIVES } from "../../policy/outlook.ts";
import type { Terms } from "../../policy/types.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { approvalRuleSchema } from "../contract/schemas.ts";
import { approvalRuleView } from "../contract/views.ts";

const leaseSchema = z
  .object({ max_seconds: z.number() })
  .optional()
  .meta({ description: "Ask with `lease`, of so many seconds at most" });

const requiresSchema = z
  .object({
    closed_paths_within_seconds: z.number().optional().meta({
      description:
        "Ask from a host whose paths beside the gateway were probed closed (`mayfly probe`) that lately",
    }),
    sandbox: z
      .literal(true)
      .optional()
      .meta({ description: "Ask for a command in a sandbox (`mayfly run --sandbox`)" }),
  })
  .optional()
  .meta({ description: "What must be known of where the task runs" });

const conditionsSchema = z
  .array(z.string())
  .meta({ description: "What the policy still has to see met, as written" });

/** What one policy gives, and what it asks for it. */
const termsShape = {
  policy: z.string(),
  ttl: z.object({ default_seconds: z.number(), max_seconds: z.number() }),
  approval: approvalRuleSchema.optional().meta({ description: "A person must approve" }),
  lease: leaseSchema,
  requires: requiresSchema,
};

const offeredTermsSchema = component(
  "OfferedTerms",
  z.object({ ...termsShape, conditions: conditionsSchema }),
);

const offerSchema = component(
  "Offer",
  z.object({
    name: z.string().meta({ description: "connection/operation" }),
    connection: z.string(),
    operation: z.string(),
    protocol: z
      .string()
      .optional()
      .meta({ description: "What the connection speaks: postgres, http, kubernetes, mcp, …" }),
    description: z.string(),
    risk: z.enum(["low", "medium", "high"]),
    scope: z.array(z.string()).meta({ description: "What it covers, in words, a line a fact" }),
    requestable: z.boolean(),
    ...termsShape,
    policy: termsShape.policy.optional(),
    ttl: termsShape.ttl.optional(),
    alternatives: z.array(offeredTermsSchema).max(MAX_ALTERNATIVES).optional().meta({
      description:
        "What other policies give, each better in something: without a person for a task that holds a lease, or longer",
    }),
    break_glass: z
      .object({
        policy: z.string(),
        max_seconds: z.number(),
        lease: leaseSchema,
        requires: requiresSchema,
        conditions: z.array(z.string()),
      })
      .optional()
      .meta({ description: "In an emergency: what asking with break_glass gives, at once" }),
    conditions: conditionsSchema,
    reasons: z.array(z.string()),
  }),
);

const offersSchema = component("Offers", z.object({ operations: z.array(offerSchema) }));

function offerView(offer: Offer, protocol: string | undefined): z.input<typeof offerSchema> {
  const { terms, alternatives } = offer.outlook;
  return {
    name: `${offer.connection}/${offer.operation}`,
    connection: offer.connection,
    operation: offer.operation,
    ...(protocol === undefined ? {} : { protocol }),
    description: offer.description,
    risk: offer.risk,
    scope: [...offer.scope],
    requestable: offer.outlook.requestable,
    ...(terms === undefined ? {} : termsView(terms)),
    ...(alternatives === undefined
      ? {}
      : {
          alternatives: alternatives.map((way) => ({
            ...termsView(way.terms),
            conditions: way.conditions.map(conditionInWords),
          })),
        }),
    ...(offer.breakGlass?.terms === undefined
      ? {}
      : {
          break_glass: {
            policy: offer.breakGlass.terms.policy,
            max_seconds: offer.breakGlass.terms.maxTtl / 1000,
            ...demandsView(offer.breakGlass.terms),
            conditions: offer.breakGlass.conditions.map(conditionInWords),
          },
        }),
    conditions: offer.outlook.conditions.map(conditionInWords),
    reasons: [...offer.outlook.reasons],
  };
}

function termsView(terms: Terms): Omit<z.input<typeof offeredTermsSchema>, "conditions"> {
  return {
    policy: terms.policy,
    ttl: { default_seconds: terms.defaultTtl / 1000, max_seconds: terms.maxTtl / 1000 },
    ...demandsView(terms),
    ...(terms.approval === undefined ? {} : { approval: approvalRuleView(terms.approval) }),
  };
}

/** What terms demand of the task. */
function demandsView({
  lease,
  closedPaths,
  sandbox,
}: Terms): Pick<z.input<typeof offeredTermsSchema>, "lease" | "requires"> {
  return {
    ...(lease === undefined ? {} : { lease: { max_seconds: lease / 1000 } }),
    ...(closedPaths === undefined && sandbox === undefined
      ? {}
      : {
          requires: {
            ...(closedPaths === undefined ? {} : { closed_paths_within_seconds: closedPaths / 1000 }),
            ...(sandbox === undefined ? {} : { sandbox }),
          },
        }),
  };
}

/** What the caller may request. */
export const listOperations = endpoint({
  id: "GET /v1/operations",
  operationId: "listOperations",
  summary: "What you may request: time limits, conditions, and whether a person must approve",
  answers: { 200: { description: "The operations; none while locked down", schema: offersSchema } },
  handle: ({ services, principal, address }) => {
    const protocols = new Map(services.connections().map(({ name, protocol }) => [name, protocol]));
    const offers = services.grants.offers(principal, address);
    return {
      status: 200,
      body: { operations: offers.map((offer) => offerView(offer, protocols.get(offer.connection))) },
    };
  },
});
