import type * as OpenId from "openid-client";
import type { KeptDpopKey } from "./dpop-key.ts";
import type { Proof } from "./authorization-server.ts";
import { expiryOf, refuseOrgToken } from "./reading.ts";

/** What a token endpoint gave. */
export interface IssuedToken {
  readonly accessToken: string;
  /** Milliseconds since the epoch; undefined when nobody says. */
  readonly expiresAt?: number;
  readonly refreshToken?: string;
  readonly idToken?: string;
  /** The key that the token is bound to (DPoP): whoever presents it proves that they hold it. */
  readonly dpop?: KeptDpopKey;
}

/** Reads a token endpoint's answer. @throws MayflyError org_token when the token is for Okta's own APIs */
export function issuedToken(answer: OpenId.TokenEndpointResponse, proof: Proof): IssuedToken {
  const { access_token: accessToken, expires_in: seconds, token_type: type } = answer;
  refuseOrgToken(accessToken, "the access token");
  const expiresAt = seconds === undefined ? expiryOf(accessToken) : Date.now() + seconds * 1000;
  return {
    accessToken,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
    ...(answer.id_token === undefined ? {} : { idToken: answer.id_token }),
    // A server that knows nothing of DPoP gives a bearer token, whatever it was shown (RFC 9449, section 5).
    ...(proof.key === undefined || type !== "dpop" ? {} : { dpop: proof.key }),
  };
}
