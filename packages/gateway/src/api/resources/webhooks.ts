import * as z from "zod";
import type { Delivery } from "../../notifications/store.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { timeOf, timeSchema } from "../contract/schemas.ts";

const states = ["pending", "delivered", "failed"] as const;

const deliverySchema = component(
  "WebhookDelivery",
  z.object({
    id: z.string(),
    webhook: z.string(),
    seq: z.int().meta({ description: "The record's number in its gateway's log" }),
    type: z.string().meta({ description: "The record's type" }),
    state: z.enum(states),
    attempts: z.int(),
    last_status: z.int().optional(),
    last_error: z.string().optional(),
    next_at: timeSchema.optional(),
    delivered_at: timeSchema.optional(),
  }),
);

const deliveriesSchema = component("WebhookDeliveries", z.object({ deliveries: z.array(deliverySchema) }));

function deliveryView(delivery: Delivery): z.input<typeof deliverySchema> {
  const { id, webhook, seq, type, state, attempts, lastStatus, lastError, nextAt, deliveredAt } = delivery;
  return {
    id,
    webhook,
    seq,
    type,
    state,
    attempts,
    ...(lastStatus === undefined ? {} : { last_status: lastStatus }),
    ...(lastError === undefined ? {} : { last_error: lastError }),
    ...(nextAt === undefined ? {} : { next_at: timeOf(nextAt) }),
    ...(deliveredAt === undefined ? {} : { delivered_at: timeOf(deliveredAt) }),
  };
}

/** What was sent to webhooks, and what came of it. */
export const listDeliveries = endpoint({
  id: "GET /v1/webhooks/deliveries",
  operationId: "listWebhookDeliveries",
  summary: "What was sent to webhooks, newest first: at most 500",
  query: z.strictObject({
    state: z.enum(states).optional(),
    webhook: z.string().min(1).max(63).optional(),
  }),
  answers: { 200: { description: "The deliveries", schema: deliveriesSchema } },
  async handle({ services, query }) {
    const { state, webhook } = query;
    const deliveries = await services.notifications.deliveries({
      ...(state === undefined ? {} : { state }),
      ...(webhook === undefined ? {} : { webhook }),
    });
    return { status: 200, body: { deliveries: deliveries.map(deliveryView) } };
  },
});

/** Makes one of them again. */
export const replayDelivery = endpoint({
  id: "POST /v1/webhooks/deliveries/{id}/replay",
  operationId: "replayWebhookDelivery",
  summary: "Make a delivery again, with the same webhook-id",
  params: z.object({ id: z.string().regex(/^dlv_[0-9a-z]{16}$/) }),
  answers: { 200: { description: "The delivery, pending again", schema: deliverySchema } },
  handle: async ({ services, params }) => ({
    status: 200,
    body: deliveryView(await services.notifications.replay(params.id)),
  }),
});
