import { inflateRawSync } from "node:zlib";
import { DOMParser } from "@xmldom/xmldom";
import { assertion, protocol } from "./names.ts";

/** What an AuthnRequest asks for. */
export interface AuthnRequest {
  readonly id: string;
  /** The service provider's entity id. */
  readonly issuer: string;
  /** Where the answer shall go; undefined leaves it to what is registered. */
  readonly acs: string | undefined;
  readonly forceAuthn: boolean;
  readonly isPassive: boolean;
}

/**
 * Reads the `SAMLRequest` parameter of the HTTP-Redirect binding (SAML Bindings 2.0, section 3.4.4.1).
 * @throws TypeError when it is not an AuthnRequest
 */
export function readAuthnRequest(parameter: string): AuthnRequest {
  const xml = inflateRawSync(Buffer.from(parameter, "base64"), { maxOutputLength: 65_536 }).toString("utf8");
  const root = new DOMParser().parseFromString(xml, "text/xml").documentElement;
  const id = root?.getAttribute("ID");
  const issuer = root?.getElementsByTagNameNS(assertion, "Issuer").item(0)?.textContent;
  if (root?.localName !== "AuthnRequest" || root.namespaceURI !== protocol || !id || !issuer)
    throw new TypeError("SAMLRequest is not an AuthnRequest");
  return {
    id,
    issuer,
    acs: root.getAttribute("AssertionConsumerServiceURL") ?? undefined,
    forceAuthn: root.getAttribute("ForceAuthn") === "true",
    isPassive: root.getAttribute("IsPassive") === "true",
  };
}
