import { strictBase64 } from "./base64.ts";
import { digestAlgorithms, enveloped, exclusiveC14n, signature, signatureAlgorithms } from "./names.ts";
import { attributeOf, childOf, childrenOf, unverified } from "./shape.ts";
import type { XmlElement } from "./xml.ts";

const ds = (element: XmlElement, local: string): XmlElement => childOf(element, signature, local);
const algorithmOf = (element: XmlElement): string => attributeOf(element, "Algorithm") ?? "";

/**
 * Checks what a signature states about itself, before anything is computed: that it covers the whole element it stands in,
 * by ID, with accepted algorithms (SAML Core 2.0, section 5.4).
 * @param id the ID of the element that the signature stands in
 * @throws SignInRefused not_verified
 */
export function checkSignature(element: XmlElement, id: string | undefined): void {
  const info = ds(element, "SignedInfo");
  if (algorithmOf(ds(info, "CanonicalizationMethod")) !== exclusiveC14n)
    throw unverified("a canonicalization that is not allowed");
  if (!signatureAlgorithms.has(algorithmOf(ds(info, "SignatureMethod"))))
    throw unverified("a signature algorithm that is not allowed: sign with RSA-SHA256");
  const reference = ds(info, "Reference");
  if (id === undefined || attributeOf(reference, "URI") !== `#${id}`)
    throw unverified("a signature that does not cover the element it stands in");
  const transforms = childrenOf(ds(reference, "Transforms"), signature, "Transform").map(algorithmOf);
  if (transforms.length !== 2 || transforms[0] !== enveloped || transforms[1] !== exclusiveC14n)
    throw unverified("transforms that are not allowed");
  const bytes = digestAlgorithms.get(algorithmOf(ds(reference, "DigestMethod")));
  if (bytes === undefined) throw unverified("a digest algorithm that is not allowed: sign with SHA-256");
  if (strictBase64(ds(reference, "DigestValue").text)?.length !== bytes)
    throw unverified("a digest that is none");
  if (strictBase64(ds(element, "SignatureValue").text) === undefined)
    throw unverified("a signature that is no base64");
}
