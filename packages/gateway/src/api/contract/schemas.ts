import * as z from "zod";
import { component } from "./components.ts";
import { durationPattern, parseDuration } from "../../kernel/durations.ts";

/** A moment: RFC 3339, UTC, with milliseconds. */
export const timeSchema = z.string().meta({ format: "date-time" });

/** Milliseconds since the epoch as the API writes a moment. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** A duration as command lines write it. */
export const durationSchema = z
  .string()
  .regex(durationPattern, { error: "is not a duration such as 30s, 5m or 1h" })
  .refine((text) => (parseDuration(text) ?? 0) > 0, { error: "is zero" });

/** How much of a list one answer holds. */
export const pageLimit: z.ZodDefault<z.ZodString> = z
  .string()
  .regex(/^([1-9]\d?|[1-4]\d\d|500)$/, { error: "is not a number from 1 to 500" })
  .default("500");

/** Names a person or an agent, and says who stands behind them. */
export const requesterSchema = component(
  "Requester",
  z.object({
    kind: z.enum(["agent", "person"]),
    issuer: z.string(),
    subject: z.string(),
    client: z.string(),
    name: z.string(),
    owner: z.string().optional(),
    groups: z.array(z.string()),
    person: z.object({ issuer: z.string(), subject: z.string() }).optional(),
    actors: z.array(z.string()).meta({ description: "The act chain, nearest actor first (RFC 8693)" }),
  }),
);

/** What the provider calls a person. */
export const displayNameSchema = z.string().optional().meta({
  description: "What the person's provider calls them: to be shown beside the login, never in its place",
});

/** What approval is needed. */
export const approvalRuleSchema = component(
  "ApprovalRule",
  z.object({
    by: z.array(z.string()).meta({ description: "Groups whose members may approve" }),
    count: z.int().meta({ description: "How many of them have to, each once" }),
    within_seconds: z.number().meta({ description: "How long a request may wait" }),
    escalate: z
      .object({ after_seconds: z.number(), to: z.array(z.string()) })
      .optional()
      .meta({ description: "After that time, members of these groups may decide as well" }),
    fresh_sign_in_seconds: z.number().optional().meta({
      description: "How long ago, at most, an approver must have proved themselves to the provider",
    }),
    refusals: z.int().meta({ description: "How many refusals end the request" }),
  }),
);

/** Ready-made ways into a connection. */
export const accessSchema = component(
  "Access",
  z.object({
    protocol: z.string().meta({ description: "postgres, for example" }),
    dsn: z
      .string()
      .optional()
      .meta({ description: "A connection string; with the secret in it the one time it is given" }),
    url: z.string().optional().meta({ description: "A base URL, for protocols over HTTP" }),
    kubeconfig: z.string().optional().meta({
      description: "A kubeconfig (YAML), for clusters; with the secret in it the one time it is given",
    }),
    env: z
      .record(z.string(), z.string())
      .meta({ description: "Variables that native clients read, for example PGHOST" }),
    secret: z
      .string()
      .optional()
      .meta({ description: "The grant's secret: given once, stored nowhere, dead with the grant" }),
  }),
);

/** A grant, as its holder or an operator sees it. */
export const grantSchema = component(
  "Grant",
  z.object({
    id: z.string(),
    request: z.string(),
    requester: requesterSchema,
    connection: z.string(),
    operations: z.array(z.string()),
    policies: z.array(z.string()),
    state: z.enum(["active", "expired", "released", "revoked"]),
    activated_at: timeSchema,
    ends_at: timeSchema.meta({ description: "The one absolute deadline" }),
    lease_seconds: z
      .number()
      .optional()
      .meta({ description: "It ends earlier when its task has not renewed it for this long" }),
    sandbox: z.literal(true).optional().meta({
      description: "For a command in a sandbox: its secret alone is taken, no access token; absent: not",
    }),
    ended_at: timeSchema.optional(),
    ended_by: z.string().optional(),
    end_reason: z.string().optional(),
    access: accessSchema.optional().meta({ description: "For the holder of an active grant alone" }),
  }),
);

