import { metadata, nameIdFormats, postBinding, protocol, redirectBinding, signature } from "./names.ts";
import { escapeXml } from "./response.ts";
import { bareCertificate } from "./signing-key.ts";

/** The metadata document of the provider, with every certificate that may sign. */
export function metadataXml(of: {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly certificates: readonly string[];
}): string {
  const keys = of.certificates
    .map(
      (certificate) =>
        `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="${signature}"><ds:X509Data><ds:X509Certificate>${bareCertificate(certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
    )
    .join("");
  const formats = [nameIdFormats.unspecified, nameIdFormats.emailAddress]
    .map((format) => `<md:NameIDFormat>${format}</md:NameIDFormat>`)
    .join("");
  const services = [postBinding, redirectBinding]
    .map((binding) => `<md:SingleSignOnService Binding="${binding}" Location="${escapeXml(of.ssoUrl)}"/>`)
    .join("");
  return `<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor entityID="${escapeXml(of.entityId)}" xmlns:md="${metadata}"><md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="${protocol}">${keys}${formats}${services}</md:IDPSSODescriptor></md:EntityDescriptor>`;
}
