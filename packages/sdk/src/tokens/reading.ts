import { MayflyError } from "../errors.ts";

/** What a JWT says of itself. Nobody has verified it: good for choosing words, and for when to ask for a new one. */
export interface ReadJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Reads a JWT without verifying it; undefined when it is none. */
export function readJwt(token: string): ReadJwt | undefined {
  const [header, claims, ...rest] = token.split(".");
  if (header === undefined || claims === undefined || rest.length !== 1) return undefined;
  try {
    return { header: objectOf(header), claims: objectOf(claims) };
  } catch {
    return undefined;
  }
}

function objectOf(part: string): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("no object");
  return value as Record<string, unknown>;
}

/** When a JWT says that it expires, milliseconds since the epoch. */
export function expiryOf(token: string): number | undefined {
  const exp = readJwt(token)?.claims["exp"];
  return typeof exp === "number" ? exp * 1000 : undefined;
}

/** What Okta's *org* authorization server writes into the header of its access tokens, which are for Okta alone. */
const ORG_TOKEN_TYPE = "application/okta-internal-at+jwt";

/** Refuses an access token of the org authorization server. @throws MayflyError org_token */
export function refuseOrgToken(token: string, from: string): void {
  const read = readJwt(token);
  if (read?.header["typ"] !== ORG_TOKEN_TYPE) return;
  throw new MayflyError(
    "org_token",
    `${from} is one of Okta's org authorization server, which is for Okta's own APIs alone`,
    {
      status: 401,
      hint: "get it from a custom authorization server: Security > API > Authorization Servers shows its Issuer URI (https://ORG/oauth2/aus…), which is what --issuer wants",
    },
  );
}
