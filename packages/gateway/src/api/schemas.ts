import * as z from "zod";
import { component } from "./components.ts";
import { parseDuration } from "../kernel/durations.ts";
import { hidesSomething } from "../kernel/unseen.ts";

/** A moment: RFC 3339, UTC, with milliseconds. */
export const timeSchema = z.string().meta({ format: "date-time" });

/** Milliseconds since the epoch as the API writes a moment. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * Text that a person will read: bounded, well-formed, nothing that paints over what a reviewer's terminal shows, and
 * nothing that only a machine reads.
 */
export function readableText(longest: number, shortest = 1): z.ZodString {
  return z
    .string()
    .min(shortest)
    .max(longest)
    .refine((text) => !hidesSomething(text, "lines"), {
      error: "holds control characters, others that are not seen, or broken surrogates",
    })
    .refine((text) => shortest === 0 || text.trim() !== "", { error: "is empty" });
}

/** A duration as command lines write it. */
export const durationSchema = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, { error: "is not a duration such as 30s, 5m or 1h" })
  .refine((text) => (parseDuration(text) ?? 0) > 0, { error: "is zero" });

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

/** What approval is needed. */
export const approvalRuleSchema = component(
  "ApprovalRule",
  z.object({
    by: z.array(z.string()).meta({ description: "Groups whose members may approve" }),
    count: z.int(),
    within_seconds: z.number(),
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
    scope: z.array(z.string()).meta({ description: "What it covers, in words, a line a fact" }),
  }),
);

/** One reviewer's answer. */
const approvalSchema = component(
  "Approval",
  z.object({
    id: z.string(),
    reviewer: z.object({ issuer: z.string(), subject: z.string(), name: z.string() }),
    decision: z.enum(["approve", "refuse"]),
    comment: z.string(),
    at: timeSchema,
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
    ttl_seconds: z.number().meta({ description: "How long the grant lives, from its activation" }),
    digest: z.string().meta({ description: "What an approval is bound to; send back that of what you saw" }),
    policies: z.array(z.string()),
    approval: approvalRuleSchema.optional(),
    approvals: z.array(approvalSchema),
    reasons: z.array(z.string()),
    created_at: timeSchema,
    waits_until: timeSchema.optional(),
    decided_at: timeSchema.optional(),
    grant_id: z.string().optional(),
    grant: grantSchema
      .optional()
      .meta({ description: "For the requester alone, with the ways in while it is active" }),
  }),
);
