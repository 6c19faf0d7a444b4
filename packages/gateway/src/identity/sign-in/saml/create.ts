import { createHmac } from "node:crypto";
import type { Clock } from "../../../kernel/clock.ts";
import type { SignInAnswer, SignInProvider, SignedIn, SignInStart, UsedOnce } from "../provider.ts";
import { SignInRefused } from "../problems.ts";
import { checkAssertion, checkResponse } from "./checks.ts";
import { openResponse } from "./document.ts";
import type { ReceivedResponse } from "./document.ts";
import type { Expectations } from "./expectations.ts";
import type { IdpMetadata } from "./idp-metadata.ts";
import { authnRequestUrl, verifiedAssertion } from "./library.ts";
import type { Parties } from "./library.ts";
import { readPerson } from "./person.ts";
import { attributeOf, unverified } from "./shape.ts";
import { spMetadata } from "./sp-metadata.ts";
import { readVerified } from "./verified.ts";
import type { XmlElement } from "./xml.ts";

/** Maximum for `clockSkew`, milliseconds: clocks further apart are broken. */
export const MAX_CLOCK_SKEW_MS = 60_000;

export interface SamlSettings {
  /** For people, on the button. */
  readonly label: string;
  readonly provider: IdpMetadata;
  /** Our entity id. */
  readonly entityId: string;
  /** Where responses are posted to. */
  readonly acs: string;
  readonly groupsAttribute: string;
  /** The attribute with the login; left out: the NameID. */
  readonly loginAttribute?: string;
  /** The attribute with the provider's own id of the person; left out: none. */
  readonly idAttribute?: string;
  /** Whether a sign-in may begin at the provider. */
  readonly allowProviderInitiated: boolean;
  /** Milliseconds, at most 60,000. */
  readonly clockSkew: number;
}

/** Sign-in by SAML 2.0: a service provider for the web browser profile (SAML Profiles 2.0, section 4.1). */
export interface SamlSignIn extends SignInProvider {
  /** Our metadata, XML. */
  metadata(): string;
}

/** Sign-in by SAML, with one identity provider. */
export function createSamlSignIn(
  settings: SamlSettings,
  ports: { readonly clock: Clock; readonly usedOnce: UsedOnce },
): SamlSignIn {
  const { provider, entityId, acs, clockSkew } = settings;
  if (!(clockSkew >= 0 && clockSkew <= MAX_CLOCK_SKEW_MS))
    throw new RangeError("the clock skew is more than a minute");
  const parties: Parties = {
    sp: entityId,
    acs,
    ssoUrl: provider.ssoUrl,
    certificates: provider.certificates,
  };

  const finish = async (answer: SignInAnswer): Promise<SignedIn> => {
    const { begun, parameters } = answer;
    if (begun === undefined && !settings.allowProviderInitiated)
      throw new SignInRefused("not_configured", "sign-in begun at the provider is not switched on");
    // Never an address: it must equal what this sign-in was given.
    if (begun !== undefined && (parameters["RelayState"] ?? "") !== begun.handle)
      throw unverified("RelayState is another sign-in");
    const expected: Expectations = {
      idp: provider.entityId,
      sp: entityId,
      acs,
      requestId: begun === undefined ? undefined : requestIdOf(begun),
      skew: clockSkew,
      now: ports.clock.wall(),
    };
    const received = openResponse(parameters["SAMLResponse"] ?? "");
    checkResponse(received.response, expected);
    if (received.assertion === undefined) throw unverified("Response has no Assertion");
    // This proves nothing yet. It gives better words: the library would call another audience a wrong signature.
    checkAssertion(received.assertion, expected);
    const assertion = await verify(parties, received, received.assertion, expected.requestId);
    const times = checkAssertion(assertion, expected);
    const person = readPerson(assertion, {
      groups: settings.groupsAttribute,
      login: settings.loginAttribute,
      id: settings.idAttribute,
    });
    const fresh = begun?.fresh;
    if (fresh !== undefined && expected.now - times.authenticated > fresh + clockSkew)
      throw new SignInRefused("not_fresh", "AuthnInstant is older than what was asked for");
    await useOnce(ports.usedOnce, provider.entityId, assertion, times.refusedFrom);
    return {
      issuer: provider.entityId,
      login: person.login,
      ...(person.displayName === undefined ? {} : { displayName: person.displayName }),
      providerSubject: person.nameId,
      ...(person.id === undefined ? {} : { uid: person.id }),
      ...(person.sessionIndex === undefined ? {} : { providerSession: person.sessionIndex }),
      groups: person.groups,
      groupsAsOf: Math.min(times.issued, expected.now),
      authenticatedAt: Math.min(times.authenticated, expected.now),
      ...(times.sessionEnds === undefined ? {} : { endsBy: times.sessionEnds }),
    };
  };

  return {
    method: "saml",
    label: settings.label,
    issuer: provider.entityId,
    async begin(start) {
      const redirect = await authnRequestUrl(parties, {
        id: requestIdOf(start),
        relayState: start.handle,
        force: start.fresh !== undefined,
      });
      return { redirect, keep: {} };
    },
    finish,
    metadata: () => spMetadata(entityId, acs),
    close() {},
  };
}

/**
 * The id of a sign-in's AuthnRequest. It is derived from a secret that only the browser that began has, so that nobody
 * else's answer fits (login CSRF).
 */
function requestIdOf({ handle, binding }: SignInStart): string {
  return `_${createHmac("sha256", binding).update(`saml request ${handle}`).digest("hex")}`;
}

/** The assertion as it was signed. */
async function verify(
  parties: Parties,
  { xml, signedTwice }: ReceivedResponse,
  claimed: XmlElement,
  requestId: string | undefined,
): Promise<XmlElement> {
  let verified: string;
  try {
    verified = await verifiedAssertion(parties, xml, { requestId, signedTwice });
  } catch {
    // The library's words quote the document, so they are not passed on.
    throw unverified("the signature is not by a key of the provider's metadata");
  }
  return readVerified(verified, claimed);
}

/** Every assertion is accepted once, whatever it answers. */
async function useOnce(
  usedOnce: UsedOnce,
  idp: string,
  assertion: XmlElement,
  refusedFrom: number,
): Promise<void> {
  const id = attributeOf(assertion, "ID") ?? "";
  // A minute longer, so that an id is not forgotten before its assertion is refused as expired.
  const first = await usedOnce.use("saml-assertion", JSON.stringify([idp, id]), refusedFrom + 60_000);
  if (!first) throw new SignInRefused("expired", "the assertion was used before");
}
