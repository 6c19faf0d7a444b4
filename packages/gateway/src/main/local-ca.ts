import { webcrypto, X509Certificate as NodeCertificate } from "node:crypto";
import { mkdir, readFile, writeFile, rename } from "node:fs/promises";
import path from "node:path";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** A certificate and its private key, in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** The certificate that the gateway shows, and the CA that its clients need to trust. */
export interface LocalCertificates extends KeyPair {
  readonly ca: string;
  /** Where the CA's certificate lies, for people. */
  readonly caFile: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

async function makeAuthority(now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Mayfly local CA",
    notBefore: new Date(now - day),
    notAfter: new Date(now + 3650 * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await toPem(keys.privateKey) };
}

async function issue(authority: KeyPair, hosts: readonly string[], now: number): Promise<KeyPair> {
  const parent = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(authority.key),
    algorithm,
    false,
    ["sign"],
  );
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(":");
  const certificate = await x509.X509CertificateGenerator.create({
    subject: "CN=Mayfly gateway",
    issuer: parent.subject,
    notBefore: new Date(now - day),
    notAfter: new Date(now + 90 * day),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((host) => ({ type: isAddress(host) ? "ip" : "dns", value: host }) as const),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(parent),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await toPem(keys.privateKey) };
}

async function readPair(folder: string, name: string): Promise<KeyPair | undefined> {
  try {
    return {
      certificate: await readFile(path.join(folder, `${name}.pem`), "utf8"),
      key: await readFile(path.join(folder, `${name}.key`), "utf8"),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function keep(folder: string, name: string, pair: KeyPair): Promise<void> {
  const put = async (file: string, text: string, mode: number): Promise<void> => {
    await writeFile(`${file}.new`, text, { mode });
    await rename(`${file}.new`, file);
  };
  await put(path.join(folder, `${name}.key`), pair.key, 0o600);
  await put(path.join(folder, `${name}.pem`), pair.certificate, 0o644);
}

/** Whether a kept certificate still serves: these hosts, and at least a third of its life left. */
function serves(pair: KeyPair, authority: KeyPair, hosts: readonly string[], now: number): boolean {
  const certificate = new NodeCertificate(pair.certificate);
  if (!certificate.checkIssued(new NodeCertificate(authority.certificate))) return false;
  if (certificate.validToDate.getTime() - now < 30 * day) return false;
  return hosts.every((host) => (certificate.checkHost(host) ?? certificate.checkIP(host)) !== undefined);
}

/**
 * The certificates of a gateway whose configuration has no `tls:`: a local CA under the data folder, made at the
 * first start, and a server certificate for `hosts` that is made anew before it runs out.
 * @param now milliseconds since the epoch
 */
export async function localCertificates(
  dataFolder: string,
  hosts: readonly string[],
  now: number,
): Promise<LocalCertificates> {
  const folder = path.join(dataFolder, "tls");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let authority = await readPair(folder, "ca");
  if (authority === undefined) {
    authority = await makeAuthority(now);
    await keep(folder, "ca", authority);
  }
  let server = await readPair(folder, "server");
  if (server === undefined || !serves(server, authority, hosts, now)) {
    server = await issue(authority, hosts, now);
    await keep(folder, "server", server);
  }
  return { ...server, ca: authority.certificate, caFile: path.join(folder, "ca.pem") };
}
