import * as z from "zod";
import type { Principal } from "../../identity/principal.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { displayNameSchema, requesterSchema, timeOf, timeSchema } from "../contract/schemas.ts";
import { displayNameView } from "../contract/views.ts";

/** Who somebody is to Mayfly. */
export const meSchema = component(
  "Me",
  z.object({
    ...requesterSchema.shape,
    display_name: displayNameSchema,
    roles: z.array(z.enum(["reviewer", "operator", "auditor"])),
    token_expires_at: timeSchema,
  }),
);

/** Somebody as `Me` shows them. @param tokenExpiresAt milliseconds since the epoch */
export function meView(principal: Principal, tokenExpiresAt: number): z.input<typeof meSchema> {
  const { groups, actors, roles } = principal;
  return {
    ...principal,
    groups: [...groups],
    actors: [...actors],
    roles: [...roles],
    ...displayNameView(principal),
    token_expires_at: timeOf(tokenExpiresAt),
  };
}

/** Who the gateway takes the caller for. */
export const getMe = endpoint({
  id: "GET /v1/me",
  operationId: "me",
  summary: "Who you are to Mayfly: groups, roles, and who stands behind you",
  answers: { 200: { description: "The principal", schema: meSchema } },
  handle: ({ principal, tokenExpiresAt }) => ({
    status: 200,
    body: meView(principal, tokenExpiresAt),
  }),
});
