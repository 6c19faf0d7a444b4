import type { Clock } from "../kernel/clock.ts";
import type { TrustedProvider } from "../kernel/trusted-provider.ts";
import type { Proofs } from "./proofs/proofs.ts";
import { createReverifying, type Reverifying } from "./proofs/reverifying.ts";
import { documentFetcher } from "./provider/document.ts";
import { type Fetch, providerFetch } from "./provider/transport.ts";
import { introspection, type Introspect } from "./tokens/introspection.ts";
import { providerKeys, type ProviderKeys } from "./tokens/keys.ts";
import { introspectionWatches, type ShownTokens, type Watches } from "./watches.ts";

/** One provider with all of its state; no two providers share any. */
export interface Desk {
  readonly provider: TrustedProvider;
  readonly keys: ProviderKeys;
  readonly introspect: Introspect | undefined;
  readonly watches: Watches | undefined;
  readonly reverifying: Reverifying | undefined;
}

/** What the desks of one identity work with. */
export interface DeskParts {
  readonly clock: Clock;
  /** How providers are reached; undefined: over HTTP with the provider's `ca`. */
  readonly fetch: Fetch | undefined;
  readonly proofs: Proofs;
  readonly shown: ShownTokens;
  /** Withdraws the token of a digest. */
  readonly withdraw: (digest: string) => void;
}

/**
 * Makes the providers' desks, by issuer.
 * @throws TypeError when two providers have one issuer
 */
export function createDesks(
  providers: readonly TrustedProvider[],
  { clock, fetch, proofs, shown, withdraw }: DeskParts,
): ReadonlyMap<string, Desk> {
  const desks = new Map<string, Desk>();
  for (const provider of providers) {
    if (desks.has(provider.issuer)) throw new TypeError(`two providers have the issuer ${provider.issuer}`);
    const fetchDocument = documentFetcher(fetch ?? providerFetch(provider.ca), clock);
    const keys = providerKeys(provider, fetchDocument, clock);
    const introspect = introspection(provider, keys, fetchDocument, clock, (principal, askedAt) =>
      proofs.seen({ principal }, askedAt),
    );
    const often = { every: provider.introspection?.every ?? 0, within: provider.reverify };
    const watches = introspect && introspectionWatches(introspect, often, clock, withdraw, shown);
    const reverifying =
      provider.reverify === undefined ? undefined : createReverifying(proofs, provider.reverify, clock);
    desks.set(provider.issuer, { provider, keys, introspect, watches, reverifying });
  }
  return desks;
}
