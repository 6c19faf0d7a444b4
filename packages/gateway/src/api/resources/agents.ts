import * as z from "zod";
import type { Dossier } from "../../grants/requests/background.ts";
import type { ApprovalRule, Outlook } from "../../policy/types.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { grantSchema, requesterSchema, requestSchema, timeOf, timeSchema } from "../contract/schemas.ts";
import { grantView, requestView, requesterView } from "../contract/views.ts";
import { partialSchema } from "./audit/audit.ts";
import { retiredSchema } from "./audit/retired.ts";
import { deniedActSchema, denialsOf, requestCountsSchema } from "./background.ts";

/** How many requests and grants one answer holds, and of how many grants the denials are shown. */
const MAX_SHOWN = 50;
const MAX_GRANTS_WITH_DENIALS = 10;

const reachedSchema = component(
  "ReachedOperation",
  z.object({
    name: z.string().meta({ description: "connection/operation" }),
    description: z.string(),
    risk: z.enum(["low", "medium", "high"]),
    way: z
      .enum(["at_once", "approval", "emergency", "not_now"])
      .meta({ description: "What asking for it takes now, at least" }),
    approvals: z.int().optional().meta({ description: "How many people have to approve" }),
    max_seconds: z.number().optional(),
    conditions: z.boolean().meta({ description: "Whether it depends on a condition of the policy too" }),
    granted: z.int().meta({ description: "How many of the grants that were looked at covered it" }),
    last_granted_at: timeSchema.optional(),
  }),
);

const agentSchema = component(
  "Agent",
  z.object({
    requester: requesterSchema.meta({ description: "As known now" }),
    states: requestCountsSchema.meta({ description: "Its newest requests, at most 500" }),
    granted: z.int().meta({ description: "How many of its grants were looked at, at most 500" }),
    acts: z.int().optional().meta({ description: "Acts let through under them; left out: not known now" }),
    denied: z.int().optional().meta({ description: "Acts denied under them; left out: not known now" }),
    reaches: z.array(reachedSchema).meta({ description: "What it could ask for now" }),
    requests: z.array(requestSchema).meta({ description: "The newest that you may see, at most 50" }),
    grants: z
      .array(grantSchema)
      .optional()
      .meta({ description: "The newest, at most 50; for operators and auditors" }),
    denials: z
      .array(deniedActSchema)
      .optional()
      .meta({ description: "What was denied under its last grants; for operators and auditors" }),
    partial: partialSchema.optional().meta({ description: "Logs of which denials may lack something" }),
    retired: retiredSchema.optional().meta({ description: "Logs that were given up: of these they do" }),
  }),
);

function reachedView(offer: Dossier["offers"][number]): z.input<typeof reachedSchema> {
  const { outlook, breakGlass } = offer;
  const terms = outlook.terms ?? breakGlass?.terms;
  const approval = easiestApproval(outlook);
  const way = outlook.requestable
    ? approval === undefined
      ? "at_once"
      : "approval"
    : breakGlass === undefined
      ? "not_now"
      : "emergency";
  return {
    name: `${offer.connection}/${offer.operation}`,
    description: offer.description,
    risk: offer.risk,
    way,
    ...(approval === undefined ? {} : { approvals: approval.count }),
    ...(terms === undefined ? {} : { max_seconds: terms.maxTtl / 1000 }),
    conditions: (outlook.requestable ? outlook : (breakGlass ?? outlook)).conditions.length > 0,
    granted: offer.granted,
    ...(offer.lastGrantedAt === undefined ? {} : { last_granted_at: timeOf(offer.lastGrantedAt) }),
  };
}

/** Whom asking takes at least, by whatever way; undefined: nobody. */
function easiestApproval({ terms, alternatives = [] }: Outlook): ApprovalRule | undefined {
  const asked = [terms, ...alternatives.map((way) => way.terms)].map((each) => each?.approval);
  return asked.reduce((least, each) => ((each?.count ?? 0) < (least?.count ?? 0) ? each : least));
}

const name = z.string().min(1).max(500);

/** One agent or person that asks for access. */
export const getAgent = endpoint({
  id: "GET /v1/agents",
  operationId: "agent",
  summary: "One agent, or person, that has asked: what it did, and what it could ask for now",
  query: z.strictObject({
    kind: z.enum(["agent", "person"]).default("agent"),
    issuer: name,
    subject: name,
    client: name,
  }),
  answers: { 200: { description: "What is known of it", schema: agentSchema } },
  async handle({ services, principal, query, address }) {
    const { requester, requests, states, grants, granted, use, offers } = await services.grants.dossier(
      principal,
      query,
      address,
    );
    const readsLog = principal.roles.includes("operator") || principal.roles.includes("auditor");
    const shown = grants.slice(0, MAX_SHOWN);
    const newest = shown.slice(0, MAX_GRANTS_WITH_DENIALS).map(({ id }) => id);
    return {
      status: 200,
      body: {
        requester: requesterView(requester),
        states,
        granted,
        ...(use === undefined ? {} : { acts: use.acts, denied: use.denied }),
        reaches: offers.map(reachedView),
        requests: requests.slice(0, MAX_SHOWN).map((request) => requestView(services, principal, request)),
        ...(readsLog
          ? { grants: shown.map((grant) => grantView(grant)), ...(await denialsOf(services, newest)) }
          : {}),
      },
    };
  },
});
