import type { SamlConfig } from "@node-saml/node-saml";

/** Imported when somebody signs in by SAML, which is seldom elsewhere: the library takes a tenth of a second to load. */
const load = async () => import("@node-saml/node-saml");

/** Who talks to whom. */
export interface Parties {
  /** Our entity id. */
  readonly sp: string;
  readonly acs: string;
  /** Where AuthnRequests go. */
  readonly ssoUrl: string;
  /** PEM certificates out of the operator's file; a signature by any of them counts. */
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
    // Providers choose what they support; a demand for a password would lock passkeys out.
    disableRequestedAuthnContext: true,
    identifierFormat: null,
    // Times are checked by ours, on the clock that is injected.
    acceptedClockSkewMs: -1,
  };
}

/**
 * The provider's address with an AuthnRequest in it (HTTP-Redirect binding).
 * @param force ForceAuthn: the provider asks the person again
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
 * Verifies signatures: that of the assertion always, that of the response where there is one.
 * @param xml the response
 * @param expected.requestId which request it answers; undefined where it answers none
 * @param expected.signedTwice whether the response is signed as well
 * @returns the assertion out of the bytes that were signed
 * @throws whatever the library throws when it does not verify; messages of it hold parts of the document
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
    // One request is known: the one that this browser's sign-in began with. How old it may be is checked elsewhere.
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
