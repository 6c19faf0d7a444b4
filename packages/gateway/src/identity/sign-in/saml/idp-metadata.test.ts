import { generateKeyPairSync } from "node:crypto";
import { samlIdentityProvider } from "@mayfly/okta-stand-in";
import { expect, test } from "vitest";
import { MetadataRefused, readIdpMetadata } from "./idp-metadata.ts";

const idp = await samlIdentityProvider({ origin: "https://example.okta.com", people: [] });
const xml = idp.metadata();
const refusal = (file: string): string => {
  try {
    readIdpMetadata(file);
    return "accepted";
  } catch (error) {
    if (!(error instanceof MetadataRefused)) throw error;
    return error.message;
  }
};

test("Okta's metadata", async () => {
  const other = await samlIdentityProvider({ origin: "https://example.okta.com", people: [] });
  await other.rotateKey();
  expect(readIdpMetadata(xml)).toEqual({
    entityId: "http://www.okta.com/exk1mayfly",
    ssoUrl: "https://example.okta.com/app/mayfly_saml_1/exk1mayfly/sso/saml",
    certificates: [expect.stringContaining("BEGIN CERTIFICATE")],
  });
  expect(readIdpMetadata(other.metadata()).certificates).toHaveLength(2);
});

test("what others write: a byte order mark, line ends, a certificate in lines, no use, other descriptors", () => {
  const written = xml
    .replace(
      /(<ds:X509Certificate>)([^<]*)/,
      (_, tag: string, text: string) => `${tag}\n${text.replaceAll(/.{64}/g, "$&\r\n")}\n`,
    )
    .replace(' use="signing"', "")
    .replace(
      "</md:IDPSSODescriptor>",
      '</md:IDPSSODescriptor>\r\n<md:SPSSODescriptor protocolSupportEnumeration="x"/><md:Organization xml:lang="en"/>',
    );
  expect(readIdpMetadata(`\uFEFF${written}`)).toEqual(readIdpMetadata(xml));
});

test("a certificate for encryption signs nothing", () => {
  const certificate = /<md:KeyDescriptor .*<\/md:KeyDescriptor>/s.exec(xml)?.[0] ?? "";
  const both = xml.replace(certificate, `${certificate}${certificate.replace("signing", "encryption")}`);
  expect(readIdpMetadata(both).certificates).toHaveLength(1);
  expect(refusal(xml.replace('use="signing"', 'use="encryption"'))).toBe(
    "the metadata has no certificate for signing",
  );
});

const keyOf = (replacement: string) => xml.replace(/(<ds:X509Certificate>)[^<]*/, `$1${replacement}`);
test.each([
  ["nothing", "", "the metadata holds a document that ends too early"],
  ["a web page", "<!doctype html><html></html>", "the metadata holds a document type"],
  ["a comment", xml.replace("?>", "?><!-- ours -->"), "the metadata holds a comment"],
  ["another document", "<a/>", "the metadata is not that of one provider (its root is no EntityDescriptor)"],
  [
    "a federation",
    `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${xml.replace(/^<\?.*?\?>/, "")}</md:EntitiesDescriptor>`,
    "the metadata is not that of one provider (its root is no EntityDescriptor)",
  ],
  ["no entity id", xml.replace(/ entityID="[^"]*"/, ""), "the metadata has no usable entityID"],
  [
    "our own metadata",
    xml.replaceAll("IDPSSODescriptor", "SPSSODescriptor"),
    "the metadata does not describe one identity provider (IDPSSODescriptor)",
  ],
  ["SAML 1.1", xml.replace("SAML:2.0:protocol", "SAML:1.1:protocol"), "the provider does not speak SAML 2.0"],
  [
    "signed requests wanted",
    xml.replace('WantAuthnRequestsSigned="false"', 'WantAuthnRequestsSigned="true"'),
    "the provider wants signed requests (WantAuthnRequestsSigned), which Mayfly does not send",
  ],
  [
    "no redirect binding",
    xml.replace("bindings:HTTP-Redirect", "bindings:SOAP"),
    "the metadata has no SingleSignOnService with the binding HTTP-Redirect",
  ],
  [
    "an address without TLS",
    xml.replaceAll("https://", "http://"),
    "the provider's SingleSignOnService is no https address",
  ],
  [
    "a script for an address",
    xml.replaceAll("https://example.okta.com/", "javascript:"),
    "the provider's SingleSignOnService is no https address",
  ],
  [
    "a password in the address",
    xml.replaceAll("https://", "https://a:b@"),
    "the provider's SingleSignOnService has a user name or a fragment",
  ],
  [
    "no certificate",
    xml.replace(/<md:KeyDescriptor .*<\/md:KeyDescriptor>/s, ""),
    "the metadata has no certificate for signing",
  ],
  ["a certificate that is no base64", keyOf("*"), "a certificate of the metadata is not base64"],
  ["a certificate that is none", keyOf("QUFB"), "a certificate of the metadata is none"],
  [
    "nine certificates",
    xml.replace(/<md:KeyDescriptor .*<\/md:KeyDescriptor>/s, (one) => one.repeat(9)),
    "the metadata has more than 8 certificates for signing",
  ],
  ["too large", xml.padEnd(1_048_577), "the metadata is larger than 1 MiB"],
])("%s", (_, file, message) => {
  expect(refusal(file)).toBe(message);
});

test("elliptic curves and short keys are refused at once, not at the first sign-in", async () => {
  const { selfSigned } = await import("./testing/certificates.ts");
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  expect(refusal(keyOf(await selfSigned(ec)))).toBe(
    "a certificate of the metadata has no RSA key, and no other is verified",
  );
  const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
  expect(refusal(keyOf(await selfSigned(short)))).toBe(
    "a certificate of the metadata has an RSA key of less than 2048 bits",
  );
});
