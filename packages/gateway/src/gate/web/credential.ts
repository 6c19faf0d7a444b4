import type { PresentedToken } from "../../identity/dpop/presented-token.ts";
import { type KnownHeaders, readKnownHeaders } from "./request-head.ts";

/** The credential of a request: a token or a grant's secret, and how it was presented. */
export interface Credential {
  readonly token: string;
  readonly shown: PresentedToken;
}

/** Why a request has no usable credential. */
export type NoCredential = "missing" | "twice" | "scheme" | "malformed";

/** `b64token` (RFC 6750, section 2.1), no longer than any provider's tokens, behind a scheme that is taken. */
const credentialForm = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]{1,16384}=*)$/i;
const MAX_TOKEN_CHARACTERS = 16_384;
const noProofs: readonly string[] = [];

/**
 * Reads a request's credential from its Authorization header and nowhere else (RFC 6750, section 2.1; RFC 9449,
 * section 7.1). Called once a request: its proof belongs to what is returned.
 */
export function readCredential(
  request: {
    readonly method: string;
    readonly target: string;
    /** Names and values in turn, as they came: Node silently drops a second Authorization. */
    readonly rawHeaders: readonly string[];
  },
  known: Pick<KnownHeaders, "authorization" | "dpop"> = readKnownHeaders(request.rawHeaders, false),
): Credential | NoCredential {
  const { method, target } = request;
  const { authorization, dpop } = known;
  const [value] = authorization;
  if (value === undefined) return "missing";
  if (authorization.length > 1) return "twice";
  const [, scheme = "", token = ""] = credentialForm.exec(value) ?? [];
  if (token === "" || token.length > MAX_TOKEN_CHARACTERS)
    return /^(?:bearer|dpop) /i.test(value) ? "malformed" : "scheme";
  return scheme.toLowerCase() === "dpop"
    ? { token, shown: { scheme: "dpop", method, target, proofs: dpop } }
    : { token, shown: { scheme: "bearer", method, target, proofs: noProofs } };
}
