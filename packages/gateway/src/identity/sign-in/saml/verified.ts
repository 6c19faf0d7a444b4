import { read, sameElement, withoutSignature } from "./document.ts";
import { verifiedAssertionShape } from "./response-shape.ts";
import { checkShape, unverified } from "./shape.ts";
import type { XmlElement } from "./xml.ts";

/**
 * Reads the assertion again, from the signed bytes. It must equal what our own reader saw in the document: a difference
 * means that somebody wrote the document for two readers.
 * @param xml what the library verified
 * @param claimed what our reader saw in the document
 * @returns the assertion without its signature
 * @throws SignInRefused not_verified
 */
export function readVerified(xml: string, claimed: XmlElement): XmlElement {
  const verified = read(xml);
  checkShape(verified, verifiedAssertionShape);
  const signed = withoutSignature(verified);
  if (!sameElement(signed, withoutSignature(claimed)))
    throw unverified("the document reads differently from what was signed");
  return signed;
}
