import { webcrypto } from "node:crypto";
import type { KeyObject } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** A self-signed certificate of any key, as base64 without its frame. */
export async function selfSigned(keys: {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}): Promise<string> {
  const algorithm =
    keys.privateKey.asymmetricKeyType === "ec"
      ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
      : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const [publicKey, privateKey] = await Promise.all([
    webcrypto.subtle.importKey(
      "spki",
      keys.publicKey.export({ type: "spki", format: "der" }),
      algorithm,
      true,
      ["verify"],
    ),
    webcrypto.subtle.importKey(
      "pkcs8",
      keys.privateKey.export({ type: "pkcs8", format: "der" }),
      algorithm,
      true,
      ["sign"],
    ),
  ]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=test",
    notBefore: new Date(Date.UTC(2020, 0, 1)),
    notAfter: new Date(Date.UTC(2040, 0, 1)),
    keys: { publicKey, privateKey },
    signingAlgorithm: algorithm,
  });
  return Buffer.from(certificate.rawData).toString("base64");
}
