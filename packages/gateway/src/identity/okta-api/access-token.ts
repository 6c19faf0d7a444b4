import { deadlineAfter, remaining } from "../../kernel/clock.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { readJwtKey, signJwt } from "../../kernel/private-key.ts";
import { parseStrictJson } from "../../kernel/strict-json.ts";
import { readNonce } from "./dpop.ts";
import type { DpopProver } from "./dpop.ts";
import { failureOf, hintOf, OktaApiFailure } from "./failure.ts";
import type { CallHttp, HttpAnswer } from "./http-call.ts";
import type { RateGate } from "./rate-gate.ts";
import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";

/** A token for Okta's own API, and the scheme that presents it. */
export interface OktaToken {
  readonly token: string;
  readonly scheme: "Bearer" | "DPoP";
}

/** The gateway's access token at the org. */
export interface TokenSource {
  /** @throws OktaApiFailure */
  get(): Promise<OktaToken>;
  /** The API refused the token: the next `get` requests another one. */
  drop(token: OktaToken): void;
}

/** Where a token comes from, and what proves the app's identity. */
export interface TokenSourceParts {
  /** The org's URL, without a slash at its end. */
  readonly org: string;
  readonly settings: Pick<OktaApiSettings, "clientId" | "key" | "keyId">;
  readonly scopes: readonly string[];
  readonly call: CallHttp;
  readonly prover: DpopProver;
  readonly gate: RateGate;
  readonly clock: Clock;
}

/** Lifetime of an assertion, seconds; Okta accepts an hour at most. */
const ASSERTION_SECONDS = 60;
/** How long before its expiry a token is replaced, milliseconds. */
const RENEW_AHEAD_MS = 60_000;
/** Bounds a token's use, whatever lifetime the answer states, milliseconds; Okta's tokens live an hour. */
const MAX_TOKEN_MS = 86_400_000;
const MAX_TOKEN_LENGTH = 16_384;
/** Pause after a refusal, milliseconds: an immediate second try would be refused too. */
const HOLD_MS = 2000;

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/**
 * Makes the source of one token: client credentials at the *org* authorization server by private_key_jwt, always with a
 * DPoP proof, so that it works whether or not the app demands one.
 */
export function tokenSource(parts: TokenSourceParts): TokenSource {
  const { org, settings, scopes, call, prover, gate, clock } = parts;
  const url = `${org}/oauth2/v1/token`;
  let held: { readonly token: OktaToken; readonly until: Deadline } | undefined;
  let refused: { readonly failure: OktaApiFailure; readonly until: number } | undefined;
  let asking: Promise<OktaToken> | undefined;
  let nonce: string | undefined;

  function post(): Promise<HttpAnswer> {
    const key = readJwtKey(settings.key.reveal());
    const { clientId, keyId = key.keyId } = settings;
    const now = Math.floor(clock.wall() / 1000);
    const claims = { iss: clientId, sub: clientId, aud: url, iat: now, exp: now + ASSERTION_SECONDS };
    const { keyId: _, ...unnamed } = key;
    const assertion = signJwt(keyId === undefined ? unnamed : { ...key, keyId }, claims);
    return call({
      method: "POST",
      url,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        dpop: prover.proof("POST", url, nonce),
      },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        scope: scopes.join(" "),
        client_assertion_type: assertionType,
        client_assertion: assertion,
      }).toString(),
    });
  }

  async function ask(): Promise<OktaToken> {
    gate.enter("the token endpoint");
    let answer = await post();
    const said = readNonce(answer.header("dpop-nonce"));
    if (said !== undefined) nonce = said;
    // A fresh assertion goes with the fresh nonce: its `jti` works once.
    if (answer.status === 400 && said !== undefined && errorOf(answer) === "use_dpop_nonce")
      answer = await post();
    gate.feed("the token endpoint", answer);
    const { token, seconds } = readToken(answer);
    const ms = Math.min(seconds * 1000, MAX_TOKEN_MS);
    held = { token, until: deadlineAfter(clock, ms - Math.min(RENEW_AHEAD_MS, ms / 2)) };
    return token;
  }

  return {
    async get() {
      if (held !== undefined && remaining(clock, held.until) > 0) return held.token;
      held = undefined;
      if (refused !== undefined && refused.until > clock.monotonic()) throw refused.failure;
      asking ??= ask()
        .catch((thrown: unknown) => {
          const failure = failureOf(thrown);
          refused = { failure, until: clock.monotonic() + HOLD_MS };
          throw failure;
        })
        .finally(() => {
          asking = undefined;
        });
      return asking;
    },
    drop(token) {
      if (held?.token === token) held = undefined;
    },
  };
}

function jsonOf({ text }: HttpAnswer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseStrictJson(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The error code of a token endpoint's answer (RFC 6749, section 5.2). */
function errorOf(answer: HttpAnswer): string | undefined {
  const error = jsonOf(answer)?.["error"];
  return typeof error === "string" && /^[a-z_]{1,40}$/.test(error) ? error : undefined;
}

function readToken(answer: HttpAnswer): { readonly token: OktaToken; readonly seconds: number } {
  if (answer.status !== 200) {
    const code = errorOf(answer);
    const isRefusal = answer.status >= 400 && answer.status < 500;
    throw new OktaApiFailure(
      isRefusal ? "refused" : "away",
      `Okta gave the gateway no token for its API: ${code ?? `status ${answer.status}`}`,
      { hint: hintOf(code) },
    );
  }
  const unreadable = (): OktaApiFailure =>
    new OktaApiFailure("away", "Okta's answer with a token for its API cannot be read");
  const value = jsonOf(answer);
  const { access_token: token, token_type: type, expires_in: seconds } = value ?? {};
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token) || token.length > MAX_TOKEN_LENGTH)
    throw unreadable();
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds <= 0) throw unreadable();
  const scheme = typeof type === "string" ? schemes[type.toLowerCase()] : undefined;
  if (scheme === undefined) throw unreadable();
  return { token: { token, scheme }, seconds };
}

/** `token_type` is compared without case (RFC 6749, section 7.1). */
const schemes: Readonly<Record<string, OktaToken["scheme"]>> = { bearer: "Bearer", dpop: "DPoP" };
