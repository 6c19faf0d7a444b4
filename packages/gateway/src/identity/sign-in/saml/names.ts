/** Names of SAML 2.0 and XML Signature, and the accepted algorithms. */
export const protocol = "urn:oasis:names:tc:SAML:2.0:protocol";
export const assertion = "urn:oasis:names:tc:SAML:2.0:assertion";
export const metadata = "urn:oasis:names:tc:SAML:2.0:metadata";
export const signature = "http://www.w3.org/2000/09/xmldsig#";
export const schemaInstance = "http://www.w3.org/2001/XMLSchema-instance";
export const redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
export const postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
export const bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
export const success = "urn:oasis:names:tc:SAML:2.0:status:Success";
export const entityFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
export const transientFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
export const exclusiveC14n = "http://www.w3.org/2001/10/xml-exc-c14n#";
export const enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/**
 * The accepted signature algorithms, all of them RSA: the library verifies no elliptic curves. SHA-1, HMAC and the others
 * that the library would accept are left out.
 */
export const signatureAlgorithms: ReadonlySet<string> = new Set([
  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
  "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
]);

/** The accepted digests, each with its length in bytes. */
export const digestAlgorithms: ReadonlyMap<string, number> = new Map([
  ["http://www.w3.org/2001/04/xmlenc#sha256", 32],
  ["http://www.w3.org/2001/04/xmlenc#sha512", 64],
]);
