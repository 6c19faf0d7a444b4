import { newSigningKey, startOktaStandIn } from "@mayfly/okta-stand-in";
import type { OktaStandIn, OktaStandInOptions } from "@mayfly/okta-stand-in";
import type { JWK } from "jose";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { FakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../../../kernel/secret.ts";
import type { Fetch } from "../../provider/transport.ts";
import { providerFetch } from "../../provider/transport.ts";
import { oktaClient } from "../client.ts";
import type { OktaClient } from "../client.ts";
import type { OktaApiSettings } from "../../../kernel/okta-api-settings.ts";

const key = await newSigningKey("RS256");
const { kty, n, e, kid } = key;
export const publicKey = { kty, n, e, kid } as JWK;
/** The private key of every client here, as a JWK in text. */
export const keyText = JSON.stringify(key);

export const allScopes = [
  "okta.apps.read",
  "okta.aiAgents.read",
  "okta.governance.resourceOwner.read",
  "okta.groups.read",
  "okta.logs.read",
];

export function settingsOf(more: Partial<OktaApiSettings> = {}): OktaApiSettings {
  return {
    clientId: "0oaGateway",
    key: new Secret(keyText),
    scopes: allScopes,
    groups: { assigned: true },
    maxAge: 300_000,
    ...more,
  };
}

/** An org with agents of every kind and a gateway that may ask; stopped by `close`. */
export interface TestOrg {
  readonly okta: OktaStandIn;
  readonly clock: FakeClock;
  /** Calls so far that reached the org, by path. */
  readonly calls: string[];
  readonly fetch: Fetch;
  client(settings?: Partial<OktaApiSettings>): OktaClient;
}

/** Starts it. The clock is a fake that begins now: the stand-in reads its own. */
export async function startOrg(options: OktaStandInOptions = {}): Promise<TestOrg> {
  const okta = await startOktaStandIn({
    agents: [
      {
        clientId: "0oaBot",
        keys: [publicKey],
        name: "bot",
        groups: ["support-agents", "night-agents"],
        profile: { mayfly_groups: ["from-profile"], tier: 2 },
      },
      { clientId: "0oaGateway", keys: [publicKey], oktaScopes: allScopes, adminRole: "SUPER_ADMIN" },
      { clientId: "0oaDpop", keys: [publicKey], oktaScopes: allScopes, adminRole: "SUPER_ADMIN", dpop: true },
      { clientId: "0oaReader", keys: [publicKey], oktaScopes: allScopes, adminRole: "READ_ONLY_ADMIN" },
      { clientId: "0oaNoRole", keys: [publicKey], oktaScopes: allScopes },
    ],
    registeredAgents: [
      {
        clientId: "wlpBot",
        keys: [publicKey],
        name: "helper",
        userAccess: {},
        groups: ["bots"],
        profile: { mayfly_groups: "one-more" },
        owners: ["rosa@example.com"],
      },
      { clientId: "wlpStaged", keys: [publicKey], status: "STAGED" },
      { clientId: "wlpAlone", keys: [publicKey], name: "alone" },
    ],
    people: [
      { login: "rosa@example.com", name: "Rosa Reviewer", groups: ["sre"], uid: "00uRosa" },
      { login: "otto@example.com", name: "Otto", groups: ["sre"], uid: "00uOtto" },
    ],
    ...options,
  });
  const clock = fakeClock(Date.now());
  const calls: string[] = [];
  const reach = providerFetch(undefined);
  const fetch: Fetch = (url, request) => {
    calls.push(new URL(url).pathname);
    return reach(url, request);
  };
  return {
    okta,
    clock,
    calls,
    fetch,
    client(more = {}) {
      const settings = settingsOf(more);
      return oktaClient({ org: okta.orgIssuer, settings, scopes: settings.scopes, fetch, clock });
    },
  };
}

/** Lets answers that are under way arrive. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !condition(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  if (!condition()) throw new Error("it did not come to pass");
}
