import * as z from "zod";
import type { Waiting } from "../../grants/grants.ts";
import { riskiest, countedApprovals } from "../../grants/requests/review-sheet.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { timeOf, timeSchema } from "../contract/schemas.ts";

const inboxItemSchema = component(
  "InboxItem",
  z.object({
    id: z.string(),
    digest: z.string().meta({ description: "What a decision about it is bound to" }),
    requester: z.object({
      kind: z.enum(["agent", "person"]),
      issuer: z.string(),
      subject: z.string(),
      client: z.string(),
      name: z.string(),
      owner: z.string().optional(),
      person: z.string().optional().meta({ description: "Whom the agent acts for" }),
    }),
    connection: z.string(),
    operations: z.array(z.string()).meta({ description: "connection/operation" }),
    risk: z.enum(["low", "medium", "high"]).meta({ description: "That of the riskiest operation" }),
    reason: z.string(),
    ttl_seconds: z.number(),
    created_at: timeSchema,
    waits_until: timeSchema,
    needed: z.int().meta({ description: "How many people have to approve" }),
    given: z.int().meta({ description: "How many have" }),
    escalated: z.boolean(),
    may_decide: z.boolean(),
    why_not: z.string().optional().meta({ description: "Why you may not decide it" }),
  }),
);

const inboxSchema = component(
  "Inbox",
  z.object({
    waiting: z.array(inboxItemSchema).meta({ description: "What times out first comes first" }),
    more: z.boolean().meta({ description: "Whether more than these wait" }),
  }),
);

function itemView({ request, whyNot }: Waiting): z.input<typeof inboxItemSchema> {
  const { requester } = request;
  return {
    id: request.id,
    digest: request.digest,
    requester: {
      kind: requester.kind,
      issuer: requester.issuer,
      subject: requester.subject,
      client: requester.client,
      name: requester.name,
      ...(requester.owner === undefined ? {} : { owner: requester.owner }),
      ...(requester.person === undefined ? {} : { person: requester.person.subject }),
    },
    connection: request.connection,
    operations: request.operations.map((name) => `${request.connection}/${name}`),
    risk: riskiest(request.sheet),
    reason: request.reason,
    ttl_seconds: request.ttl / 1000,
    created_at: timeOf(request.createdAt),
    waits_until: timeOf(request.waitsUntil ?? request.createdAt),
    needed: request.approval?.count ?? 1,
    given: countedApprovals(request).length,
    escalated: request.escalatedAt !== undefined,
    may_decide: whyNot === undefined,
    ...(whyNot === undefined ? {} : { why_not: whyNot }),
  };
}

/** What waits for a reviewer. */
export const getInbox = endpoint({
  id: "GET /v1/inbox",
  operationId: "inbox",
  summary: "Requests that wait for people, what times out first before; up to 2000",
  answers: { 200: { description: "What waits, and whether you may decide it", schema: inboxSchema } },
  async handle({ services, principal }) {
    const { waiting, more } = await services.grants.inbox(principal);
    return { status: 200, body: { waiting: waiting.map(itemView), more } };
  },
});
