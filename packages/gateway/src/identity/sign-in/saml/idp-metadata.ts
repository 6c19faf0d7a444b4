import { X509Certificate } from "node:crypto";
import { strictBase64 } from "./base64.ts";
import { metadata, protocol, redirectBinding, signature } from "./names.ts";
import { attributeOf, childrenOf } from "./shape.ts";
import { XmlRefused, normalizeLines, readXml } from "./xml.ts";
import type { XmlElement } from "./xml.ts";

/** The provider, from the operator's metadata file. */
export interface IdpMetadata {
  readonly entityId: string;
  /** Where AuthnRequests go, by HTTP-Redirect. */
  readonly ssoUrl: string;
  /** PEM; more than one while the provider changes its key. */
  readonly certificates: readonly string[];
}

/** What is wrong with a metadata file, in words for the operator. */
export class MetadataRefused extends Error {
  override readonly name: string = "MetadataRefused";
}

const MAX_METADATA_BYTES = 1_048_576;
const MAX_CERTIFICATES = 8;

/**
 * Reads an identity provider's metadata file (SAML Metadata 2.0).
 * @throws MetadataRefused
 */
export function readIdpMetadata(file: string): IdpMetadata {
  if (file.length > MAX_METADATA_BYTES) throw new MetadataRefused("the metadata is larger than 1 MiB");
  const root = parse(file);
  if (root.namespace !== metadata || root.local !== "EntityDescriptor")
    throw new MetadataRefused("the metadata is not that of one provider (its root is no EntityDescriptor)");
  const entityId = attributeOf(root, "entityID") ?? "";
  if (entityId === "" || entityId.length > 1024 || /\s/.test(entityId))
    throw new MetadataRefused("the metadata has no usable entityID");
  const [provider, ...others] = childrenOf(root, metadata, "IDPSSODescriptor");
  if (provider === undefined || others.length > 0)
    throw new MetadataRefused("the metadata does not describe one identity provider (IDPSSODescriptor)");
  if (!(attributeOf(provider, "protocolSupportEnumeration") ?? "").split(/\s+/).includes(protocol))
    throw new MetadataRefused("the provider does not speak SAML 2.0");
  if (["true", "1"].includes(attributeOf(provider, "WantAuthnRequestsSigned") ?? ""))
    throw new MetadataRefused(
      "the provider wants signed requests (WantAuthnRequestsSigned), which Mayfly does not send",
    );
  return { entityId, ssoUrl: ssoUrlOf(provider), certificates: certificatesOf(provider) };
}

function parse(file: string): XmlElement {
  try {
    return readXml(normalizeLines(file.replace(/^\uFEFF/, "")));
  } catch (error) {
    if (!(error instanceof XmlRefused)) throw error;
    throw new MetadataRefused(`the metadata holds ${error.message}`);
  }
}

function ssoUrlOf(provider: XmlElement): string {
  const service = childrenOf(provider, metadata, "SingleSignOnService").find(
    (one) => attributeOf(one, "Binding") === redirectBinding,
  );
  const location = service === undefined ? undefined : attributeOf(service, "Location");
  if (location === undefined)
    throw new MetadataRefused("the metadata has no SingleSignOnService with the binding HTTP-Redirect");
  const url = URL.parse(location);
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url?.hostname ?? "");
  if (url === null || !(url.protocol === "https:" || (url.protocol === "http:" && loopback)))
    throw new MetadataRefused("the provider's SingleSignOnService is no https address");
  if (url.username !== "" || url.password !== "" || url.hash !== "")
    throw new MetadataRefused("the provider's SingleSignOnService has a user name or a fragment");
  return url.href;
}

function certificatesOf(provider: XmlElement): readonly string[] {
  const written = childrenOf(provider, metadata, "KeyDescriptor")
    .filter((key) => (attributeOf(key, "use") ?? "signing") === "signing")
    .flatMap((key) => childrenOf(key, signature, "KeyInfo"))
    .flatMap((info) => childrenOf(info, signature, "X509Data"))
    .flatMap((data) => childrenOf(data, signature, "X509Certificate"));
  if (written.length === 0) throw new MetadataRefused("the metadata has no certificate for signing");
  if (written.length > MAX_CERTIFICATES)
    throw new MetadataRefused(`the metadata has more than ${MAX_CERTIFICATES} certificates for signing`);
  return written.map(({ text }) => pemOf(text));
}

function pemOf(text: string): string {
  const bytes = strictBase64(text);
  if (bytes === undefined) throw new MetadataRefused("a certificate of the metadata is not base64");
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(bytes);
  } catch {
    throw new MetadataRefused("a certificate of the metadata is none");
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType !== "rsa")
    throw new MetadataRefused("a certificate of the metadata has no RSA key, and no other is verified");
  if ((asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
    throw new MetadataRefused("a certificate of the metadata has an RSA key of less than 2048 bits");
  return certificate.toString();
}
