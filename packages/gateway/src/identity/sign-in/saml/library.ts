import type { SamlConfig } from "@node-saml/node-saml";

/** Imported at the first sign-in by SAML: the library needs a tenth of a second to load. */
const load = async () => import("@node-saml/node-saml");

/** The two parties. */
export interface Parties {
  /** Our entity id. */
  readonly sp: string;
  readonly acs: string;
  /** Where AuthnRequests go. */
  readonly ssoUrl: string;
  /** PEM certificates from the operator's file; a signature by any of them is accepted. */
  readonly certificates: readonly string[];
}

function settings(parties: Parties): SamlConfig {
  return {
    issuer: parties.sp,
    audience: parties.sp,
    callbackUrl: parties.acs,
    entryPoint: parties.ssoUrl,
    idpCert: [...parties.certificates],
    wantAssertionsSigned: true,
    // The provider chooses the method: a demand for a password would exclude passkeys.
    disableRequestedAuthnContext: true,
    identifierFormat: null,
    // Our own checks compare times, with the injected clock.
    acceptedClockSkewMs: -1,
  };
}

/**
 * The provider's address, with an AuthnRequest in its query (HTTP-Redirect binding).
 * @param force ForceAuthn: the provider authenticates the person again
 */
export async function authnRequestUrl(
  parties: Parties,
  request: { readonly id: string; readonly relayState: string; readonly force: boolean },
): Promise<string> {
  const { SAML } = await load();
  const saml = new SAML({
    ...settings(parties),
    forceAuthn: request.force,
    generateUniqueId: () => request.id,
  });
  return saml.getAuthorizeUrlAsync(request.relayState, undefined, {});
}

/**
 * Verifies the assertion's signature, and the response's where there is one.
 * @param xml the response
 * @param expected.requestId the request that it answers; undefined where it answers none
 * @param expected.signedTwice whether the response is signed as well
 * @returns the assertion from the signed bytes
 * @throws the library's errors, whose messages quote the document
 */
export async function verifiedAssertion(
  parties: Parties,
  xml: string,
  expected: { readonly requestId: string | undefined; readonly signedTwice: boolean },
): Promise<string> {
  const { SAML, ValidateInResponseTo } = await load();
  const { requestId } = expected;
  const saml = new SAML({
    ...settings(parties),
    wantAuthnResponseSigned: expected.signedTwice,
    validateInResponseTo: requestId === undefined ? ValidateInResponseTo.never : ValidateInResponseTo.always,
    // The only known request is the one of this browser's sign-in. Its age is checked elsewhere.
    cacheProvider: {
      saveAsync: async () => null,
      getAsync: async (key) => (key === requestId ? new Date().toISOString() : null),
      removeAsync: async () => null,
    },
  });
  const { profile } = await saml.validatePostResponseAsync({
    SAMLResponse: Buffer.from(xml, "utf8").toString("base64"),
  });
  const verified = profile?.getAssertionXml?.();
  if (verified === undefined || verified === "") throw new Error("nothing was verified");
  return verified;
}
