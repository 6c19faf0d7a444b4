import * as z from "zod";
import type { Lockdown } from "../../grants/grants.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { timeOf, timeSchema } from "../contract/schemas.ts";
import { reasonText } from "../contract/texts.ts";

const lockdownSchema = component(
  "Lockdown",
  z.object({
    locked: z.boolean(),
    since: timeSchema.optional(),
    by: z.string().optional(),
    reason: z.string().optional(),
  }),
);

const lockdownOrderSchema = component("LockdownOrder", z.strictObject({ reason: reasonText }));

function lockdownView(lockdown: Lockdown | undefined): z.input<typeof lockdownSchema> {
  if (lockdown === undefined) return { locked: false };
  return { locked: true, since: timeOf(lockdown.since), by: lockdown.by, reason: lockdown.reason };
}

/** Whether everything is locked. */
export const getLockdown = endpoint({
  id: "GET /v1/lockdown",
  operationId: "getLockdown",
  summary: "Whether Mayfly is locked down, since when, by whom and why",
  answers: { 200: { description: "The lock-down", schema: lockdownSchema } },
  handle: ({ services }) => ({ status: 200, body: lockdownView(services.grants.locked) }),
});

/** Ends every grant and refuses all. */
export const startLockdown = endpoint({
  id: "PUT /v1/lockdown",
  operationId: "startLockdown",
  summary: "Lock down: every grant ends, everything is refused until lifted",
  body: lockdownOrderSchema,
  answers: { 200: { description: "The lock-down", schema: lockdownSchema } },
  handle: async ({ services, principal, body }) => ({
    status: 200,
    body: lockdownView(await services.grants.lockdown(principal, body.reason)),
  }),
});

/** Lets requests be made again. */
export const liftLockdown = endpoint({
  id: "DELETE /v1/lockdown",
  operationId: "liftLockdown",
  summary: "Lift the lock-down; grants that it ended stay ended",
  introspect: true,
  answers: { 200: { description: "The lock-down", schema: lockdownSchema } },
  async handle({ services, verified }) {
    // To lift gives access back, so that the groups of this moment count, as for an approval; to lock down takes it,
    // and waits for no provider.
    const { principal } = await services.people.current(verified);
    await services.grants.lift(principal);
    return { status: 200, body: lockdownView(services.grants.locked) };
  },
});
