import { SignInRefused } from "../problems.ts";
import type { Expectations } from "./expectations.ts";
import { readInstant } from "./instant.ts";
import { assertion, bearer, entityFormat, success } from "./names.ts";
import { attributeOf, childOf, childrenOf, unverified } from "./shape.ts";
import { statusOf } from "./document.ts";
import type { XmlElement } from "./xml.ts";

/** Maximum lifetime of an assertion, milliseconds: its id is remembered that long. */
const MAX_ASSERTION_LIFETIME_MS = 24 * 3_600_000;

/** When an assertion was issued and when it ends, milliseconds since the epoch. */
export interface Times {
  readonly issued: number;
  /** When the person authenticated. */
  readonly authenticated: number;
  /** The assertion is refused from this time on, clock skew included. */
  readonly refusedFrom: number;
  readonly sessionEnds: number | undefined;
}

/**
 * Checks the envelope. Where only the assertion is signed it proves nothing, and is read only to refuse.
 * @throws SignInRefused refused where the provider states that nobody signed in; else not_verified
 */
export function checkResponse(response: XmlElement, expected: Expectations): void {
  checkVersion(response);
  const issuers = childrenOf(response, assertion, "Issuer");
  for (const issuer of issuers) checkIssuer(issuer, expected.idp);
  if (attributeOf(response, "Destination") !== expected.acs)
    throw unverified("Destination is another address");
  checkAnswers(response, expected.requestId);
  if (instantOf(response, "IssueInstant") > expected.now + expected.skew)
    throw unverified("the response is from the future: compare the clocks");
  const [top] = statusOf(response);
  if (top !== success) throw new SignInRefused("refused", `the provider's status is ${nameOfStatus(top)}`);
}

/**
 * Checks the assertion: its issuer, audience, request and lifetime (SAML Profiles 2.0, section 4.1.4.3).
 * @throws SignInRefused not_verified
 */
export function checkAssertion(element: XmlElement, expected: Expectations): Times {
  checkVersion(element);
  checkIssuer(childOf(element, assertion, "Issuer"), expected.idp);
  const { now, skew } = expected;

  const confirmation = childOf(childOf(element, assertion, "Subject"), assertion, "SubjectConfirmation");
  if (attributeOf(confirmation, "Method") !== bearer)
    throw unverified("the subject's confirmation is not bearer");
  const data = childOf(confirmation, assertion, "SubjectConfirmationData");
  if (attributeOf(data, "Recipient") !== expected.acs) throw unverified("Recipient is another address");
  checkAnswers(data, expected.requestId);

  const conditions = childOf(element, assertion, "Conditions");
  for (const restriction of childrenOf(conditions, assertion, "AudienceRestriction")) {
    const audiences = childrenOf(restriction, assertion, "Audience").map(({ text }) => text);
    if (!audiences.includes(expected.sp)) throw unverified("Audience is another service");
  }
  if (attributeOf(conditions, "NotBefore") !== undefined && now + skew < instantOf(conditions, "NotBefore"))
    throw unverified("NotBefore is in the future: compare the clocks");
  const end = Math.min(instantOf(conditions, "NotOnOrAfter"), instantOf(data, "NotOnOrAfter"));
  if (now - skew >= end) throw unverified("NotOnOrAfter is over: compare the clocks");
  if (end > now + MAX_ASSERTION_LIFETIME_MS) throw unverified("the assertion is good for more than a day");

  const issued = instantOf(element, "IssueInstant");
  if (issued > now + skew) throw unverified("the assertion is from the future: compare the clocks");
  const statement = childOf(element, assertion, "AuthnStatement");
  const authenticated = instantOf(statement, "AuthnInstant");
  if (authenticated > now + skew) throw unverified("AuthnInstant is in the future: compare the clocks");
  const sessionEnds =
    attributeOf(statement, "SessionNotOnOrAfter") === undefined
      ? undefined
      : instantOf(statement, "SessionNotOnOrAfter");
  if (sessionEnds !== undefined && now - skew >= sessionEnds) throw unverified("SessionNotOnOrAfter is over");
  return { issued, authenticated, refusedFrom: end + skew, sessionEnds };
}

function checkVersion(element: XmlElement): void {
  if (attributeOf(element, "Version") !== "2.0") throw unverified("the version is not 2.0");
}

function checkIssuer(issuer: XmlElement, idp: string): void {
  const format = attributeOf(issuer, "Format");
  if (issuer.text !== idp || (format !== undefined && format !== entityFormat))
    throw unverified("Issuer is another provider");
}

/** An answer must name its request; an unsolicited response must name none. */
function checkAnswers(element: XmlElement, requestId: string | undefined): void {
  if (attributeOf(element, "InResponseTo") !== requestId)
    throw unverified(
      requestId === undefined
        ? "an answer to a question of somebody else"
        : "InResponseTo is another request",
    );
}

function instantOf(element: XmlElement, attribute: string): number {
  const at = readInstant(attributeOf(element, attribute) ?? "");
  if (at === undefined) throw unverified(`${attribute} is no time in UTC`);
  return at;
}

/** The status codes of SAML Core 2.0, section 3.2.2.2, by name; anything else is not repeated. */
function nameOfStatus(code: string | undefined): string {
  const name = /^urn:oasis:names:tc:SAML:2\.0:status:([A-Za-z]{1,40})$/.exec(code ?? "")?.[1];
  return name ?? "unknown";
}
