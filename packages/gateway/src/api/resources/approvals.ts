import { MAX_COMMENT_CHARACTERS, MAX_OPERATIONS } from "../../kernel/text-limits.ts";
import * as z from "zod";
import type { Actor } from "../../grants/grants.ts";
import { parseDuration } from "../../kernel/durations.ts";
import { component } from "../contract/components.ts";
import { type Call, endpoint } from "../contract/endpoint.ts";
import { requestIdSchema } from "./requests.ts";
import { durationSchema, requestSchema } from "../contract/schemas.ts";
import { readableText } from "../contract/texts.ts";
import { requestView } from "../contract/views.ts";

const seen = {
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .meta({ description: "The digest of the request as you saw it" }),
  comment: readableText(MAX_COMMENT_CHARACTERS, 0)
    .default("")
    .meta({ description: "For the requester and the audit log" }),
};

const approvalSchema = component(
  "Approve",
  z.strictObject({
    ...seen,
    allow: z
      .strictObject({
        operations: z
          .array(readableText(400))
          .min(1)
          .max(MAX_OPERATIONS)
          .optional()
          .meta({ description: "connection/operation; left out: all that was asked for" }),
        ttl: durationSchema.optional().meta({ description: "3m, for example; left out: what was asked for" }),
      })
      .optional()
      .meta({
        description:
          "Less than was asked for. Of several reviewers, what all allow counts, for the shortest of their times",
      }),
  }),
);

const refusalSchema = component("Refuse", z.strictObject(seen));

const reviewSchema = component(
  "ReviewEmergency",
  z.strictObject({
    note: readableText(MAX_COMMENT_CHARACTERS).meta({
      description: "What you found; kept with the request and in the audit log",
    }),
  }),
);

/** Who decides, with groups and roles as the provider says them at this moment, not at the sign-in. */
async function reviewerOf({ services, verified }: Call): Promise<Actor> {
  const now = await services.people.current(verified);
  return {
    ...now.principal,
    groupsAsOf: now.groupsAsOf,
    ...(now.authenticatedAt === undefined ? {} : { authenticatedAt: now.authenticatedAt }),
  };
}

/** One reviewer's yes. */
export const approveRequest = endpoint({
  id: "POST /v1/requests/{id}/approve",
  operationId: "approveRequest",
  summary: "Approve a request or a part of it, bound to the digest of what you saw",
  description:
    "Never your own request, nor that of an agent you own or that acts for you. Your groups are looked up again at " +
    "this moment. The last needed yes activates the grant, and its time-to-live starts then. 401 sign_in_again: the " +
    "policy asks for a fresher sign-in; prove yourself again within max_age seconds (RFC 9470), then repeat.",
  params: requestIdSchema,
  body: approvalSchema,
  introspect: true,
  answers: { 200: { description: "The request after it", schema: requestSchema } },
  async handle(call) {
    const { services, principal, params, body } = call;
    const ttl = body.allow?.ttl === undefined ? undefined : parseDuration(body.allow.ttl);
    const operations = body.allow?.operations;
    const request = await services.grants.approve(
      await reviewerOf(call),
      params.id,
      body.digest,
      body.comment,
      body.allow === undefined
        ? undefined
        : { ...(operations === undefined ? {} : { operations }), ...(ttl === undefined ? {} : { ttl }) },
    );
    return { status: 200, body: requestView(services, principal, request) };
  },
});

/** One reviewer's no. */
export const refuseRequest = endpoint({
  id: "POST /v1/requests/{id}/refuse",
  operationId: "refuseRequest",
  summary: "Refuse a request",
  description:
    "One refusal ends it, unless the policy asks for more. Your groups are looked up again at this moment.",
  params: requestIdSchema,
  body: refusalSchema,
  introspect: true,
  answers: { 200: { description: "The request after it", schema: requestSchema } },
  async handle(call) {
    const { services, principal, params, body } = call;
    const reviewer = await reviewerOf(call);
    const request = await services.grants.refuse(reviewer, params.id, body.digest, body.comment);
    return { status: 200, body: requestView(services, principal, request) };
  },
});

/** What one person found who looked at an emergency after its end. */
export const reviewRequest = endpoint({
  id: "POST /v1/requests/{id}/review",
  operationId: "reviewRequest",
  summary: "Review access that was taken by breaking glass, once it has ended",
  description:
    "For operators, and reviewers in a group that approves ordinary requests for the same, as policy is now. Each person " +
    "once; never the requester, the agent's owner, nor whoever it acts for. Your roles and groups are looked up again at " +
    "this moment. It changes nothing of the access. GET /v1/requests?all=true&emergencies=unreviewed lists them.",
  params: requestIdSchema,
  body: reviewSchema,
  introspect: true,
  answers: { 200: { description: "The request after it", schema: requestSchema } },
  async handle(call) {
    const { services, principal, params, body } = call;
    const reviewer = await reviewerOf(call);
    const request = await services.grants.reviewEmergency(reviewer, params.id, body.note);
    return { status: 200, body: requestView(services, principal, request) };
  },
});
