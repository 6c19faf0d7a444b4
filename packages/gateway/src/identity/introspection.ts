import type { FetchDocument } from "./document.ts";
import { IdentityError } from "./error.ts";
import type { ProviderKeys } from "./keys.ts";
import type { TrustedProvider } from "./provider.ts";

/** What to look at. */
export interface ShownToken {
  readonly token: string;
  readonly subject: string;
}

/**
 * Asks the provider whether a token is still active (RFC 7662), as the configured client with client_secret_basic.
 * @returns true only for an answer that says `active: true` and does not contradict the token
 * @throws IdentityError introspection_unavailable when there is no usable answer
 */
export type Introspect = (shown: ShownToken) => Promise<boolean>;

/** The introspection of one provider; undefined where it is not configured. */
export function introspection(
  provider: TrustedProvider,
  keys: ProviderKeys,
  fetchDocument: FetchDocument,
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

  async function ask({ token, subject }: ShownToken): Promise<boolean> {
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
    const { active, sub } = answer as { active?: unknown; sub?: unknown };
    if (typeof active !== "boolean") throw unavailable();
    return active && (sub === undefined || sub === subject);
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
