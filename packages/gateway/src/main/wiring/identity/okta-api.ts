import type { Logger } from "pino";
import { plain } from "../../../configuration/freeze.ts";
import type { AgentProvider, Configuration } from "../../../configuration/types.ts";
import { agentsInChain } from "../../../identity/actor-chain.ts";
import type { AskedAgents } from "../../../identity/okta-api/asked-facts.ts";
import { oktaAgents } from "../../../identity/okta-api/agents.ts";
import type { AgentNews } from "../../../identity/okta-api/agent-news.ts";
import type { OktaAgents } from "../../../identity/okta-api/agents.ts";
import { oktaClient } from "../../../identity/okta-api/client.ts";
import type { OktaApiFailure } from "../../../identity/okta-api/failure.ts";
import { ownersOf } from "../../../identity/okta-api/principal.ts";
import { whyNotActive } from "../../../identity/okta-api/agents.ts";
import { mayAsk, oktaScopes } from "../../../identity/okta-api/settings.ts";
import type { OktaApiSettings } from "../../../kernel/okta-api-settings.ts";
import type { Proofs } from "../../../identity/proofs/proofs.ts";
import type { Signal, SignalSubject } from "../../../identity/signals/signal.ts";
import { providerFetch } from "../../../identity/provider/transport.ts";
import type { Requester } from "../../../grants/types.ts";
import { canonicalJson } from "../../../kernel/canonical.ts";
import type { Clock } from "../../../kernel/clock.ts";
import type { AgentNow } from "../requester-now.ts";

/** What is told of Okta's answers. */
export interface OktaApiEvents {
  /** Something is known of an agent that was not, or is no longer so: what it holds is judged again. */
  readonly changed: (issuer: string, client: string) => void;
  /** An agent is no longer active. */
  readonly ended: (signal: Signal) => void;
  readonly failed?: (issuer: string, client: string, failure: OktaApiFailure) => void;
}

/** Okta's API for every provider whose agents' groups are asked for there. It outlives a reload. */
export interface OktaApis {
  /** For the identity: undefined where an issuer's agents are not asked for. */
  readonly asked: (issuer: string) => AskedAgents | undefined;
  /** For the rules: see KnownNow. */
  readonly agent: (issuer: string, client: string) => AgentNow | undefined;
  readonly learn: (requester: Requester) => Promise<void>;
  /** For proofs that have become too old: asks anew whether an agent is good. */
  readonly confirm: (agent: { readonly issuer: string; readonly client: string }) => Promise<void>;
  /** For signals: what is remembered about a subject is asked for anew. */
  readonly forget: (subject: SignalSubject, issuers: readonly string[]) => Promise<void>;
  /** Issuers whose last question was not answered, with what is wrong. */
  readonly troubles: () => ReadonlyMap<string, OktaApiFailure>;
  adopt(configuration: Configuration): void;
  close(): void;
}

interface Desk {
  readonly digest: string;
  readonly provider: AgentProvider;
  readonly settings: OktaApiSettings;
  readonly agents: OktaAgents;
}

/** The org of an authorization server: its API is on the same host. */
export const orgOf = (issuer: string): string => new URL(issuer).origin;

/** Everything about a provider that its answers hang on. */
function digestOf({ issuer, oktaApi, ca, reverify }: AgentProvider): string {
  return canonicalJson(plain({ issuer, oktaApi, ca, reverify }, "value"));
}

export function createOktaApis(parts: {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly proofs?: Pick<Proofs, "seen">;
  readonly news: OktaApiEvents;
}): OktaApis {
  const { clock, proofs, news } = parts;
  let desks = new Map<string, Desk>();

  function open(provider: AgentProvider, settings: OktaApiSettings, digest: string): Desk {
    const { issuer, ca, reverify } = provider;
    const okta = oktaClient({
      org: orgOf(issuer),
      settings,
      scopes: settings.scopes,
      fetch: providerFetch(ca),
      clock,
    });
    const told: AgentNews = {
      changed: (client) => news.changed(issuer, client),
      ended: (signal) => news.ended(signal),
      proven: (client, at) => proofs?.seen({ issuers: [issuer], client }, at),
      failed: (client, failure) => news.failed?.(issuer, client, failure),
    };
    const often = reverify === undefined ? {} : { reverify };
    const agents = oktaAgents({ issuer, okta, settings, clock, ...often, news: told });
    return { digest, provider, settings, agents };
  }

  function adopt(configuration: Configuration): void {
    const next = new Map<string, Desk>();
    for (const provider of configuration.identity.agents) {
      const { issuer, oktaApi, groupsFrom } = provider;
      if (groupsFrom !== "okta" || oktaApi === undefined) continue;
      const digest = digestOf(provider);
      const before = desks.get(issuer);
      // Answers stay good where nothing changed that they hang on.
      if (before?.digest === digest) next.set(issuer, { ...before, provider });
      else next.set(issuer, open(provider, oktaApi, digest));
    }
    for (const [issuer, desk] of desks) if (next.get(issuer)?.agents !== desk.agents) desk.agents.close();
    desks = next;
  }
  adopt(parts.configuration);

  return {
    asked: (issuer) => desks.get(issuer),
    agent(issuer, client) {
      const desk = desks.get(issuer);
      if (desk === undefined) return undefined;
      const known = desk.agents.known(client);
      if (!known.isKnown) return { unknown: known.why };
      const inDirectory = desk.provider.directory.get(client)?.owner;
      const groups = whyNotActive(known.facts, desk.settings) === undefined ? known.facts.groups : [];
      return { groups, ...ownersOf(known.facts, inDirectory) };
    },
    async learn(requester) {
      const desk = desks.get(requester.issuer);
      if (desk === undefined || requester.kind !== "agent") return;
      const behind = mayAsk(desk.settings, oktaScopes.owners) ? agentsInChain(requester) : [];
      await Promise.all([requester.client, ...behind].map((client) => desk.agents.ask(client)));
    },
    async confirm({ issuer, client }) {
      await desks.get(issuer)?.agents.confirm(client);
    },
    async forget(subject, issuers) {
      await Promise.all(issuers.map(async (issuer) => desks.get(issuer)?.agents.forget(subject)));
    },
    troubles: () =>
      new Map(
        [...desks].flatMap(([issuer, { agents }]) =>
          agents.trouble === undefined ? [] : [[issuer, agents.trouble] as const],
        ),
      ),
    adopt,
    close() {
      for (const { agents } of desks.values()) agents.close();
    },
  };
}

/** Says in the log what is wrong with Okta's API: once for each new trouble, not for each question. */
export function oktaTroubleLog(logger: Logger): NonNullable<OktaApiEvents["failed"]> {
  const last = new Map<string, string>();
  return (issuer, client, failure) => {
    if (last.get(issuer) === failure.message) return;
    last.set(issuer, failure.message);
    const { kind, message, hint } = failure;
    logger.warn(
      { issuer, client, kind, problem: message, ...(hint === undefined ? {} : { hint }) },
      "Okta's API",
    );
  };
}
