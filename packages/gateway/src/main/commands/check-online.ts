import type { Configuration } from "../../configuration/types.ts";
import { oktaClient } from "../../identity/okta-api/client.ts";
import type { OktaClient, OktaQuestion } from "../../identity/okta-api/client.ts";
import { failureOf } from "../../identity/okta-api/failure.ts";
import { oktaScopes } from "../../identity/okta-api/settings.ts";
import { providerFetch } from "../../identity/provider/transport.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import { orgOf } from "../wiring/identity/okta-api.ts";

/** One question to what a configuration names, and whether it was answered. */
export interface OnlineResult {
  readonly what: string;
  /** What a pattern matches now. */
  readonly matches?: readonly string[];
  /** What went wrong; left out: it was answered. */
  readonly problem?: string;
  readonly hint?: string;
}

/** What is tried of Okta's API, by the scope that it takes: in the order in which people meet the errors. */
const questions: readonly (OktaQuestion & { readonly scope: string; readonly what: string })[] = [
  { scope: oktaScopes.apps, what: "apps and their groups", path: "/api/v1/apps?limit=1", bucket: "apps" },
  {
    scope: oktaScopes.aiAgents,
    what: "registered AI agents",
    path: "/workload-principals/api/v1/ai-agents?limit=1",
    bucket: "ai-agents",
  },
  { scope: oktaScopes.groups, what: "groups", path: "/api/v1/groups?limit=1", bucket: "groups" },
  { scope: oktaScopes.logs, what: "the System Log", path: "/api/v1/logs?limit=1", bucket: "logs" },
];

async function tryOut(okta: OktaClient, what: string, question: OktaQuestion): Promise<OnlineResult> {
  try {
    await okta.page(question);
    return { what };
  } catch (thrown) {
    const { message, hint } = failureOf(thrown);
    return { what, problem: message, ...(hint === undefined ? {} : { hint }) };
  }
}

/** Asks Okta's API of every provider that has `okta_api` what the gateway would ask it. Never rejects. */
export async function checkOnline(
  { identity }: Configuration,
  clock: Clock,
): Promise<readonly OnlineResult[]> {
  const results: OnlineResult[] = [];
  for (const { issuer, oktaApi: settings, ca } of identity.agents) {
    if (settings === undefined) continue;
    const org = orgOf(issuer);
    const fetch = providerFetch(ca);
    const readsLog = identity.signals?.systemLog !== undefined && identity.signals.org.includes(org);
    const agents = oktaClient({ org, settings, scopes: settings.scopes, fetch, clock });
    const log = oktaClient({ org, settings, scopes: [oktaScopes.logs], fetch, clock });
    for (const { scope, what, ...question } of questions) {
      const isLog = scope === oktaScopes.logs;
      if (isLog ? !readsLog : !settings.scopes.includes(scope)) continue;
      results.push(await tryOut(isLog ? log : agents, `${org}: ${what}`, question));
    }
  }
  return results;
}

/** How long one connection's database may take to answer for an operation, milliseconds. */
const MAX_FINDING_MS = 30_000;

/** Asks targets what operations come to there now: what patterns match, and what no session would be granted. Never rejects. */
export async function checkScopes(
  { connections }: Configuration,
  protocols: readonly AnyProtocol[],
): Promise<readonly OnlineResult[]> {
  const results: OnlineResult[] = [];
  for (const { name, kind, target, operations } of connections.values()) {
    const protocol = protocols.find((each) => each.kind === kind);
    for (const operation of operations.values()) {
      const what = `${name}/${operation.name}`;
      try {
        const signal = AbortSignal.timeout(MAX_FINDING_MS);
        const findings = (await protocol?.findings?.(target, operation.scope, signal)) ?? [];
        for (const { what: member, ...found } of findings)
          results.push({
            what: `${what}: ${member}`,
            ...("names" in found ? { matches: found.names } : found),
          });
      } catch (thrown) {
        results.push({ what, problem: messageOf(thrown) });
      }
    }
  }
  return results;
}
