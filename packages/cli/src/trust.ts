import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";

/** Variables that make a command's clients trust the gateway, and what holds the file that they name. */
export interface Trust {
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** Where systems keep the CAs that they trust, in one file: Debian and Alpine, Fedora, the BSDs and macOS. */
const systemBundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
] as const;

/** Variables that name all CAs which a client trusts: OpenSSL's and Go's, curl's, Python's requests. */
const wholeBundle = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"] as const;

/**
 * What a command needs so that its clients trust the gateway's own CA beside the CAs that they trust already: psql has
 * `PGSSLROOTCERT`, Node adds a file to its own, and the others get a bundle of both.
 * @param caFile absolute path of the CA that the gateway's certificate is checked with
 * @param environment the user's: what it names already is added to
 */
export function trustGateway(caFile: string, environment: NodeJS.ProcessEnv): Trust {
  const ca = readFileSync(caFile, "utf8");
  const folder = mkdtempSync(join(tmpdir(), "mayfly-ca-"));
  const write = (name: string, parts: readonly string[]): string => {
    const file = join(folder, name);
    writeFileSync(file, parts.map((part) => `${part.trim()}\n`).join(""), { mode: 0o600, flag: "wx" });
    return file;
  };
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const ofNode = textOf(environment["NODE_EXTRA_CA_CERTS"]);
    const bundles = wholeBundle.map((name): [string, string] => [
      name,
      write(`${name}.pem`, [textOf(environment[name]) ?? systemCas(), ca]),
    ]);
    return {
      env: {
        MAYFLY_CA: caFile,
        NODE_EXTRA_CA_CERTS: ofNode === undefined ? caFile : write("NODE_EXTRA_CA_CERTS.pem", [ofNode, ca]),
        ...Object.fromEntries(bundles),
      },
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The text of a file that a variable names; undefined where it names none that can be read. */
function textOf(file: string | undefined): string | undefined {
  if (file === undefined || file === "" || !existsSync(file)) return undefined;
  return readFileSync(file, "utf8");
}

function systemCas(): string {
  const file = systemBundles.find((each) => existsSync(each));
  return file === undefined ? rootCertificates.join("\n") : readFileSync(file, "utf8");
}
