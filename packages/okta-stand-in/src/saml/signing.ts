import { constants, createHash, createHmac, createSign } from "node:crypto";
import { DOMParser } from "@xmldom/xmldom";
import { SignedXml } from "xml-crypto";
import {
  enveloped,
  exclusiveC14n,
  rsaPssSha256,
  rsaSha1,
  rsaSha256,
  rsaSha512,
  sha1,
  sha256,
  sha512,
  signature,
} from "./names.ts";
import { bareCertificate } from "./signing-key.ts";
import type { SamlKey } from "./signing-key.ts";

/** How one element is signed; what is left out is what Okta does. */
export interface SignOptions {
  readonly signatureAlgorithm?: string;
  readonly digestAlgorithm?: string;
  readonly canonicalizationAlgorithm?: string;
  readonly transforms?: readonly string[];
  /** Signs with HMAC-SHA1 keyed with this, instead of the private key. */
  readonly hmac?: string;
  /** What KeyInfo shows; the key's own certificate when left out. */
  readonly certificate?: string;
  /** Changes SignedInfo before it is signed. It is canonical XML, and has to stay so. */
  readonly editSignedInfo?: (canonical: string) => string;
}

const digests: ReadonlyMap<string, string> = new Map([
  [sha1, "sha1"],
  [sha256, "sha256"],
  [sha512, "sha512"],
]);
const signers: ReadonlyMap<string, string> = new Map([
  [rsaSha1, "RSA-SHA1"],
  [rsaSha256, "RSA-SHA256"],
  [rsaSha512, "RSA-SHA512"],
  [rsaPssSha256, "RSA-SHA256"],
]);
export const hmacSha1 = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";

/** What Okta writes into exclusive canonicalization, in canonical form. */
const prefixes = `<ec:InclusiveNamespaces xmlns:ec="${exclusiveC14n}" PrefixList="xs"></ec:InclusiveNamespaces>`;

/**
 * Signs the element with that ID, enveloped, as Okta does: the canonical form is xml-crypto's; SignedInfo is written
 * by hand, because xml-crypto would put the list of prefixes into every transform.
 * @returns the document with the signature in it, behind the element's Issuer
 */
export function signElement(xml: string, id: string, key: SamlKey, options: SignOptions = {}): string {
  const digestAlgorithm = options.digestAlgorithm ?? sha256;
  const algorithm = options.signatureAlgorithm ?? (options.hmac === undefined ? rsaSha256 : hmacSha1);
  const digest = createHash(digests.get(digestAlgorithm) ?? "sha256")
    .update(canonical(xml, id))
    .digest("base64");
  const transforms = (options.transforms ?? [enveloped, exclusiveC14n])
    .map(
      (name) => `<ds:Transform Algorithm="${name}">${name === exclusiveC14n ? prefixes : ""}</ds:Transform>`,
    )
    .join("");
  const info = [
    `<ds:SignedInfo xmlns:ds="${signature}">`,
    `<ds:CanonicalizationMethod Algorithm="${options.canonicalizationAlgorithm ?? exclusiveC14n}"></ds:CanonicalizationMethod>`,
    `<ds:SignatureMethod Algorithm="${algorithm}"></ds:SignatureMethod>`,
    `<ds:Reference URI="#${id}"><ds:Transforms>${transforms}</ds:Transforms>`,
    `<ds:DigestMethod Algorithm="${digestAlgorithm}"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue>`,
    `</ds:Reference></ds:SignedInfo>`,
  ].join("");
  const signedInfo = options.editSignedInfo?.(info) ?? info;
  const padding =
    algorithm === rsaPssSha256
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {};
  const value =
    options.hmac === undefined
      ? createSign(signers.get(algorithm) ?? "RSA-SHA256")
          .update(signedInfo)
          .sign({ key: key.privateKey, ...padding }, "base64")
      : createHmac("sha1", options.hmac).update(signedInfo).digest("base64");
  const certificate = bareCertificate(options.certificate ?? key.certificate);
  const whole = [
    `<ds:Signature xmlns:ds="${signature}">${signedInfo}<ds:SignatureValue>${value}</ds:SignatureValue>`,
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
    `</ds:Signature>`,
  ].join("");
  const start = xml.indexOf(` ID="${id}"`);
  const end = /<\/(?:\w+:)?Issuer>/.exec(xml.slice(start));
  if (end === null) throw new TypeError(`the element with the ID ${id} has no Issuer`);
  const at = start + end.index + end[0].length;
  return xml.slice(0, at) + whole + xml.slice(at);
}

function canonical(xml: string, id: string): string {
  const document = new DOMParser().parseFromString(xml, "text/xml");
  const element = [...document.getElementsByTagName("*")].find((one) => one.getAttribute("ID") === id);
  if (element === undefined) throw new TypeError(`no element has the ID ${id}`);
  return new SignedXml().getCanonXml([exclusiveC14n], element, {
    inclusiveNamespacesPrefixList: ["xs"],
  });
}
