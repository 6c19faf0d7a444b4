import { metadata, postBinding, protocol } from "./names.ts";

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/**
 * Our own metadata, for the provider's administrator (SAML Metadata 2.0, section 2.4.4).
 * @param entityId our entity id
 * @param acs where responses are posted to
 */
export function spMetadata(entityId: string, acs: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<EntityDescriptor xmlns="${metadata}" entityID="${escape(entityId)}">
  <SPSSODescriptor protocolSupportEnumeration="${protocol}" AuthnRequestsSigned="false" WantAssertionsSigned="true">
    <AssertionConsumerService index="0" isDefault="true" Binding="${postBinding}" Location="${escape(acs)}"/>
  </SPSSODescriptor>
</EntityDescriptor>
`;
}
