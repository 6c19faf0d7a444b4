import type { Secret } from "../kernel/secret.ts";

/** A receiver of signed events: an entry of `notifications.webhooks`. */
export interface WebhookTarget {
  readonly name: string;
  readonly url: string;
  readonly secret: Secret;
  readonly events?: readonly string[];
  readonly ca?: string;
}

/** How much risk an operation carries. */
export type Risk = "low" | "medium" | "high";

/** `notifications.slack`. */
export interface SlackSettings {
  readonly token: Secret;
  readonly channel: string;
  readonly signingSecret?: Secret;
  readonly decide?: { readonly risks: readonly Risk[] };
  readonly api: string;
}

/** The log whose records are told: its id, and its name as its checkpoints carry it. */
export interface LogName {
  readonly id: string;
  readonly name: string;
}
