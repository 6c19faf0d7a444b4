import { CredentialError, type Credentials } from "../../gate/web/proxy/upstream.ts";
import { Secret } from "../../kernel/secret.ts";
import type { HttpTarget } from "./target.ts";

/** A token is renewed this long before it expires, milliseconds. */
const RENEW_EARLY_MS = 30_000;
const TOKEN_TIMEOUT_MS = 10_000;
/** A token endpoint's answer, bytes. */
const MAX_TOKEN_ANSWER_CHARACTERS = 65_536;

interface Token {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Asks a token endpoint for a token of the gateway's own (RFC 6749, section 4.4). */
async function fetchToken(
  oauth: NonNullable<HttpTarget["oauth"]>,
  fetcher: typeof fetch,
  now: number,
): Promise<Token> {
  const encode = (text: string): string => encodeURIComponent(text);
  const basic = `${encode(oauth.client_id)}:${encode(oauth.client_secret.reveal())}`;
  let answer: Response;
  let text: string;
  try {
    answer = await fetcher(oauth.token_url, {
      method: "POST",
      redirect: "error",
      signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS),
      headers: {
        authorization: `Basic ${Buffer.from(basic).toString("base64")}`,
        "content-type": "application/x-www-form-urlencoded",
        accept: "application/json",
      },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        ...(oauth.scope === undefined ? {} : { scope: oauth.scope }),
      }).toString(),
    });
    text = (await answer.text()).slice(0, MAX_TOKEN_ANSWER_CHARACTERS);
  } catch {
    throw new CredentialError("the token endpoint cannot be reached");
  }
  if (!answer.ok) throw new CredentialError(`the token endpoint answered ${answer.status}`);
  const { access_token: value, token_type: type, expires_in: seconds } = readToken(text);
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value) || !/^bearer$/i.test(String(type)))
    throw new CredentialError("the token endpoint gave no bearer token");
  const lasts = typeof seconds === "number" && seconds > 0 ? Math.min(seconds, 86_400) : 60;
  return { value, until: now + lasts * 1000 };
}

function readToken(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/**
 * Makes a target's credentials.
 * @param now milliseconds since the epoch
 */
export function createCredentials(
  target: HttpTarget,
  now: () => number,
  fetcher: typeof fetch = fetch,
): Credentials {
  let token: Token | undefined;
  let fetching: Promise<Token> | undefined;

  const tokenNow = async (oauth: NonNullable<HttpTarget["oauth"]>): Promise<string> => {
    if (token !== undefined && token.until - RENEW_EARLY_MS > now()) return token.value;
    // Many requests at once ask once.
    fetching ??= fetchToken(oauth, fetcher, now()).finally(() => (fetching = undefined));
    token = await fetching;
    return token.value;
  };

  /** What the configuration says by itself: made once. */
  const fixed: Record<string, string> = {};
  for (const [name, value] of Object.entries(target.headers))
    fixed[name.toLowerCase()] = value instanceof Secret ? value.reveal() : value;
  if (target.basic !== undefined) {
    const pair = `${target.basic.user}:${target.basic.password.reveal()}`;
    fixed["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
  }
  const { oauth } = target;

  return {
    headers: () =>
      oauth === undefined
        ? fixed
        : tokenNow(oauth).then((value) => ({ ...fixed, authorization: `Bearer ${value}` })),
  };
}
