import { requesterKey } from "../kernel/requester.ts";
import type { Clock } from "../kernel/clock.ts";
import { bindingOf } from "./dpop/binding.ts";
import { createDesks } from "./desks.ts";
import type { Dpop } from "./dpop/dpop.ts";
import type { PresentedToken } from "./dpop/presented-token.ts";
import { issuerRefusal } from "./tokens/issuer-refusal.ts";
import { IdentityError } from "./error.ts";
import type { Identity } from "./identity.ts";
import type { Memberships } from "./memberships/memberships.ts";
import { withoutLeft } from "./memberships/principal.ts";
import { type AskedAgents, withAskedFacts } from "./okta-api/asked-facts.ts";
import { passPipeline } from "./tokens/pipeline.ts";
import { createProofs, type Proofs } from "./proofs/proofs.ts";
import type { Requester } from "../kernel/requester.ts";
import type { Verified } from "./principal.ts";
import { principalFromClaims } from "./tokens/principal-from-claims.ts";
import type { PeopleRules } from "./tokens/principal-from-claims.ts";
import type { TrustedProvider } from "../kernel/trusted-provider.ts";
import { authenticationTime, requiredTime } from "./tokens/time-claims.ts";
import type { CutOffs } from "./signals/cut-offs.ts";
import { readToken, tokenDigest } from "./tokens/token.ts";
import type { Fetch } from "./provider/transport.ts";
import { verifiedCache } from "./tokens/verified-cache.ts";
import type { VerifiedToken } from "./tokens/verified-cache.ts";
import { createShownTokens, type ShownTokens } from "./watches.ts";

export interface IdentityOptions extends PeopleRules {
  /** The authorization servers that are trusted; a token's exact `iss` chooses one. */
  readonly providers: readonly TrustedProvider[];
  readonly clock: Clock;
  /** Groups that people have left since their tokens were issued; left out: tokens are believed. */
  readonly memberships?: Pick<Memberships, "still">;
  /** What the provider has ended; left out: nothing. */
  readonly cutOffs?: Pick<CutOffs, "reasonAgainst">;
  /**
   * When the provider last confirmed each principal; outlives a reload. Left out: only what this identity itself
   * learns.
   */
  readonly proofs?: Proofs;
  /** The newest tokens shown, for introspection; outlives a reload. Left out: only those shown to this identity. */
  readonly shown?: ShownTokens;
  /**
   * Confirms an agent by a channel other than introspection, and tells `proofs`; awaited before a stale proof refuses
   * anything. May reject, and must answer in bounded time.
   */
  readonly askAgain?: (agent: Pick<Requester, "issuer" | "client">) => Promise<void>;
  /** Okta's API, by issuer, for the providers whose agents' groups are asked for there. */
  readonly okta?: (issuer: string) => AskedAgents | undefined;
  /** Checks proofs; left out: tokens that are bound to a key are refused. */
  readonly dpop?: Dpop;
  /** How providers are reached; left out, over HTTP with the provider's `ca`. */
  readonly fetch?: Fetch;
  /** Told of every refusal, for logs and metrics. */
  readonly onRefused?: (error: IdentityError) => void;
}

/**
 * Makes the identity of a gateway: verifies access tokens of one or several Okta custom authorization servers.
 * Starts nothing by itself; call `warm`, or the first token does it. `close` it when it is replaced.
 * @throws TypeError when two providers have one issuer
 */
