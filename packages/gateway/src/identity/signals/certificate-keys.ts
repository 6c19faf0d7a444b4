import { importX509 } from "jose";
import type { VerificationKey } from "../tokens/key-set.ts";
import type { VerificationKeys } from "../tokens/keys.ts";

/**
 * Gives a certificate's key for every key id, because SAML metadata names no key. The certificate comes from the operator's
 * own file, and nothing is fetched.
 * @param pem an RSA certificate
 */
export function certificateKeys(pem: string): VerificationKeys {
  let imported: Promise<VerificationKey> | undefined;
  return {
    find(kid) {
      imported ??= importX509(pem, "RS256").then((key): VerificationKey => ({
        kid,
        algorithm: "RS256",
        key,
        material: pem,
      }));
      return imported;
    },
  };
}
