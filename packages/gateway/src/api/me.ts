import * as z from "zod";
import { component } from "./components.ts";
import { endpoint } from "./endpoint.ts";
import { requesterSchema, timeOf, timeSchema } from "./schemas.ts";

/** Who somebody is to Mayfly. */
export const meSchema = component(
  "Me",
  z.object({
    ...requesterSchema.shape,
    roles: z.array(z.enum(["reviewer", "operator", "auditor"])),
    token_expires_at: timeSchema,
  }),
);

/** Who the gateway takes the caller for. */
export const getMe = endpoint({
  id: "GET /v1/me",
  operationId: "me",
  summary: "Who you are to Mayfly: groups, roles, and who stands behind you",
  answers: { 200: { description: "The principal", schema: meSchema } },
  handle: ({ principal, tokenExpiresAt }) => ({
    status: 200,
    body: { ...principal, token_expires_at: timeOf(tokenExpiresAt) },
  }),
});
