import { STATUS_CODES } from "node:http";
import type { Refusal } from "../gate.ts";
import type { Denial, Remedy } from "../protocol.ts";

/** An answer of the gateway's own to a request over HTTP: a problem (RFC 9457). */
export interface Answer {
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
  /** What can help, of a denial. */
  readonly remedy?: Remedy;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Headers that the gateway's own answers have, and nothing that it relays: what comes from upstream loses every header
 * whose name begins with `mayfly-`. A client tells by them who speaks, whatever the body looks like.
 */
export const OWN_PROBLEM = "mayfly-problem";
/** What can help, of a denial. */
export const OWN_REMEDY = "mayfly-remedy";

/** The headers of an own answer. @param code the problem's */
export function ownHeaders(code: string, remedy?: Remedy): Record<string, string> {
  return { [OWN_PROBLEM]: code, ...(remedy === undefined ? {} : { [OWN_REMEDY]: remedy }) };
}

/** A problem as application/problem+json (RFC 9457), in the same form as the API's. */
export function problem(text: ProblemText): Answer {
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
export function denied(denial: Denial): Answer {
  return problem({
    status: 403,
    code: "denied",
    detail: denial.message,
    hint: denial.hint,
    rule: denial.rule,
    remedy: denial.remedy,
  });
}

/** The challenge of a 401 (RFC 6750, section 3; RFC 9728, section 5.1). @param url the gateway's */
export function challenge(url: string, error?: string): string {
  const parts = [`Bearer realm="mayfly"`, `resource_metadata="${url}/.well-known/oauth-protected-resource"`];
  if (error !== undefined) {
    // RFC 6750, section 3: what may stand in a description.
    const text = error.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'");
    parts.push(`error="invalid_token"`, `error_description="${text}"`);
  }
  return parts.join(", ");
}

/** The answer to a request whose session was refused. */
export function refusedAnswer(refusal: Refusal, url: string): Answer {
  const { code, refused } = refusal;
  const text = {
    detail: refused.message,
    hint: refused.hint,
    rule: refused.rule,
    remedy: refused.remedy,
  };
  if (code === "unauthenticated") {
    const headers = { "www-authenticate": challenge(url, refused.message) };
    return problem({ status: 401, code, headers, ...text });
  }
  if (code === "no_grant") return problem({ status: 403, code, ...text });
  return problem({ status: 503, code, headers: { "retry-after": "5" }, ...text });
}