/** Where a request can be. */
export const requestStateSchema = z.enum([
  "pending",
  "approved",
  "refused",
  "withdrawn",
  "timed_out",
  "denied",
]);

/** One thing asked for, in words. */
const askedOperationSchema = component(
  "AskedOperation",
  z.object({
    name: z.string().meta({ description: "connection/operation" }),
    description: z.string(),
    risk: z.enum(["low", "medium", "high"]).optional(),
    scope: z
      .array(z.string())
      .meta({ description: "What it covered when it was asked for, in words, a line a fact" }),
  }),
);

const reviewerSchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  name: z.string(),
  display_name: displayNameSchema,
});

/** One reviewer's answer. */
const approvalSchema = component(
  "Approval",
  z.object({
    id: z.string(),
    reviewer: reviewerSchema,
    decision: z.enum(["approve", "refuse"]),
    comment: z.string(),
    allowed: z
      .object({ operations: z.array(z.string()), ttl_seconds: z.number() })
      .optional()
      .meta({ description: "Where the reviewer allowed less than was asked for" }),
    at: timeSchema,
  }),
);

/** What one person found who reviewed an emergency. */
const reviewSchema = component(
  "Review",
  z.object({
    id: z.string(),
    reviewer: reviewerSchema,
    note: z.string(),
    at: timeSchema,
  }),
);

/** One of the requester's earlier grants, as it stood when the request was made. */
export const pastGrantSchema = component(
  "PastGrant",
  z.object({
    grant: z.string(),
    connection: z.string(),
    operations: z.array(z.string()).meta({ description: "connection/operation" }),
    activated_at: timeSchema,
    state: z.enum(["active", "expired", "released", "revoked"]),
    acts: z.int().optional().meta({ description: "Acts let through; left out: not known then" }),
    denied: z.int().optional().meta({ description: "Acts denied; left out: not known then" }),
    end_reason: z.string().optional(),
  }),
);

/** A request. */
export const requestSchema = component(
  "Request",
  z.object({
    id: z.string(),
    state: requestStateSchema,
    requester: requesterSchema,
    connection: z.string(),
    operations: z.array(askedOperationSchema),
    reason: z.string(),
    ttl_seconds: z
      .number()
      .meta({ description: "How long the grant lives from its activation, unless a reviewer allows less" }),
    lease_seconds: z
      .number()
      .optional()
      .meta({ description: "The grant ends with its task: when the task has not renewed it for this long" }),
    sandbox: z.literal(true).optional().meta({
      description: "For a command in a sandbox, as whoever asked says: nobody can look; absent: not",
    }),
    paths_closed_at: timeSchema.optional().meta({
      description:
        "Where a policy asked: when the paths beside the gateway were probed closed from where this was asked",
    }),
    break_glass: z
      .boolean()
      .meta({ description: "Asked as an emergency: nobody approved, everybody hears of it" }),
    history: z
      .array(pastGrantSchema)
      .meta({ description: "The requester's last grants when it was asked, newest first" }),
    digest: z.string().meta({ description: "What an approval is bound to; send back that of what you saw" }),
    policies: z.array(z.string()),
    approval: approvalRuleSchema.optional(),
    approvals: z.array(approvalSchema),
    reviews: z.array(reviewSchema).optional().meta({
      description:
        "Of an emergency, for everybody but its requester: who reviewed it afterwards, and what they found",
    }),
    may_review: z
      .boolean()
      .optional()
      .meta({ description: "Of an emergency, for the same: whether you may review it now" }),
    why_not_review: z.string().optional().meta({ description: "Why you may not review it" }),
    reasons: z.array(z.string()),
    created_at: timeSchema,
    waits_until: timeSchema.optional(),
    escalated_at: timeSchema
      .optional()
      .meta({ description: "Since when those whom the policy escalates to may decide as well" }),
    may_decide: z.boolean().meta({ description: "Whether you may decide it now" }),
    why_not: z.string().optional().meta({ description: "Why you may not" }),
    decided_at: timeSchema.optional(),
    grant_id: z.string().optional(),
    grant: grantSchema
      .optional()
      .meta({ description: "For the requester alone, with the ways in while it is active" }),
  }),
);
