import { createHash } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { AuditRecord } from "../../audit/records.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { LogName } from "../types.ts";

/** One event as it is sent. */
export interface WebhookMessage {
  /** The same at every attempt: receivers know a second delivery by it. */
  readonly id: string;
  readonly body: string;
}

/** A record as a webhook tells it: `{ type, timestamp, data }`, data being the record and the name of its log. */
export function webhookMessage(log: LogName, record: AuditRecord): WebhookMessage {
  const of = createHash("sha256").update(log.id).digest("hex").slice(0, 16);
  return {
    id: `msg_${of}_${record.seq}`,
    body: JSON.stringify({ type: record.type, timestamp: record.time, data: { log: log.name, ...record } }),
  };
}

/**
 * The headers of an attempt at `now` (milliseconds since the epoch), signed as Standard Webhooks 1.0 says: `v1`,
 * HMAC-SHA256 over id, timestamp and body.
 * @param secret `whsec_…`
 */
export function webhookHeaders(
  { id, body }: WebhookMessage,
  secret: Secret,
  now: number,
): Record<string, string> {
  const at = new Date(now);
  return {
    "content-type": "application/json",
    "user-agent": "mayfly",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": new Webhook(secret.reveal()).sign(id, at, body),
  };
}
