import { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** A key that signs, with the certificate that others pin. */
export interface SamlKey {
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  /** PEM. */
  readonly certificate: string;
}

const algorithm = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
const day = 86_400_000;

/** Makes an RSA key and a self-signed certificate of ten years, as Okta makes one for an application. */
export async function newSamlKey(): Promise<SamlKey> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=okta-stand-in",
    notBefore: new Date(now - day),
    notAfter: new Date(now + 3650 * day),
    keys,
    signingAlgorithm: algorithm,
  });
  return {
    privateKey: x509.PemConverter.encode(
      await webcrypto.subtle.exportKey("pkcs8", keys.privateKey),
      "PRIVATE KEY",
    ),
    certificate: certificate.toString("pem"),
  };
}

/** A certificate as XML carries it: base64 in one line. */
export function bareCertificate(pem: string): string {
  return pem.replaceAll(/-----[A-Z ]+-----|\s/g, "");
}
