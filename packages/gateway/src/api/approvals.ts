import * as z from "zod";
import { component } from "./components.ts";
import { endpoint } from "./endpoint.ts";
import { requestIdSchema } from "./requests.ts";
import { readableText, requestSchema } from "./schemas.ts";
import { requestView } from "./views.ts";

const reviewSchema = component(
  "Review",
  z.strictObject({
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .meta({ description: "The digest of the request as you saw it" }),
    comment: readableText(2000, 0).default("").meta({ description: "For the requester and the audit log" }),
  }),
);

/** One reviewer's yes. */
export const approveRequest = endpoint({
  id: "POST /v1/requests/{id}/approve",
  operationId: "approveRequest",
  summary: "Approve a request, bound to the digest of what you saw",
  description:
    "Never your own request, nor that of an agent you own. The last needed yes activates the grant.",
  params: requestIdSchema,
  body: reviewSchema,
  introspect: true,
  answers: { 200: { description: "The request after it", schema: requestSchema } },
  async handle({ services, principal, params, body }) {
    const request = await services.grants.approve(principal, params.id, body.digest, body.comment);
    return { status: 200, body: requestView(services, request) };
  },
});

/** One reviewer's no. */
export const refuseRequest = endpoint({
  id: "POST /v1/requests/{id}/refuse",
  operationId: "refuseRequest",
  summary: "Refuse a request",
  params: requestIdSchema,
  body: reviewSchema,
  introspect: true,
  answers: { 200: { description: "The request after it", schema: requestSchema } },
  async handle({ services, principal, params, body }) {
    const request = await services.grants.refuse(principal, params.id, body.digest, body.comment);
    return { status: 200, body: requestView(services, request) };
  },
});
