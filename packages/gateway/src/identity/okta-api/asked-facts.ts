import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";
import { agentsInChain } from "../actor-chain.ts";
import type { Verified } from "../principal.ts";
import type { KnownAgent } from "./agent-memory.ts";
import type { OktaAgents } from "./agents.ts";
import { withOktaFacts } from "./principal.ts";
import { mayAsk, oktaScopes } from "./settings.ts";

/** Agents whose groups and state are asked for at Okta's API. */
export interface AskedAgents {
  readonly agents: Pick<OktaAgents, "ask" | "watch">;
  readonly settings: Pick<OktaApiSettings, "scopes">;
}

/**
 * An agent with the groups that Okta says it has now.
 * @param okta Okta's API, by issuer; undefined: none is asked
 */
export async function withAskedFacts(
  verified: Verified,
  okta: ((issuer: string) => AskedAgents | undefined) | undefined,
): Promise<Verified> {
  const { principal } = verified;
  if (principal.groupsFrom !== "okta") return verified;
  const api = okta?.(principal.issuer);
  const unasked: KnownAgent = { isKnown: false, why: "Okta's API is not asked here" };
  const known = (await api?.agents.ask(principal.client)) ?? unasked;
  const { settings, agents } = api ?? { settings: { scopes: [] } };
  const behind = mayAsk(settings, oktaScopes.owners) ? agentsInChain(principal) : [];
  const others = await Promise.all(behind.map(async (client) => (await agents?.ask(client)) ?? unasked));
  const found = withOktaFacts(principal, known, settings, others);
  return Object.freeze({ ...verified, principal: found });
}
