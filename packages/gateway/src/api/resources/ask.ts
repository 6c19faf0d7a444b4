import * as z from "zod";
import { parseDuration } from "../../kernel/durations.ts";
import { USUAL_LEASE_MS } from "../../kernel/leases.ts";
import { component } from "../contract/components.ts";
import { durationSchema } from "../contract/schemas.ts";
import { operationNames, readableText, reasonText } from "../contract/texts.ts";

/** What is asked for: the body of POST /v1/requests. */
export const askSchema = component(
  "Ask",
  z.strictObject({
    connection: readableText(200),
    operations: operationNames.meta({ description: "Names on that connection" }),
    reason: reasonText.meta({
      description: "Why: reviewers see this, and it is kept in the audit log",
    }),
    ttl: durationSchema.optional().meta({ description: "5m, for example; left out: the policy's default" }),
    lease: z
      .union([z.boolean(), durationSchema])
      .optional()
      .meta({
        description:
          "Ends the grant when the task is gone: true, or how long the task may go without renewing it (2s to 60s; true is 4s). Renew with " +
          "POST /v1/grants/{id}/lease, three times in that time",
      }),
    sandbox: z
      .boolean()
      .optional()
      .meta({
        description:
          "What is granted is for a command in a sandbox, which reaches nothing else. A launcher says so for what it starts " +
          "(mayfly run --sandbox); nobody can look",
      }),
    break_glass: z
      .boolean()
      .optional()
      .meta({
        description:
          "An emergency: nobody approves, only policies with break_glass permit, the reason has at least 15 characters, " +
          "and everybody hears of it",
      }),
  }),
);

/** A lease as asked for, milliseconds. */
export function leaseOf(asked: boolean | string | undefined): number | undefined {
  if (typeof asked === "string") return parseDuration(asked);
  return asked === true ? USUAL_LEASE_MS : undefined;
}
