import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const DAY_MS = 86_400_000;

/**
 * A fresh self-signed certificate and its key, in PEM.
 * @param address an IP address that it names; left out: none
 */
export async function makeCertificate(address?: string): Promise<{ certificate: string; key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=mayfly test",
    keys,
    signingAlgorithm: algorithm,
    // The clock by which it is verified may lag by some milliseconds (time(2) goes by the kernel's tick).
    notBefore: new Date(Date.now() - DAY_MS),
    extensions:
      address === undefined
        ? []
        : [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: address }])],
  });
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}