export function createIdentity(options: IdentityOptions): Identity {
  const { clock, proofs = createProofs(options.clock), shown = createShownTokens() } = options;
  const cache = verifiedCache(clock);
  const desks = createDesks(options.providers, {
    clock,
    fetch: options.fetch,
    proofs,
    shown,
    withdraw: (digest) => cache.withdraw(digest),
  });

  async function verifyAnew(text: string): Promise<VerifiedToken> {
    const token = readToken(text);
    const issuer = token.claims["iss"];
    const desk = typeof issuer === "string" ? desks.get(issuer) : undefined;
    if (desk === undefined) throw issuerRefusal(issuer, [...desks.keys()]);
    const { provider, keys } = desk;
    const key = await passPipeline(token, { provider, keys, now: clock.wall() });
    const thumbprint = bindingOf(token.claims);
    const claimed = principalFromClaims(token.claims, provider, options);
    const expiresAt = requiredTime(token, "exp");
    const issuedAt = requiredTime(token, "iat");
    const principal = Object.freeze({ ...claimed, groupsAsOf: issuedAt });
    proofs.issued(principal, issuedAt);
    const authenticatedAt = authenticationTime(token.claims["auth_time"], clock.wall());
    return {
      verified: Object.freeze({
        principal,
        tokenDigest: token.digest,
        expiresAt,
        ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
        groupsAsOf: issuedAt,
        ...(thumbprint === undefined ? {} : { key: thumbprint }),
      }),
      issuer: provider.issuer,
      key,
      issuedAt,
    };
  }

  /** Checks that a token is presented correctly. A bearer token is bound to no key, so it passes. */
  function checkShown(
    { verified }: VerifiedToken,
    how: PresentedToken | undefined,
  ): undefined | Promise<void> {
    const { principal, tokenDigest: digest, key: thumbprint } = verified;
    if (thumbprint === undefined && how?.scheme !== "dpop") return undefined;
    const { dpop } = options;
    // RFC 9449, section 7.2: whoever does not check the proof must not take the token without it.
    if (dpop === undefined)
      throw new IdentityError(
        "token_type",
        "the access token is bound to a key (cnf), whose proof is not checked here",
        "get a bearer token: turn off DPoP for this client at the authorization server",
      );
    const token = { digest, thumbprint, principal: requesterKey(principal) };
    const asked = dpop.askIssuer(token, how);
    if (asked !== undefined) return asked.then(() => dpop.check(token, how));
    dpop.check(token, how);
    return undefined;
  }

  const onceActive =
    "once the identity provider calls it active again, log in again for a fresh access token";
  const inactive = (): IdentityError =>
    new IdentityError(
      "token_inactive",
      "the access token is no longer active",
      "it was revoked, or its owner deactivated: get a fresh access token",
    );

  async function verifyToken(
    text: string,
    introspectNow: boolean,
    how: PresentedToken | undefined,
  ): Promise<VerifiedToken> {
    const digest = tokenDigest(text);
    if (cache.isWithdrawn(digest)) throw inactive();
    const known = cache.get(
      digest,
      (token) => desks.get(token.issuer)?.keys.current(token.key.kid) === token.key,
    );
    const token = known ?? (await verifyAnew(text));
    if (known === undefined) cache.put(token);
    const proving = checkShown(token, how);
    if (proving !== undefined) await proving;
    const desk = desks.get(token.issuer);
    const { principal } = token.verified;
    const isStale = desk?.reverifying?.stale(principal) !== undefined;
    if ((introspectNow || isStale) && desk?.introspect !== undefined) {
      const active: unknown = await desk.introspect({ token: text, principal });
      if (active !== true) {
        cache.withdraw(digest);
        desk.watches?.inactive(principal, digest);
        throw inactive();
      }
    }
    // Introspection or another check may have withdrawn the principal in the meantime.
    if (cache.isWithdrawn(digest)) throw inactive();
    desk?.watches?.show(text, token);
    const stale = await prove(principal);
    if (stale !== undefined) {
      const fresh =
        "get a fresh access token: it proves that the identity provider still issues them to the agent";
      throw new IdentityError("token_stale", stale, fresh);
    }
    return token;
  }

  /** Why an agent may use nothing now; the provider is asked before it is refused. */
  async function prove(principal: Requester): Promise<string | undefined> {
    const desk = desks.get(principal.issuer);
    if (desk?.reverifying?.stale(principal) === undefined) return undefined;
    await Promise.all([desk.watches?.prove(principal), options.askAgain?.(principal).catch(() => undefined)]);
    return desk.reverifying.stale(principal);
  }

  /** The verified principal without the groups that were left since: those change while a token stays the same. */
  function now(verified: Verified): Verified {
    const { memberships, roles } = options;
    if (memberships === undefined) return verified;
    const principal = withoutLeft(verified.principal, verified.groupsAsOf, memberships, roles);
    return principal === verified.principal ? verified : Object.freeze({ ...verified, principal });
  }

  return {
    async verify(text, { introspect = false, shown: how } = {}) {
      try {
        const lent = options.dpop?.loans.find(text);
        const token = await verifyToken(lent?.token ?? text, introspect, lent?.shown ?? how);
        const cut = options.cutOffs?.reasonAgainst(token.verified.principal, token.issuedAt);
        if (cut !== undefined) throw new IdentityError("token_inactive", cut, onceActive);
        return await withAskedFacts(now(token.verified), options.okta);
      } catch (error) {
        // Any other failure is a refusal as well, and says nothing about the token.
        const refusal =
          error instanceof IdentityError
            ? error
            : new IdentityError("token_malformed", "the access token could not be read");
        options.onRefused?.(refusal);
        throw refusal;
      }
    },
    lend: (token, how) =>
      how.scheme === "dpop" && options.dpop !== undefined
        ? options.dpop.loans.lend(token, how)
        : { bearer: token, end: () => {} },
    watch(principal, withdrawn) {
      const desk = desks.get(principal.issuer);
      const ends = [
        desk?.watches?.watch(principal, withdrawn),
        desk?.reverifying?.watch(principal, (reason) => withdrawn(reason, "unproven")),
      ];
      if (principal.kind === "agent")
        ends.push(options.okta?.(principal.issuer)?.agents.watch(principal.client));
      return () => ends.forEach((end) => end?.());
    },
    prove,
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
      for (const { keys, watches, reverifying } of desks.values()) {
        keys.close();
        watches?.close();
        reverifying?.close();
      }
    },
  };
}
