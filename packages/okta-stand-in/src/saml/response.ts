import { randomBytes } from "node:crypto";
import { assertion, bearer, nameIdFormats, protocol, success } from "./names.ts";

/** What a response says. Members that may be undefined leave their attribute or element out. */
export interface ResponseContent {
  readonly responseId: string;
  readonly assertionId: string;
  readonly issuer: string;
  /** The issuer inside the assertion. */
  readonly assertionIssuer: string;
  readonly destination: string | undefined;
  readonly inResponseTo: string | undefined;
  readonly issueInstant: number;
  /** The top status code, and the one below it. */
  readonly status: readonly string[];
  readonly nameId: string;
  readonly nameIdFormat: string;
  readonly method: string;
  readonly recipient: string | undefined;
  /** `InResponseTo` of the subject's confirmation. */
  readonly confirmationInResponseTo: string | undefined;
  readonly confirmationNotOnOrAfter: number | undefined;
  readonly notBefore: number | undefined;
  readonly notOnOrAfter: number | undefined;
  readonly audiences: readonly string[];
  readonly authnInstant: number | undefined;
  readonly sessionNotOnOrAfter: number | undefined;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

/** Makes text safe inside XML text and attributes. */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? "");
}

/** An id as Okta makes them: it begins with a letter, and nobody guesses it. */
export function newXmlId(): string {
  return `id${BigInt(`0x${randomBytes(16).toString("hex")}`).toString()}`;
}

const instant = (at: number): string => new Date(at).toISOString();

function attribute(name: string, value: string | undefined): string {
  return value === undefined ? "" : ` ${name}="${escapeXml(value)}"`;
}
const time = (name: string, at: number | undefined): string =>
  attribute(name, at === undefined ? undefined : instant(at));

function issuer(entityId: string): string {
  return `<saml2:Issuer xmlns:saml2="${assertion}" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">${escapeXml(entityId)}</saml2:Issuer>`;
}

/** A response without a signature, element for element as Okta sends it. */
export function responseXml(content: ResponseContent): string {
  const codes = content.status
    .toReversed()
    .reduce(
      (inner, code) =>
        `<saml2p:StatusCode Value="${escapeXml(code)}"${inner === "" ? "/>" : `>${inner}</saml2p:StatusCode>`}`,
      "",
    );
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<saml2p:Response xmlns:saml2p="${protocol}" xmlns:xs="http://www.w3.org/2001/XMLSchema"`,
    attribute("Destination", content.destination),
    ` ID="${content.responseId}"`,
    attribute("InResponseTo", content.inResponseTo),
    ` IssueInstant="${instant(content.issueInstant)}" Version="2.0">`,
    issuer(content.issuer),
    `<saml2p:Status>${codes}</saml2p:Status>`,
    content.status[0] === success ? assertionXml(content) : "",
    `</saml2p:Response>`,
  ].join("");
}

/** The assertion alone. */
export function assertionXml(content: ResponseContent): string {
  return [
    `<saml2:Assertion xmlns:saml2="${assertion}" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="${content.assertionId}"`,
    ` IssueInstant="${instant(content.issueInstant)}" Version="2.0">`,
    issuer(content.assertionIssuer),
    `<saml2:Subject><saml2:NameID Format="${escapeXml(content.nameIdFormat)}">${escapeXml(content.nameId)}</saml2:NameID>`,
    `<saml2:SubjectConfirmation Method="${escapeXml(content.method)}"><saml2:SubjectConfirmationData`,
    attribute("InResponseTo", content.confirmationInResponseTo),
    time("NotOnOrAfter", content.confirmationNotOnOrAfter),
    attribute("Recipient", content.recipient),
    `/></saml2:SubjectConfirmation></saml2:Subject>`,
    `<saml2:Conditions${time("NotBefore", content.notBefore)}${time("NotOnOrAfter", content.notOnOrAfter)}>`,
    content.audiences.length === 0
      ? ""
      : `<saml2:AudienceRestriction>${content.audiences.map((one) => `<saml2:Audience>${escapeXml(one)}</saml2:Audience>`).join("")}</saml2:AudienceRestriction>`,
    `</saml2:Conditions>`,
    content.authnInstant === undefined
      ? ""
      : [
          `<saml2:AuthnStatement${time("AuthnInstant", content.authnInstant)}`,
          attribute("SessionIndex", content.inResponseTo ?? content.assertionId),
          `${time("SessionNotOnOrAfter", content.sessionNotOnOrAfter)}><saml2:AuthnContext>`,
          `<saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef>`,
          `</saml2:AuthnContext></saml2:AuthnStatement>`,
        ].join(""),
    attributeStatement(content.attributes),
    `</saml2:Assertion>`,
  ].join("");
}

function attributeStatement(attributes: ResponseContent["attributes"]): string {
  // Okta leaves an attribute out that has no value, and the statement where no attribute is left.
  const written = Object.entries(attributes)
    .filter(([, values]) => values.length > 0)
    .map(
      ([name, values]) =>
        `<saml2:Attribute Name="${escapeXml(name)}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified">${values
          .map(
            (value) =>
              `<saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">${escapeXml(value)}</saml2:AttributeValue>`,
          )
          .join("")}</saml2:Attribute>`,
    );
  return written.length === 0
    ? ""
    : `<saml2:AttributeStatement>${written.join("")}</saml2:AttributeStatement>`;
}

/** What a response says when all is well: answered to `inResponseTo`, good for five minutes around `now`. */
export function ordinaryContent(of: {
  readonly entityId: string;
  readonly acs: string;
  readonly audience: string;
  readonly inResponseTo: string | undefined;
  readonly nameId: string;
  readonly nameIdFormat: keyof typeof nameIdFormats;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  readonly now: number;
  readonly authnInstant: number;
}): ResponseContent {
  const minutes = 5 * 60_000;
  return {
    responseId: newXmlId(),
    assertionId: newXmlId(),
    issuer: of.entityId,
    assertionIssuer: of.entityId,
    destination: of.acs,
    inResponseTo: of.inResponseTo,
    issueInstant: of.now,
    status: [success],
    nameId: of.nameId,
    nameIdFormat: nameIdFormats[of.nameIdFormat],
    method: bearer,
    recipient: of.acs,
    confirmationInResponseTo: of.inResponseTo,
    confirmationNotOnOrAfter: of.now + minutes,
    notBefore: of.now - minutes,
    notOnOrAfter: of.now + minutes,
    audiences: [of.audience],
    authnInstant: of.authnInstant,
    sessionNotOnOrAfter: undefined,
    attributes: of.attributes,
  };
}
