import * as z from "zod";
import { type Secret, secretSchema } from "../kernel/secret.ts";
import { duration } from "../kernel/durations.ts";
import { problemOfUrl, text, texts } from "./fields.ts";
import { finding } from "./findings.ts";
import type { Finding } from "./findings.ts";

const second = 1000;
const hour = 3_600_000;

/** How the identity provider tells the gateway that somebody is no longer good. */
export interface SignalsConfiguration {
  /** The origins of the org that sends signals, its own first, then custom domains: for example `https://example.okta.com`. */
  readonly org: readonly string[];
  /** The org's event hooks, whose calls have this secret in the Authorization header. */
  readonly eventHooks?: { readonly secret: Secret };
  /** Global Token Revocation, which Okta's Universal Logout sends. */
  readonly globalTokenRevocation?: {
    /** The apps that may call: client ids (OIDC) or instance ids (SAML). */
    readonly clients: readonly string[];
  };
  /** Pushed security event tokens (RFC 8935). */
  readonly ssf?: {
    /** The transmitter: `iss` of its tokens. */
    readonly issuer: string;
    /** The accepted `aud`; left out: the URL of the endpoint. */
    readonly audience?: string;
    /** The required Authorization header; left out: the token's signature alone suffices. */
    readonly authorization?: Secret;
  };
  /** Reads the org's System Log. */
  readonly systemLog?: {
    /** Milliseconds between two readings. */
    readonly every: number;
  };
}

/** `identity.signals`, as written. */
export const signals = z.strictObject({
  org: z
    .union([text, texts(1)])
    .transform((written) => (typeof written === "string" ? [written] : written))
    .optional()
    .meta({
      description:
        "The org that speaks, for example https://example.okta.com, and its custom domains: it may speak of issuers at these alone; left out: where all issuers are",
    }),
  event_hooks: z
    .strictObject({
      secret: secretSchema.meta({
        description: "What the hook sends in its Authorization header, as typed into Okta",
      }),
    })
    .optional()
    .meta({ description: "Okta's event hooks call POST /v1/signals/event-hook" }),
  global_token_revocation: z
    .strictObject({
      clients: texts(0).default([]).meta({
        description:
          "Apps whose Universal Logout comes here: client ids, or instance ids of SAML apps; the console's own is one in any case",
      }),
    })
    .optional()
    .meta({ description: "Okta's Universal Logout calls POST /v1/signals/global-token-revocation" }),
  ssf: z
    .strictObject({
      issuer: text.optional().meta({ description: "The transmitter; left out: the org" }),
      audience: text
        .optional()
        .meta({ description: "What aud of its tokens is; left out: the URL of the endpoint" }),
      authorization: secretSchema
        .optional()
        .meta({ description: "What the transmitter sends in its Authorization header" }),
    })
    .optional()
    .meta({ description: "Security event tokens (SSF, CAEP) come to POST /v1/signals/ssf" }),
  system_log: z
    .strictObject({
      every: duration(second, hour)
        .default(10 * second)
        .meta({ description: "How often the org's System Log is read" }),
    })
    .optional(),
});

type Written = z.output<typeof signals>;

const base = ["identity", "signals"];

/** A configured issuer, and whether it may use plain HTTP on this machine. */
interface Issuer {
  readonly issuer: string;
  readonly insecureLoopback: boolean;
}

/** The origins of the org: as written, else the one origin of all issuers. */
function orgOf(written: Written, issuers: readonly Issuer[]): readonly string[] {
  const all = written.org ?? issuers.map(({ issuer }) => issuer);
  return [...new Set(all.flatMap((url) => URL.parse(url)?.origin ?? []))];
}

/**
 * Checks it beyond what a schema can express.
 * @param issuers those of the agents, and of people's sign-in
 */
export function signalFindings(written: Written | undefined, issuers: readonly Issuer[]): Finding[] {
  if (written === undefined) return [];
  const findings: Finding[] = [];
  // The setting is the issuers' own: none stands beside these addresses.
  const insecureLoopback = issuers.some((each) => each.insecureLoopback) || undefined;
  const origins = orgOf(written, issuers);
  for (const [index, url] of (written.org ?? []).entries()) {
    const problem = problemOfUrl(url, { path: false, insecureLoopback });
    const at = (written.org ?? []).length === 1 ? [...base, "org"] : [...base, "org", index];
    if (problem !== undefined) findings.push(finding("value", at, problem.message, problem.hint));
  }
  const transmitter = written.ssf?.issuer;
  const wrong =
    transmitter === undefined ? undefined : problemOfUrl(transmitter, { path: true, insecureLoopback });
  if (wrong !== undefined)
    findings.push(finding("value", [...base, "ssf", "issuer"], wrong.message, wrong.hint));
  if (written.org === undefined && origins.length > 1) {
    findings.push(
      finding(
        "value",
        base,
        `the issuers are at ${origins.join(" and ")}: which org speaks is not said`,
        "add org: the URL of the org whose word counts here, and its custom domains",
      ),
    );
  }
  const own = issuers.filter(({ issuer }) => origins.includes(URL.parse(issuer)?.origin ?? ""));
  if (written.org !== undefined && own.length === 0) {
    findings.push(
      finding(
        "value",
        [...base, "org"],
        "no issuer of agents or people is at this org: its word would end nothing",
        `write where they are: ${[...new Set(issuers.map(({ issuer }) => URL.parse(issuer)?.origin ?? issuer))].join(", ")}`,
      ),
    );
  }
  return findings;
}

/**
 * @param issuers those of the agents, and of people's sign-in
 * @param consoleClient the client through which people sign in to the console
 */
export function completeSignals(
  written: Written | undefined,
  issuers: readonly Issuer[],
  consoleClient: string | undefined,
): SignalsConfiguration | undefined {
  if (written === undefined) return undefined;
  const { event_hooks: hooks, global_token_revocation: revocation, ssf, system_log: log } = written;
  const org = orgOf(written, issuers);
  return {
    org,
    ...(hooks === undefined ? {} : { eventHooks: { secret: hooks.secret } }),
    ...(revocation === undefined
      ? {}
      : {
          globalTokenRevocation: {
            clients: [
              ...new Set([...revocation.clients, ...(consoleClient === undefined ? [] : [consoleClient])]),
            ],
          },
        }),
    ...(ssf === undefined
      ? {}
      : {
          ssf: {
            issuer: ssf.issuer ?? org[0] ?? "",
            ...(ssf.audience === undefined ? {} : { audience: ssf.audience }),
            ...(ssf.authorization === undefined ? {} : { authorization: ssf.authorization }),
          },
        }),
    ...(log === undefined ? {} : { systemLog: { every: log.every } }),
  };
}
