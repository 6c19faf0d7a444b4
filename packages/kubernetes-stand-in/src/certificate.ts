import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const DAY_MS = 86_400_000;

/** A certificate for 127.0.0.1, and further addresses, that is its own CA, and its key: PEM. */
export async function makeCertificate(
  ...addresses: readonly string[]
): Promise<{ readonly certificate: string; readonly key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=kubernetes stand-in",
    keys,
    signingAlgorithm: algorithm,
    // The clock by which it is verified may lag by some milliseconds (time(2) goes by the kernel's tick).
    notBefore: new Date(Date.now() - DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.SubjectAlternativeNameExtension([
        ...["127.0.0.1", ...addresses].map((value) => ({ type: "ip" as const, value })),
        { type: "dns", value: "localhost" },
      ]),
    ],
  });
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey("pkcs8", keys.privateKey),
    "PRIVATE KEY",
  );
  return { certificate: `${certificate.toString("pem")}\n`, key };
}
