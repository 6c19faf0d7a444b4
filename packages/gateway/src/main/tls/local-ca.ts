import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, readFile, writeFile, rename } from "node:fs/promises";
import { isIP } from "node:net";
import path from "node:path";
import { MayflyError, messageOf } from "../../kernel/errors.ts";

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

const day = 86_400_000;

/** @throws MayflyError tls_unusable when there is a pair and its files cannot be read, or are not what they should be */
async function readPair(folder: string, name: string): Promise<KeyPair | undefined> {
  try {
    const pair = {
      certificate: await readFile(path.join(folder, `${name}.pem`), "utf8"),
      key: await readFile(path.join(folder, `${name}.key`), "utf8"),
    };
    if (!new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.key)))
      throw new Error("certificate and key do not go together");
    return pair;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const message = `${name}.pem and ${name}.key in ${folder} cannot be used: ${messageOf(error)}`;
    throw new MayflyError("tls_unusable", message, {
      hint:
        name === "ca"
          ? "put both back from a backup; without them clients have to trust a new CA: remove both and start again"
          : "remove both and start again: they are made anew",
    });
  }
}

async function keep(folder: string, name: string, pair: KeyPair): Promise<void> {
  const put = async (file: string, text: string, mode: number): Promise<void> => {
    await writeFile(`${file}.new`, text, { mode });
    await rename(`${file}.new`, file);
  };
  try {
    await put(path.join(folder, `${name}.key`), pair.key, 0o600);
    await put(path.join(folder, `${name}.pem`), pair.certificate, 0o644);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** A full or read-only disk says neither what nor where. */
function unwritable(folder: string, error: unknown): MayflyError {
  return new MayflyError(
    "tls_unusable",
    `the certificates in ${folder} cannot be written: ${messageOf(error)}`,
    {
      hint: "the disk of `data` must have room, and the user that mayflyd runs as must be able to write there",
    },
  );
}

/** Whether a kept certificate still serves: these hosts, and at least a third of its life left. */
function serves(pair: KeyPair, authority: KeyPair, hosts: readonly string[], now: number): boolean {
  const certificate = new X509Certificate(pair.certificate);
  if (!certificate.checkIssued(new X509Certificate(authority.certificate))) return false;
  if (certificate.validToDate.getTime() - now < 30 * day) return false;
  return hosts.every(
    (host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined,
  );
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
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  let authority = await readPair(folder, "ca");
  if (authority === undefined) {
    const { makeAuthority } = await import("./make-certificate.ts");
    authority = await makeAuthority(now);
    await keep(folder, "ca", authority);
  }
  let server = await readPair(folder, "server");
  if (server === undefined || !serves(server, authority, hosts, now)) {
    const { issue } = await import("./make-certificate.ts");
    server = await issue(authority, hosts, now);
    await keep(folder, "server", server);
  }
  return { ...server, ca: authority.certificate, caFile: path.join(folder, "ca.pem") };
}
