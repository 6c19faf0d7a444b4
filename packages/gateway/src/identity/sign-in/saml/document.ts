import { decodeUtf8 } from "../../../kernel/strict-json.ts";
import { strictBase64 } from "./base64.ts";
import { assertion, protocol, signature } from "./names.ts";
import { responseShape } from "./response-shape.ts";
import { attributeOf, checkShape, childrenOf, unverified } from "./shape.ts";
import { checkSignature } from "./signature.ts";
import { normalizeLines, readXml } from "./xml.ts";
import type { XmlElement } from "./xml.ts";

/** Maximum size of a document, bytes; Okta's have about 10,000. */
export const MAX_DOCUMENT_BYTES = 262_144;

/** A response whose elements all stand where they belong; none of it is trusted yet. */
export interface ReceivedResponse {
  /** Its text with normalized line ends, which is what gets verified. */
  readonly xml: string;
  readonly response: XmlElement;
  /** Left out where nobody signed in. */
  readonly assertion: XmlElement | undefined;
  /** Whether the response is signed as well as the assertion. */
  readonly signedTwice: boolean;
}

/**
 * Opens the `SAMLResponse` of a form (SAML Bindings 2.0, section 3.5.4). A document that passes is a response of the one
 * allowed shape, with at most one assertion, whose signatures claim to cover the elements they stand in. The library
 * verifies that claim.
 * @throws SignInRefused not_verified
 */
export function openResponse(parameter: string): ReceivedResponse {
  if (parameter.length > (MAX_DOCUMENT_BYTES * 3) / 2) throw unverified("the response is too large");
  const bytes = strictBase64(parameter);
  if (bytes === undefined) throw unverified("the response is not base64");
  if (bytes.length > MAX_DOCUMENT_BYTES) throw unverified("the response is too large");
  const xml = normalizeLines(utf8(bytes));
  const response = read(xml);
  if (childrenOf(response, assertion, "EncryptedAssertion").length > 0)
    throw unverified("the assertion is encrypted: switch assertion encryption off at the provider");
  checkShape(response, responseShape);
  checkIds(response);
  const [signed] = childrenOf(response, signature, "Signature");
  if (signed !== undefined) checkSignature(signed, attributeOf(response, "ID"));
  const [only] = childrenOf(response, assertion, "Assertion");
  for (const one of only === undefined ? [] : childrenOf(only, signature, "Signature"))
    checkSignature(one, attributeOf(only ?? one, "ID"));
  return { xml, response, assertion: only, signedTwice: signed !== undefined };
}

function utf8(bytes: Buffer): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw unverified("the response is not UTF-8");
  }
}

/**
 * Reads XML.
 * @throws SignInRefused not_verified
 */
export function read(xml: string): XmlElement {
  try {
    return readXml(xml);
  } catch (error) {
    throw unverified(`the response holds ${error instanceof Error ? error.message : "no XML"}`);
  }
}

const id = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/;

/** No ID occurs twice, whatever the attribute's name: a signature names what it covers by ID. */
function checkIds(root: XmlElement): void {
  const seen = new Set<string>();
  const walk = (element: XmlElement): void => {
    for (const { local, value } of element.attributes) {
      if (local.toLowerCase() !== "id") continue;
      if (!id.test(value)) throw unverified("an ID that is not a name");
      if (seen.has(value)) throw unverified("an ID that stands twice");
      seen.add(value);
    }
    for (const child of element.children) walk(child);
  };
  walk(root);
}

/** Whether both have the same names, attributes, text and order. Prefixes and the order of attributes are ignored. */
export function sameElement(a: XmlElement, b: XmlElement): boolean {
  const written = (element: XmlElement): string[] =>
    element.attributes
      .map(({ namespace, local, value }) => JSON.stringify([namespace, local, value]))
      .toSorted();
  return (
    a.local === b.local &&
    a.namespace === b.namespace &&
    a.text === b.text &&
    a.children.length === b.children.length &&
    JSON.stringify(written(a)) === JSON.stringify(written(b)) &&
    a.children.every((child, index) => {
      const other = b.children[index];
      return other !== undefined && sameElement(child, other);
    })
  );
}

/** The element without its own signature. */
export function withoutSignature(element: XmlElement): XmlElement {
  return {
    ...element,
    children: element.children.filter(
      (child) => child.namespace !== signature || child.local !== "Signature",
    ),
  };
}

/** The codes of a response's status, outermost first. */
export function statusOf(response: XmlElement): readonly string[] {
  const codes: string[] = [];
  let [next] = childrenOf(response, protocol, "Status");
  while (next !== undefined) {
    [next] = childrenOf(next, protocol, "StatusCode");
    if (next !== undefined) codes.push(attributeOf(next, "Value") ?? "");
  }
  return codes;
}
