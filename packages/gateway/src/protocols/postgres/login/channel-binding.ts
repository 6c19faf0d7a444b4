import { hash, type X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** Hashes by what a certificate's signature says; its own is not used where it is MD5 or SHA-1 (RFC 5929, section 4.1). */
const hashes: readonly (readonly [RegExp, string])[] = [
  [/sha-?512/iu, "sha512"],
  [/sha-?384/iu, "sha384"],
  [/sha-?(?:256|1)|md5/iu, "sha256"],
];

/**
 * What binds an exchange to the TLS channel of a client's connection (RFC 5929, `tls-server-end-point`): the hash of the
 * certificate that the gateway showed.
 * @returns undefined without TLS, and for a certificate whose signature names no hash (Ed25519)
 */
export function channelBinding(client: Duplex): Buffer | undefined {
  if (!(client instanceof TLSSocket)) return undefined;
  const shown = client.getX509Certificate();
  return shown === undefined ? undefined : endPointOf(shown);
}

/** The binding of one certificate. */
export function endPointOf({
  raw,
  signatureAlgorithm = "",
}: Pick<X509Certificate, "raw"> & { readonly signatureAlgorithm?: string | undefined }): Buffer | undefined {
  const algorithm = hashes.find(([pattern]) => pattern.test(signatureAlgorithm))?.[1];
  return algorithm === undefined ? undefined : hash(algorithm, raw, "buffer");
}
