import type { AuditLog } from "../audit/log.ts";
import type { Identity } from "../identity/identity.ts";
import type { Verified } from "../identity/principal.ts";
import type { Clock } from "../kernel/clock.ts";
import { MayflyError } from "../kernel/errors.ts";
import { resourceMetadataPath } from "./discovery.ts";
import { addressKey, tokenBuckets } from "./limits.ts";
import { ApiProblem } from "./problems.ts";

/** `b64token` of RFC 6750, section 2.1, and longer than any token that a provider issues. */
const tokenGrammar = /^[A-Za-z0-9\-._~+/]+=*$/;
const longestToken = 16_384;

/**
 * The challenge of an answer with status 401 (RFC 6750, section 3; RFC 9728, section 5.1).
 * @param error left out when the request carried no token at all
 */
function challenge(url: string, error?: string): Readonly<Record<string, string>> {
  const parts = [`Bearer realm="mayfly"`, `resource_metadata="${url}${resourceMetadataPath}"`];
  if (error !== undefined)
    parts.push(
      `error="invalid_token"`,
      `error_description="${error.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'")}"`,
    );
  return { "www-authenticate": parts.join(", ") };
}

/**
 * The bearer token of a request, from the Authorization header and nowhere else.
 * @param rawHeaders names and values in turn, as they came: Node silently drops a second Authorization
 * @throws ApiProblem of status 401, or 400 when two are given
 */
export function bearerOf(rawHeaders: readonly string[], url: string): string {
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === "authorization") values.push(rawHeaders[i + 1] ?? "");
  }
  const [value] = values;
  if (value === undefined) {
    throw new ApiProblem("token_missing", 401, "the request carries no access token", howToAuthenticate, {
      headers: challenge(url),
    });
  }
  if (values.length > 1) {
    throw new ApiProblem("malformed_request", 400, "the request has two Authorization headers", "send one");
  }
  const token = /^bearer +(.*)$/i.exec(value)?.[1];
  if (token === undefined) {
    throw new ApiProblem(
      "token_missing",
      401,
      "the Authorization header is not of the scheme Bearer",
      howToAuthenticate,
      {
        headers: challenge(url),
      },
    );
  }
  if (token.length > longestToken || !tokenGrammar.test(token)) {
    throw new ApiProblem("token_malformed", 401, "the access token is malformed", howToAuthenticate, {
      headers: challenge(url, "the access token is malformed"),
    });
  }
  return token;
}

const howToAuthenticate =
  "send 'Authorization: Bearer ACCESS-TOKEN'; /.well-known/oauth-protected-resource names who issues it, and mayfly login gets one";

/**
 * Verifies a request's bearer token.
 * @throws ApiProblem with a challenge; status 503 when the provider's keys cannot be had
 */
export async function authenticate(
  identity: Identity,
  url: string,
  rawHeaders: readonly string[],
  introspect: boolean,
): Promise<Verified> {
  const token = bearerOf(rawHeaders, url);
  try {
    return await identity.verify(token, { introspect });
  } catch (thrown) {
    if (!(thrown instanceof MayflyError)) throw thrown;
    if (thrown.status !== 401) throw thrown;
    throw new ApiProblem(thrown.code, 401, thrown.message, thrown.hint ?? howToAuthenticate, {
      headers: challenge(url, thrown.message),
    });
  }
}

/** Records that somebody failed to authenticate. Never throws. */
export type RefusalRecorder = (address: string, endpoint: string, code: string) => void;

/**
 * Makes the recorder of failed authentications. A flood cannot fill the disk: one address is recorded 5 times and
 * then once a minute, all addresses together 50 times and then once in 10 s (some 4 MB a day); the next record
 * says how many were left out before it.
 */
export function refusalRecorder(log: AuditLog, clock: Clock): RefusalRecorder {
  const perAddress = tokenBuckets(clock, 1 / 60, 5, 10_000);
  const all = tokenBuckets(clock, 1 / 10, 50, 1);
  let leftOut = 0;
  return (address, endpoint, code) => {
    if (perAddress.take(addressKey(address)) > 0 || all.take("all") > 0) {
      leftOut += 1;
      return;
    }
    try {
      log.append({
        type: "authentication.refused",
        detail: {
          protocol: "https",
          address,
          endpoint,
          code,
          ...(leftOut > 0 ? { left_out_before: leftOut } : {}),
        },
      });
      leftOut = 0;
      // Not awaited: the refusal permits nothing, so nothing waits for its record.
      log.sync().catch(() => {});
    } catch {
      // The log cannot take it: whoever failed is refused all the same, and the log reports itself in readyz.
      leftOut += 1;
    }
  };
}
