import * as z from "zod";
import { duration } from "../kernel/durations.ts";
import { MAX_LEASE_MS, MIN_LEASE_MS } from "../kernel/leases.ts";
import { count, text, texts } from "./fields.ts";

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

const ttl = duration(second, day);

const requirements = z
  .strictObject({
    closed_paths: duration(minute, 90 * day)
      .optional()
      .meta({
        description:
          "The paths beside the gateway were probed closed (`mayfly probe`) from where the agent asks, and by it, no longer ago",
      }),
    sandbox: z.literal(true).optional().meta({
      description:
        "Asked for a command in a sandbox (`mayfly run --sandbox`), as what starts it says, which holds a lease",
    }),
  })
  .refine((asked) => Object.keys(asked).length > 0, {
    error: "this requires nothing",
    params: { hint: "name closed_paths or sandbox, or remove it" },
  })
  .meta({ minProperties: 1 });

/** One entry of `policies:`, as written. */
export const policy = z.strictObject({
  name: text,
  forbid: z.boolean().default(false),
  groups: texts(1),
  person_groups: texts(1)
    .optional()
    .meta({ description: "Groups of the person whom the agent acts for, one of which they must be in" }),
  connection: text,
  operations: texts(1),
  ttl: z
    .union([ttl.transform((ms) => ({ default: ms, max: ms })), z.strictObject({ default: ttl, max: ttl })], {
      error: "this must be a duration such as 5m, or { default: 5m, max: 15m }",
    })
    .optional(),
  when: text.optional(),
  approval: z
    .strictObject({
      by: texts(1),
      count: count(1, 20).default(1),
      within: duration(second, 7 * day).default(30 * minute),
      escalate: z
        .strictObject({ after: duration(second, 7 * day), to: texts(1) })
        .optional()
        .meta({ description: "After that time, members of these groups may decide as well" }),
      fresh_sign_in: duration(30 * second, day)
        .optional()
        .meta({ description: "How long ago, at most, whoever approves must have signed in" }),
      refusals: count(1, 20).default(1).meta({ description: "How many refusals end the request" }),
    })
    .optional(),
  lease: z
    .union([z.literal("required").transform(() => MAX_LEASE_MS), duration(MIN_LEASE_MS, MAX_LEASE_MS)], {
      error: "this must be `required`, or the longest lease that will do: 2s to 60s",
    })
    .optional()
    .meta({ description: "The task must hold a lease on the grant: `required`, or of that length at most" }),
  requires: requirements.optional().meta({ description: "What must be known of where the task runs" }),
  break_glass: z.boolean().default(false).meta({
    description: "Permits at once, in an emergency alone: when the request says so; everybody is told",
  }),
  shadow: z.boolean().default(false).meta({ description: "Decides nothing; its verdict is only recorded" }),
});
