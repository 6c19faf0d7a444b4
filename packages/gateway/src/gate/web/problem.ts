import { STATUS_CODES } from "node:http";
import { proofAlgorithms } from "../../identity/tokens/algorithms.ts";
import type { DpopChallenge } from "../../identity/dpop/error.ts";
import type { SessionRefused } from "../gate.ts";
import type { Denial, Remedy } from "../protocol.ts";

/** An answer of the gateway's own to a request over HTTP: a problem (RFC 9457). */
export interface LocalReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a problem says. */
export interface ProblemText {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  /** The rule that refused, of a denial. */
  readonly rule?: string;
  /** The remedy of a denial. */
  readonly remedy?: Remedy;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Headers of the gateway's own answers. Relayed answers never have them: every upstream header whose name begins with
 * `mayfly-` is removed. They tell a client who is answering, whatever the body looks like.
 */
export const OWN_PROBLEM = "mayfly-problem";
/** What can help, of a denial. */
export const OWN_REMEDY = "mayfly-remedy";

/** The headers of an own answer. @param code the problem's */
export function ownHeaders(code: string, remedy?: Remedy): Record<string, string> {
  return { [OWN_PROBLEM]: code, ...(remedy === undefined ? {} : { [OWN_REMEDY]: remedy }) };
}

/** A problem as application/problem+json (RFC 9457), in the same form as the API's. */
export function problem(text: ProblemText): LocalReply {
  const body = JSON.stringify({
    type: `urn:mayfly:problem:${text.code}`,
    title: STATUS_CODES[text.status] ?? "Error",
    status: text.status,
    detail: text.detail,
    code: text.code,
    ...(text.hint === undefined ? {} : { hint: text.hint }),
    ...(text.rule === undefined ? {} : { rule: text.rule }),
    ...(text.remedy === undefined ? {} : { remedy: text.remedy }),
  });
  return {
    status: text.status,
    headers: {
      "content-type": "application/problem+json",
      "content-length": String(Buffer.byteLength(body)),
      "cache-control": "no-store",
      ...ownHeaders(text.code, text.remedy),
      ...text.headers,
    },
    body,
  };
}

/** The answer to an act that was denied: which rule, and how to ask. */
export function denied(denial: Denial): LocalReply {
  return problem({
    status: 403,
    code: "denied",
    detail: denial.message,
    hint: denial.hint,
    rule: denial.rule,
    remedy: denial.remedy,
  });
}

/** The path of the protected resource's metadata (RFC 9728, section 3). */
export const resourceMetadataPath = "/.well-known/oauth-protected-resource";

/**
 * The challenge of a 401 (RFC 6750, section 3; RFC 9728, section 5.1).
 * @param url the gateway's
 * @param error left out when the request carried no token at all
 * @param metadata the path of the resource's metadata, where it has a form of its own
 */
export function challenge(url: string, error?: string, metadata: string = resourceMetadataPath): string {
  const parts = [`Bearer realm="mayfly"`, `resource_metadata="${url}${metadata}"`];
  if (error !== undefined) {
    parts.push(`error="invalid_token"`, `error_description="${described(error)}"`);
  }
  return parts.join(", ");
}

/**
 * The headers of a 401 for a token that was presented wrongly (RFC 9449, sections 7.1 and 9).
 * @param metadata the path of the resource's metadata, where it has a form of its own
 */
export function dpopHeaders(
  url: string,
  { error, nonce }: DpopChallenge,
  words: string,
  metadata: string = resourceMetadataPath,
): Record<string, string> {
  const parts = [
    `DPoP realm="mayfly"`,
    `resource_metadata="${url}${metadata}"`,
    `algs="${Object.keys(proofAlgorithms).join(" ")}"`,
    `error="${error}"`,
    `error_description="${described(words)}"`,
  ];
  return {
    "www-authenticate": parts.join(", "),
    ...(nonce === undefined ? {} : { "dpop-nonce": nonce }),
  };
}

/** The headers of the 401 of a refusal. */
export function challengeHeaders(
  { challenge: dpop, denial }: SessionRefused,
  url: string,
): Record<string, string> {
  return dpop === undefined
    ? { "www-authenticate": challenge(url, denial.message) }
    : dpopHeaders(url, dpop, denial.message);
}

/** RFC 6750, section 3: what may stand in a description. */
function described(words: string): string {
  return words.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'");
}

/** The answer to a request whose session was refused. */
export function refusedAnswer(refusal: SessionRefused, url: string): LocalReply {
  const { code, denial } = refusal;
  const text = { detail: denial.message, hint: denial.hint, rule: denial.rule, remedy: denial.remedy };
  if (code === "unauthenticated") {
    const headers = challengeHeaders(refusal, url);
    return problem({ status: 401, code, headers, ...text });
  }
  if (code === "no_grant") return problem({ status: 403, code, ...text });
  if (code === "too_many") return problem({ status: 429, code, headers: { "retry-after": "5" }, ...text });
  return problem({ status: 503, code, headers: { "retry-after": "5" }, ...text });
}
