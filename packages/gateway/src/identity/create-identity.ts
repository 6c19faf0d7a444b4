import type { Clock } from "../kernel/clock.ts";
import { documentFetcher } from "./document.ts";
import { IdentityError } from "./error.ts";
import type { Identity } from "./identity.ts";
import { introspection } from "./introspection.ts";
import type { Introspect } from "./introspection.ts";
import { providerKeys } from "./keys.ts";
import type { ProviderKeys } from "./keys.ts";
import { passPipeline } from "./pipeline.ts";
import { principalFromClaims } from "./principal-from-claims.ts";
import type { PeopleRules } from "./principal-from-claims.ts";
import type { TrustedProvider } from "./provider.ts";
import { authenticationTime, requiredTime } from "./time-claims.ts";
import { readToken, tokenDigest } from "./token.ts";
import { providerFetch } from "./transport.ts";
import type { Fetch } from "./transport.ts";
import { verifiedCache } from "./verified-cache.ts";
import type { VerifiedToken } from "./verified-cache.ts";
import { introspectionWatches } from "./watches.ts";
import type { Watches } from "./watches.ts";

export interface IdentityOptions extends PeopleRules {
  /** The authorization servers that are trusted; a token's exact `iss` chooses one. */
  readonly providers: readonly TrustedProvider[];
  readonly clock: Clock;
  /** How providers are reached; left out, over HTTP with the provider's `ca`. */
  readonly fetch?: Fetch;
  /** Told of every refusal, for logs and metrics. */
  readonly onRefused?: (error: IdentityError) => void;
}

/** One provider with everything that is kept for it; nothing is shared between two. */
interface Desk {
  readonly provider: TrustedProvider;
  readonly keys: ProviderKeys;
  readonly introspect: Introspect | undefined;
  readonly watches: Watches | undefined;
}

/**
 * Makes the identity of a gateway: verifies access tokens of one or several Okta custom authorization servers.
 * Starts nothing by itself; call `warm`, or the first token does it. `close` it when it is replaced.
 * @throws TypeError when two providers have one issuer
 */
export function createIdentity(options: IdentityOptions): Identity {
  const { clock } = options;
  const cache = verifiedCache(clock);
  const desks = new Map<string, Desk>();
  for (const provider of options.providers) {
    if (desks.has(provider.issuer)) throw new TypeError(`two providers have the issuer ${provider.issuer}`);
    const fetchDocument = documentFetcher(options.fetch ?? providerFetch(provider.ca), clock);
    const keys = providerKeys(provider, fetchDocument, clock);
    const introspect = introspection(provider, keys, fetchDocument);
    const every = provider.introspection?.every ?? 0;
    const watches =
      introspect && introspectionWatches(introspect, every, clock, (digest) => cache.withdraw(digest));
    desks.set(provider.issuer, { provider, keys, introspect, watches });
  }

  async function verifyAnew(text: string): Promise<VerifiedToken> {
    const token = readToken(text);
    const issuer = token.claims["iss"];
    const desk = typeof issuer === "string" ? desks.get(issuer) : undefined;
    if (desk === undefined) {
      throw new IdentityError(
        "token_issuer",
        "the access token's issuer is not trusted here",
        "get the access token from the custom authorization server that this gateway is configured for; the issuer is compared exactly",
      );
    }
    const { provider, keys } = desk;
    const key = await passPipeline(token, { provider, keys, now: clock.wall() });
    const principal = principalFromClaims(token.claims, provider, options);
    const expiresAt = requiredTime(token, "exp");
    const issuedAt = requiredTime(token, "iat");
    const authenticatedAt = authenticationTime(token.claims["auth_time"], clock.wall());
    return {
      verified: Object.freeze({
        principal,
        tokenDigest: token.digest,
        expiresAt,
        ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
        groupsAsOf: issuedAt,
      }),
      issuer: provider.issuer,
      key,
      issuedAt,
    };
  }

  const inactive = (): IdentityError =>
    new IdentityError(
      "token_inactive",
      "the access token is no longer active",
      "it was revoked, or its owner deactivated: get a fresh access token",
    );

  async function verifyToken(text: string, introspectNow: boolean): Promise<VerifiedToken> {
    const digest = tokenDigest(text);
    if (cache.isWithdrawn(digest)) throw inactive();
    const known = cache.get(
      digest,
      (token) => desks.get(token.issuer)?.keys.current(token.key.kid) === token.key,
    );
    const token = known ?? (await verifyAnew(text));
    if (known === undefined) cache.put(token);
    const desk = desks.get(token.issuer);
    if (introspectNow && desk?.introspect !== undefined) {
      const { subject } = token.verified.principal;
      const active: unknown = await desk.introspect({ token: text, subject });
      if (active !== true) {
        cache.withdraw(digest);
        desk.watches?.inactive(token.verified.principal, digest);
        throw inactive();
      }
    }
    // Introspection or another look may have withdrawn it while this one waited.
    if (cache.isWithdrawn(digest)) throw inactive();
    desk?.watches?.show(text, token);
    return token;
  }

  return {
    async verify(text, { introspect = false } = {}) {
      try {
        return (await verifyToken(text, introspect)).verified;
      } catch (error) {
        // Whatever else went wrong is a refusal as well, and says nothing about the token.
        const refusal =
          error instanceof IdentityError
            ? error
            : new IdentityError("token_malformed", "the access token could not be read");
        options.onRefused?.(refusal);
        throw refusal;
      }
    },
    watch(principal, withdrawn) {
      return desks.get(principal.issuer)?.watches?.watch(principal, withdrawn) ?? (() => {});
    },
    unknown: (principal) => desks.get(principal.issuer)?.watches?.unknown(principal),
    async warm() {
      await Promise.all([...desks.values()].map(({ keys }) => keys.warm()));
    },
    get unavailable() {
      const reasons = [...desks.values()].map(({ keys }) => keys.unavailable);
      // One provider that is away does not stop the tokens of another.
      return reasons.includes(undefined) ? undefined : reasons.join("; ") || "no provider is configured";
    },
    close() {
      for (const { keys, watches } of desks.values()) {
        keys.close();
        watches?.close();
      }
    },
  };
}
