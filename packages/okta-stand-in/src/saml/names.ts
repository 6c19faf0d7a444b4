/** The names that SAML 2.0 and XML Signature give to things. */
export const protocol = "urn:oasis:names:tc:SAML:2.0:protocol";
export const assertion = "urn:oasis:names:tc:SAML:2.0:assertion";
export const metadata = "urn:oasis:names:tc:SAML:2.0:metadata";
export const signature = "http://www.w3.org/2000/09/xmldsig#";
export const redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
export const postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
export const bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
export const success = "urn:oasis:names:tc:SAML:2.0:status:Success";
export const exclusiveC14n = "http://www.w3.org/2001/10/xml-exc-c14n#";
export const enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
export const rsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
export const rsaSha512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
export const rsaPssSha256 = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
export const rsaSha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
export const sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
export const sha512 = "http://www.w3.org/2001/04/xmlenc#sha512";
export const sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";

/** The formats that Okta offers for a NameID. */
export const nameIdFormats = {
  unspecified: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
  emailAddress: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
  persistent: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
} as const;
