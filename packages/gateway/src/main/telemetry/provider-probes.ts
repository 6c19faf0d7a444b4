import type { ConnectionHealth } from "../../api/services.ts";
import type { IdentityConfiguration } from "../../configuration/types.ts";
import { discoveryDocument } from "../../identity/provider/discovery.ts";
import { documentFetcher } from "../../identity/provider/document.ts";
import { type Fetch, providerFetch } from "../../identity/provider/transport.ts";
import type { Clock } from "../../kernel/clock.ts";
import { createProbing, type Probing, type ProbeTarget } from "./probing.ts";

export interface ProviderProbesParts {
  readonly clock: Clock;
  /** The identity in force: asked at every look. */
  readonly identity: () => Pick<IdentityConfiguration, "agents" | "people">;
  /** Told when a provider goes down, or is up again after that. */
  readonly turned: (issuer: string, health: ConnectionHealth) => void;
  /** How providers are reached; left out: over HTTP, with the CA that the configuration names. */
  readonly reach?: (ca: string | undefined) => Fetch;
  readonly random?: () => number;
}

/** Milliseconds. A document that Okta lets everybody read; keys and sign-in notice by themselves what they need. */
const PACE = { first: 2000, every: 60_000 };

/** The issuers of agents' tokens, and that of people where they sign in through OpenID Connect; each once. */
export function issuersOf({ agents, people }: Pick<IdentityConfiguration, "agents" | "people">): readonly {
  readonly issuer: string;
  readonly ca?: string | undefined;
  readonly allowInsecureLoopback: boolean;
}[] {
  const all = [...agents, ...(people.oidc === undefined ? [] : [people.oidc])];
  return all.filter(({ issuer }, index) => all.findIndex((one) => one.issuer === issuer) === index);
}

/** Starts looking at every identity provider: whether it serves its discovery document, once a minute. */
export function createProviderProbes(parts: ProviderProbesParts): Probing {
  const { clock, turned } = parts;
  const reach = parts.reach ?? providerFetch;
  const targets = (): readonly ProbeTarget[] =>
    issuersOf(parts.identity()).map((provider) => ({
      name: provider.issuer,
      identity: provider.ca ?? "",
      async probe(signal) {
        const started = clock.monotonic();
        const fetch: Fetch = (url, request) =>
          reach(provider.ca)(url, { ...request, signal: AbortSignal.any([request.signal, signal]) });
        await discoveryDocument(provider, documentFetcher(fetch, clock));
        return { milliseconds: clock.monotonic() - started };
      },
    }));
  return createProbing({ clock, targets, pace: PACE, turned, random: parts.random });
}
