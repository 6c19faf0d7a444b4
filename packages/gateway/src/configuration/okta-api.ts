import * as z from "zod";
import { KeyUnreadable, readJwtKey } from "../kernel/private-key.ts";
import type { OktaApiSettings } from "../kernel/okta-api-settings.ts";
import { secretSchema } from "../kernel/secret.ts";
import { duration } from "../kernel/durations.ts";
import { text, texts } from "./fields.ts";
import { finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { Path } from "./positions.ts";
import type { SignalsConfiguration } from "./signals.ts";

const second = 1000;
const hour = 3_600_000;

/** `identity.agents.groups_from`, as written. */
export const groupsFrom = z.enum(["directory", "okta"]).default("directory").meta({
  description:
    "Where an agent's groups are from: directory (its own token's claim, else the directory), or okta (asked at run time)",
});

/** `identity.agents.okta_api`, as written. */
export const oktaApi = z.strictObject({
  client_id: text.meta({ description: "The service app (API Services) that asks Okta's management API" }),
  key: secretSchema.meta({ description: "Its private key, PEM or JWK" }),
  key_id: text.optional().meta({ description: "The key's name at Okta (kid); left out: the JWK's own" }),
  scopes: texts(1)
    .refine((all) => all.every((one) => /^okta\.[A-Za-z.]{1,120}$/.test(one)), {
      error: "a scope of Okta's API begins with okta.",
    })
    .default(["okta.apps.read"])
    .meta({
      description:
        "The scopes that the app was granted; what no scope is named for is not asked: okta.apps.read, okta.aiAgents.read, okta.governance.resourceOwner.read, okta.groups.read",
    }),
  groups: z
    .strictObject({
      assigned: z
        .boolean()
        .default(true)
        .meta({ description: "Whether the groups assigned to the agent's app are the agent's" }),
      attribute: text
        .optional()
        .meta({ description: "The attribute of the app's profile that lists groups of the agent" }),
    })
    .prefault({}),
  max_age: duration(10 * second, hour)
    .default(300 * second)
    .meta({ description: "How old an answer may be; past that nothing new is granted" }),
});

type Written = z.output<typeof oktaApi>;

/**
 * Checks it beyond what a schema can express.
 * @param base the provider's path
 */
export function oktaApiFindings(
  from: z.output<typeof groupsFrom>,
  written: Written | undefined,
  base: Path,
): Finding[] {
  if (written === undefined) {
    if (from !== "okta") return [];
    const hint = "add okta_api: { client_id: 0oa…, key: { file: okta-api.pem } }";
    return [
      finding("value", [...base, "groups_from"], "groups are from Okta, and okta_api is missing", hint),
    ];
  }
  const findings: Finding[] = [];
  const isDeaf = !written.groups.assigned && written.groups.attribute === undefined;
  if (from === "okta" && isDeaf) {
    const hint = "set assigned: true, or name the attribute of the app's profile";
    findings.push(finding("value", [...base, "okta_api", "groups"], "no agent would be in any group", hint));
  }
  const reads = written.scopes.some((one) => /^okta\.apps\.(read|manage)$/.test(one));
  if (from === "okta" && !reads) {
    const hint = "add okta.apps.read";
    findings.push(
      finding(
        "value",
        [...base, "okta_api", "scopes"],
        "without okta.apps.read no agent's groups can be read",
        hint,
      ),
    );
  }
  // A file that is only checked may name a missing key.
  const problem = written.key.isLoaded ? problemOfKey(written.key.reveal()) : undefined;
  if (problem !== undefined) {
    const hint = "mayfly agent keygen makes one: paste its public half into the app";
    findings.push(finding("value", [...base, "okta_api", "key"], problem, hint));
  }
  return findings;
}

/** The System Log is read as a service app of its own org. */
export function systemLogFindings(
  signals: SignalsConfiguration | undefined,
  providers: readonly { readonly issuer: string; readonly okta_api?: Written | undefined }[],
): Finding[] {
  if (signals?.systemLog === undefined) return [];
  const isThere = providers.some(
    ({ issuer, okta_api: api }) => api !== undefined && signals.org.includes(URL.parse(issuer)?.origin ?? ""),
  );
  if (isThere) return [];
  const hint =
    "add okta_api: { client_id, key } to a provider of agents at the org, and grant the app okta.logs.read";
  const path = ["identity", "signals", "system_log"];
  return [
    finding("value", path, "nobody may read the System Log: no provider of the org has okta_api", hint),
  ];
}

function problemOfKey(key: string): string | undefined {
  try {
    readJwtKey(key);
    return undefined;
  } catch (thrown) {
    return thrown instanceof KeyUnreadable ? thrown.message : "this is no private key";
  }
}

export function completeOktaApi(written: Written | undefined): OktaApiSettings | undefined {
  if (written === undefined) return undefined;
  const { key_id: keyId, groups } = written;
  return {
    clientId: written.client_id,
    key: written.key,
    ...(keyId === undefined ? {} : { keyId }),
    scopes: written.scopes,
    groups: {
      assigned: groups.assigned,
      ...(groups.attribute === undefined ? {} : { attribute: groups.attribute }),
    },
    maxAge: written.max_age,
  };
}
