import type { Clock } from "../../kernel/clock.ts";
import type { FetchDocument } from "../provider/document.ts";
import { IdentityError } from "../error.ts";
import type { ProviderKeys } from "./keys.ts";
import type { ProofHolder } from "../proofs/proofs.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";

/** What to look at. */
export interface ShownToken {
  readonly token: string;
  /** Whose it is. */
  readonly principal: ProofHolder;
}

/**
 * Asks the provider whether a token is still active (RFC 7662), as the configured client with client_secret_basic.
 * @returns true only for an answer that says `active: true` and does not contradict the token
 * @throws IdentityError introspection_unavailable when there is no usable answer
 */
export type Introspect = (shown: ShownToken) => Promise<boolean>;

/**
 * The introspection of one provider; undefined where it is not configured.
 * @param active told whose token is still active, and when that was asked, on the monotonic clock
 */
export function introspection(
  provider: TrustedProvider,
  keys: ProviderKeys,
  fetchDocument: FetchDocument,
  clock: Clock,
  active: (principal: ProofHolder, askedAt: number) => void,
): Introspect | undefined {
  if (provider.introspection === undefined) return undefined;
  const settings = provider.introspection;
  const asking = new Map<string, Promise<boolean>>();
  // Many requests with one token at once ask once.
  return (shown) => {
    const underWay = asking.get(shown.token);
    if (underWay !== undefined) return underWay;
    const answer = ask(shown).finally(() => asking.delete(shown.token));
    asking.set(shown.token, answer);
    return answer;
  };

  async function ask({ token, principal }: ShownToken): Promise<boolean> {
    const askedAt = clock.monotonic();
    let answer: unknown;
    try {
      const { introspectionEndpoint } = await keys.metadata();
      if (introspectionEndpoint === undefined) throw unavailable();
      const { value } = await fetchDocument({
        url: introspectionEndpoint,
        form: new URLSearchParams({ token, token_type_hint: "access_token" }),
        authorization: basic(settings.clientId, settings.clientSecret.reveal()),
      });
      answer = value;
    } catch {
      throw unavailable();
    }
    if (typeof answer !== "object" || answer === null) throw unavailable();
    const { active: isActive, sub } = answer as { active?: unknown; sub?: unknown };
    if (typeof isActive !== "boolean") throw unavailable();
    if (!isActive || (sub !== undefined && sub !== principal.subject)) return false;
    active(principal, askedAt);
    return true;
  }
}

/** An HTTP Basic header from form-encoded parts (RFC 6749, section 2.3.1). */
function basic(clientId: string, clientSecret: string): string {
  const encode = (part: string): string => new URLSearchParams({ part }).toString().slice("part=".length);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString("base64")}`;
}

function unavailable(): IdentityError {
  return new IdentityError(
    "introspection_unavailable",
    "the identity provider cannot be asked whether the access token is still active",
    "try again in a moment",
  );
}
