import type { Place } from "../../provider/discovery.ts";
import { trustedUrl } from "../../provider/discovery.ts";
import { DocumentFailure } from "../../provider/document.ts";
import type { Discover } from "../sender.ts";

/** The path of a transmitter's metadata (SSF 1.0, section 7.2.1); it stands before the issuer's own path. */
export function configurationUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/ssf-configuration${pathname === "/" ? "" : pathname}`;
}

/**
 * Finds a transmitter's keys.
 * @throws DocumentFailure when its document cannot be fetched, names another issuer, or points elsewhere
 */
export const discoverTransmitter: Discover = async (place: Place, fetchDocument) => {
  trustedUrl(place.issuer, place, "the issuer");
  const url = configurationUrl(place.issuer);
  const { value } = await fetchDocument({ url });
  const document = (typeof value === "object" && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  if (document["issuer"] !== place.issuer) throw new DocumentFailure(`${url}: it names another issuer`);
  return {
    jwksUri: trustedUrl(document["jwks_uri"], place, "jwks_uri"),
    introspectionEndpoint: undefined,
  };
};
