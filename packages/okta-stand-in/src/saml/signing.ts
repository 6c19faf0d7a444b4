import { SignedXml } from "xml-crypto";
import { enveloped, exclusiveC14n, rsaSha256, sha256 } from "./names.ts";
import type { SamlKey } from "./signing-key.ts";

/** How one element is signed; what is left out is what Okta does. */
export interface SignOptions {
  readonly signatureAlgorithm?: string;
  readonly digestAlgorithm?: string;
  readonly canonicalizationAlgorithm?: string;
  readonly transforms?: readonly string[];
  /** Signs with HMAC-SHA1 keyed with this, instead of a private key. */
  readonly hmac?: string;
  /** What KeyInfo shows; the key's own certificate when left out. */
  readonly certificate?: string;
  /** Where the signature goes, as XPath; after the element's Issuer when left out. */
  readonly after?: string;
}

/**
 * Signs the element with that ID, enveloped.
 * @returns the document with the signature in it
 */
export function signElement(xml: string, id: string, key: SamlKey, options: SignOptions = {}): string {
  const signer = new SignedXml({
    privateKey: options.hmac ?? key.privateKey,
    publicCert: options.certificate ?? key.certificate,
    signatureAlgorithm: options.signatureAlgorithm ?? rsaSha256,
    canonicalizationAlgorithm: options.canonicalizationAlgorithm ?? exclusiveC14n,
  });
  if (options.hmac !== undefined) signer.enableHMAC();
  const element = `//*[@ID="${id}"]`;
  signer.addReference({
    xpath: element,
    transforms: [...(options.transforms ?? [enveloped, exclusiveC14n])],
    digestAlgorithm: options.digestAlgorithm ?? sha256,
    inclusiveNamespacesPrefixList: ["xs"],
  });
  signer.computeSignature(xml, {
    prefix: "ds",
    location: {
      reference: options.after ?? `${element}/*[local-name(.)="Issuer"]`,
      action: "after",
    },
  });
  return signer.getSignedXml();
}
