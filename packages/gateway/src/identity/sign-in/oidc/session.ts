import * as client from "openid-client";
import { deadlineAfter, remaining } from "../../../kernel/clock.ts";
import type { Clock, Deadline } from "../../../kernel/clock.ts";
import type { ProviderSession } from "../provider.ts";
import { SignInRefused } from "../problems.ts";
import { groupsFrom } from "./claims.ts";
import type { Claims } from "./claims.ts";
import { isAway } from "./fetch.ts";
import { readIdToken } from "./id-token.ts";
import type { IdToken } from "./id-token.ts";
import type { OidcSettings } from "../../../kernel/oidc-settings.ts";
import type { TokenExpectations } from "./signed-token.ts";

/** How long before its expiry a token is no longer used, milliseconds. */
const EXPIRY_MARGIN_MS = 10_000;

/** Lifetime of an access token where the provider states none, milliseconds: Okta's default. */
const DEFAULT_TOKEN_LIFETIME_MS = 3_600_000;

interface Parts {
  readonly settings: OidcSettings;
  readonly configure: () => Promise<client.Configuration>;
  readonly desk: TokenExpectations;
  readonly clock: Clock;
  /** Where the provider's sign-out sends the browser back to. */
  readonly signedOutUrl: string;
}

/** The session at the provider that a sign-in opened. */
export interface OpenedSession {
  readonly groups: readonly string[];
  /** When the provider stated these groups, milliseconds since the epoch. */
  readonly asOf: number;
  readonly userInfo: Claims | undefined;
  readonly live: ProviderSession;
}

/** One person's tokens. They stay in memory, and go nowhere but to the provider. */
interface HeldTokens {
  access: string;
  accessEnds: Deadline;
  refresh: string | undefined;
  /** Replaced at a refresh, where they come from the ID token. */
  groups: { readonly list: readonly string[]; readonly asOf: number };
}

/**
 * Makes sessions at the provider from a sign-in's tokens. Groups come from the userinfo endpoint where it states any: beside
 * an access token, Okta's ID tokens hold few claims. Where only the ID token has groups, a refresh gets a new one.
 */
export function oidcSession(parts: Parts): {
  open(tokens: client.TokenEndpointResponse, idToken: IdToken): Promise<OpenedSession>;
} {
  const { settings, configure, desk, clock, signedOutUrl } = parts;

  const endOf = (tokens: client.TokenEndpointResponse): Deadline =>
    deadlineAfter(
      clock,
      tokens.expires_in === undefined ? DEFAULT_TOKEN_LIFETIME_MS : tokens.expires_in * 1000,
    );

  async function askUserInfo(access: string, subject: string): Promise<Claims | undefined> {
    const configuration = await configure();
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return undefined;
    // OpenID Connect Core 1.0, section 5.3.4: the library compares `sub`, since the answer could be another person's.
    return client.fetchUserInfo(configuration, access, subject);
  }

  async function open(tokens: client.TokenEndpointResponse, idToken: IdToken): Promise<OpenedSession> {
    const { subject } = idToken;
    const asked = clock.wall();
    const userInfo = await askUserInfo(tokens.access_token, subject).catch((thrown: unknown): never => {
      throw isAway(thrown)
        ? new SignInRefused("provider_away", "userinfo did not answer", thrown)
        : refusedAt("userinfo", thrown);
    });
    const said = userInfo === undefined ? undefined : groupsFrom(userInfo, settings.groupsClaim);
    const inToken = groupsFrom(idToken.claims, settings.groupsClaim);
    const source =
      said !== undefined || (inToken === undefined && userInfo !== undefined) ? "userinfo" : "id_token";
    const groups =
      source === "userinfo"
        ? { list: said ?? [], asOf: asked }
        : { list: inToken ?? [], asOf: Math.min(idToken.issuedAt, asked) };
    const held: HeldTokens = {
      access: tokens.access_token,
      accessEnds: endOf(tokens),
      refresh: tokens.refresh_token,
      groups,
    };
    const configuration = await configure();
    const signOut =
      configuration.serverMetadata().end_session_endpoint === undefined
        ? undefined
        : client.buildEndSessionUrl(configuration, {
            ...(tokens.id_token === undefined ? {} : { id_token_hint: tokens.id_token }),
            post_logout_redirect_uri: signedOutUrl,
          }).href;

    /** Gets new tokens; false without a refresh token. */
    async function renew(): Promise<boolean> {
      if (held.refresh === undefined) return false;
      const renewed = await client.refreshTokenGrant(await configure(), held.refresh);
      const asOf = clock.wall();
      if (renewed.id_token !== undefined) {
        const again = await readIdToken(
          renewed.id_token,
          { subject, accessToken: renewed.access_token },
          desk,
        );
        const list = groupsFrom(again.claims, settings.groupsClaim);
        if (source === "id_token") held.groups = { list: list ?? [], asOf: Math.min(again.issuedAt, asOf) };
      }
      held.access = renewed.access_token;
      held.accessEnds = endOf(renewed);
      held.refresh = renewed.refresh_token ?? held.refresh;
      return renewed.id_token !== undefined || source === "userinfo";
    }

    async function ask(): Promise<{ list: readonly string[]; asOf: number } | undefined> {
      if (source === "id_token") return (await renew()) ? held.groups : undefined;
      if (remaining(clock, held.accessEnds) <= EXPIRY_MARGIN_MS && !(await renew())) return undefined;
      const asOf = clock.wall();
      const now = await askUserInfo(held.access, subject);
      return now === undefined ? undefined : { list: groupsFrom(now, settings.groupsClaim) ?? [], asOf };
    }

    const live: ProviderSession = {
      async groupsNow() {
        try {
          const answer = await ask();
          return answer === undefined ? undefined : { groups: answer.list, asOf: answer.asOf };
        } catch (thrown) {
          if (thrown instanceof SignInRefused) throw thrown;
          if (isAway(thrown)) throw new SignInRefused("provider_away", "the provider did not answer", thrown);
          throw refusedAt("the provider", thrown);
        }
      },
      signOutUrl: () => signOut,
    };
    return { groups: groups.list, asOf: groups.asOf, userInfo, live };
  }
  return { open };
}

/** The provider no longer knows the person, or their token. */
function refusedAt(where: string, thrown: unknown): SignInRefused {
  const code =
    thrown instanceof Error && "code" in thrown ? String(thrown.code).slice(0, 60) : "no answer to use";
  return new SignInRefused("refused", `${where}: ${code}`, thrown);
}
