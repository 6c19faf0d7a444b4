import * as z from "zod";
import { type Secret, secretSchema, textFileSchema } from "../kernel/secret.ts";
import { namePattern, problemOfUrl, text } from "./fields.ts";
import { addAll, check, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { isMapping } from "./mappings.ts";
import { loadSecrets, problemOfCertificates } from "./secrets.ts";
import type { Sources } from "./secrets.ts";

/** Who gets notifications, and where. */
export interface NotificationsConfiguration {
  readonly slack?: SlackConfiguration;
  readonly webhooks: readonly WebhookConfiguration[];
}

/** The operator's Slack app. */
export interface SlackConfiguration {
  /** The app's bot token, `xoxb-…`. */
  readonly token: Secret;
  /** `C0123ABCD` or `#approvals`. */
  readonly channel: string;
  readonly signingSecret?: Secret;
  /** Requests whose highest risk is one of these may be decided inside Slack; left out: none. */
  readonly decide?: { readonly risks: readonly ("low" | "medium" | "high")[] };
  /** Slack's Web API, with a slash at its end. */
  readonly api: string;
}

/** A receiver of signed events. */
export interface WebhookConfiguration {
  readonly name: string;
  readonly url: string;
  /** `whsec_…` (Standard Webhooks). */
  readonly secret: Secret;
  /** Record types such as `grant.revoked`, `request.*` or `*`; left out: everything but `act.*`. */
  readonly events?: readonly string[];
  /** PEM of the CA that signed the receiver's certificate, where it is not a public one. */
  readonly ca?: string;
}

/** The form of a pattern; whether such records exist is checked elsewhere. */
const pattern = z
  .string()
  .regex(/^(?:\*|[a-z_]+\.(?:\*|[a-z_]+))$/, "this must be a type of record, for example request.*");

const slack = z.strictObject({
  token: secretSchema,
  channel: z
    .string()
    .regex(/^(?:[CG][A-Z0-9]{2,30}|#[^\s#@<>&]{1,79})$/, "this must be a channel: C0123ABCD or #approvals"),
  signing_secret: secretSchema.optional(),
  decide: z
    .strictObject({ risks: z.array(z.enum(["low", "medium", "high"])).min(1) })
    .optional()
    .meta({ description: "Requests that may be decided inside Slack, by their highest risk" }),
  api: text.default("https://slack.com/api/"),
  allow_insecure_loopback: z.boolean().default(false),
});

const webhook = z.strictObject({
  name: z
    .string()
    .regex(namePattern, "a webhook's name is made of lower-case letters, digits and hyphens, a letter first"),
  url: text.meta({ description: "https://… without a query; redirects are not followed" }),
  secret: secretSchema.meta({
    description: "whsec_ and 24 to 64 random bytes in base 64 (Standard Webhooks)",
  }),
  events: z.array(pattern).min(1).optional(),
  ca: textFileSchema.optional(),
  allow_insecure_loopback: z.boolean().default(false),
});

/** The schema of `notifications:`. */
export const notifications: z.ZodObject<{
  slack: z.ZodOptional<typeof slack>;
  webhooks: z.ZodDefault<z.ZodArray<typeof webhook>>;
}> = z.strictObject({ slack: slack.optional(), webhooks: z.array(webhook).max(50).default([]) });

const base = ["notifications"];

/** Checks and completes `notifications:`, and loads its secrets. Left out: nobody is notified. */
export async function readNotifications(
  written: unknown,
  sources: Sources,
): Promise<{ notifications: NotificationsConfiguration | undefined; findings: Finding[] }> {
  if (written === undefined) return { notifications: { webhooks: [] }, findings: [] };
  const findings = urlFindings(written);
  const result = check(notifications, written, base);
  if (!result.ok) return { notifications: undefined, findings: [...findings, ...result.findings] };
  addAll(findings, await loadSecrets(result.output, base, sources));
  const { slack: chat, webhooks } = result.output;
  const names = new Set<string>();
  for (const [index, { name, secret, ca }] of webhooks.entries()) {
    const at = [...base, "webhooks", index];
    if (names.size === names.add(name).size)
      findings.push(finding("value", [...at, "name"], "another webhook has this name", "give each its own"));
    if (secret.isLoaded && !isWebhookSecret(secret.reveal())) {
      const hint = 'make one: echo "whsec_$(openssl rand -base64 32)"';
      const message = "this secret is not whsec_ and 24 to 64 bytes in base 64";
      findings.push(finding("value", [...at, "secret"], message, hint));
    }
    // A file that could not be read already has its finding.
    const problem = findings.length > 0 ? undefined : ca && problemOfCertificates(ca.text());
    if (problem !== undefined) findings.push(finding("value", [...at, "ca"], problem));
  }
  if (chat?.decide !== undefined && chat.signing_secret === undefined) {
    const message = "deciding inside Slack needs signing_secret: without it anyone could press the buttons";
    const hint = "copy the app's Signing Secret from its Basic Information page";
    findings.push(finding("key", [...base, "slack", "decide"], message, hint));
  }
  if (findings.length > 0) return { notifications: undefined, findings };
  return {
    notifications: {
      ...(chat === undefined ? {} : { slack: completeSlack(chat) }),
      webhooks: webhooks.map(({ name, url, secret, events, ca }) => ({
        name,
        url: new URL(url).href,
        secret,
        ...(events === undefined ? {} : { events: [...new Set(events)] }),
        ...(ca === undefined ? {} : { ca: ca.text() }),
      })),
    },
    findings,
  };
}

function completeSlack(written: z.output<typeof slack>): SlackConfiguration {
  return {
    token: written.token,
    channel: written.channel,
    ...(written.signing_secret === undefined ? {} : { signingSecret: written.signing_secret }),
    ...(written.decide === undefined ? {} : { decide: { risks: [...new Set(written.decide.risks)] } }),
    api: new URL(written.api).href.replace(/\/*$/, "/"),
  };
}

/** Standard Webhooks, "Signature scheme": between 24 and 64 bytes, serialised as base 64 behind `whsec_`. */
function isWebhookSecret(secret: string): boolean {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (match?.[1] === undefined || match[1].length % 4 !== 0) return false;
  const { length } = Buffer.from(match[1], "base64");
  return length >= 24 && length <= 64;
}

/** Checks addresses as written, so that another error beside them does not hide theirs. */
function urlFindings(written: unknown): Finding[] {
  if (!isMapping(written)) return [];
  const findings: Finding[] = [];
  const look = (path: (string | number)[], url: unknown, insecureLoopback: boolean): void => {
    if (typeof url !== "string" || url === "") return;
    const problem = problemOfUrl(url, { path: true, insecureLoopback });
    if (problem !== undefined) findings.push(finding("value", path, problem.message, problem.hint));
  };
  const { slack: chat, webhooks } = written;
  if (isMapping(chat)) look([...base, "slack", "api"], chat["api"], chat["allow_insecure_loopback"] === true);
  if (Array.isArray(webhooks)) {
    for (const [index, one] of webhooks.entries()) {
      if (isMapping(one))
        look([...base, "webhooks", index, "url"], one["url"], one["allow_insecure_loopback"] === true);
    }
  }
  return findings;
}
