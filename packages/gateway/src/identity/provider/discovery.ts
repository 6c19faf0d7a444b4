import { DocumentFailure } from "./document.ts";
import type { FetchDocument } from "./document.ts";

/** What the provider says about itself (RFC 8414; OpenID Connect Discovery 1.0), as far as it is used. */
export interface Metadata {
  readonly jwksUri: string;
  readonly introspectionEndpoint: string | undefined;
}

/** Which provider, and whether it may be http on the loopback address. */
export interface Place {
  readonly issuer: string;
  readonly allowInsecureLoopback: boolean;
}

const loopback = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Fetches the discovery document below the issuer.
 * @throws DocumentFailure when it cannot be had, names another issuer (RFC 8414, section 3.3), or points elsewhere
 */
export async function discover(place: Place, fetchDocument: FetchDocument): Promise<Metadata> {
  const document = await discoveryDocument(place, fetchDocument);
  const introspection = document["introspection_endpoint"];
  return {
    jwksUri: trustedUrl(document["jwks_uri"], place, "jwks_uri"),
    introspectionEndpoint:
      introspection === undefined ? undefined : trustedUrl(introspection, place, "introspection_endpoint"),
  };
}

/**
 * The discovery document below the issuer, whole; only its `issuer` is looked at.
 * @throws DocumentFailure when it cannot be had or names another issuer (RFC 8414, section 3.3)
 */
export async function discoveryDocument(
  place: Place,
  fetchDocument: FetchDocument,
): Promise<Readonly<Record<string, unknown>>> {
  trustedUrl(place.issuer, place, "the issuer");
  const url = `${place.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { value } = await fetchDocument({ url });
  if (typeof value !== "object" || value === null)
    throw new DocumentFailure(`${url}: it is not a JSON object`);
  const document = value as Readonly<Record<string, unknown>>;
  if (document["issuer"] !== place.issuer) throw new DocumentFailure(`${url}: it names another issuer`);
  return document;
}

/** A URL of the issuer's own origin, https (or http on the loopback address, where that is allowed). */
export function trustedUrl(value: unknown, { issuer, allowInsecureLoopback }: Place, what: string): string {
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url === null || typeof value !== "string") throw new DocumentFailure(`${what} is not a URL`);
  const insecure = url.protocol === "http:" && allowInsecureLoopback && loopback.includes(url.hostname);
  if (url.protocol !== "https:" && !insecure) throw new DocumentFailure(`${what} is not https`);
  if (url.origin !== new URL(issuer).origin)
    throw new DocumentFailure(`${what} is not on the issuer's origin`);
  if (url.username !== "" || url.password !== "") throw new DocumentFailure(`${what} holds credentials`);
  return value;
}
