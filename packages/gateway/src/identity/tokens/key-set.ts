import { importJWK } from "jose";
import type { CryptoKey } from "jose";
import { algorithms } from "./algorithms.ts";
import { DocumentFailure } from "../provider/document.ts";

/** A public key of the provider's, for one algorithm. */
export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: "RS256" | "ES256";
  readonly key: CryptoKey;
  /** The key's public members as text: equal for equal keys. */
  readonly material: string;
}

/** More keys than this in one set is not Okta. */
const MAX_KEYS = 64;

/**
 * Reads a JWK set (RFC 7517, section 5). Keys that are for something else, of another type, too weak or without a
 * `kid` are left out, as the RFC says; two keys with one `kid` are both left out.
 * @throws DocumentFailure when it is not a key set
 */
export async function readKeySet(
  value: unknown,
  accepted: readonly ("RS256" | "ES256")[],
): Promise<ReadonlyMap<string, VerificationKey>> {
  const { keys } = (value ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new DocumentFailure("the key set has no list of keys");
  if (keys.length > MAX_KEYS) throw new DocumentFailure(`the key set has more than ${MAX_KEYS} keys`);
  const found = new Map<string, VerificationKey>();
  const seen = new Set<string>();
  for (const jwk of keys as unknown[]) {
    const key = await readKey(jwk, accepted);
    if (key === undefined) continue;
    if (seen.has(key.kid)) found.delete(key.kid);
    else found.set(key.kid, key);
    seen.add(key.kid);
  }
  return found;
}

async function readKey(
  value: unknown,
  accepted: readonly ("RS256" | "ES256")[],
): Promise<VerificationKey | undefined> {
  if (typeof value !== "object" || value === null) return undefined;
  const jwk = value as Readonly<Record<string, unknown>>;
  const { kid, kty, use, alg, key_ops: operations } = jwk;
  if (typeof kid !== "string" || kid.length === 0) return undefined;
  if (use !== undefined && use !== "sig") return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify")))
    return undefined;
  const algorithm = accepted.find(
    (name) => algorithms[name].kty === kty && (alg === undefined || alg === name),
  );
  if (algorithm === undefined) return undefined;
  const row = algorithms[algorithm];
  const parts: Record<string, string> = { kty: row.kty };
  for (const member of row.members) {
    const part = jwk[member];
    if (typeof part !== "string") return undefined;
    parts[member] = part;
  }
  try {
    if (row.objection(parts) !== undefined) return undefined;
    const key = await importJWK(parts, algorithm);
    if (key instanceof Uint8Array) return undefined;
    return { kid, algorithm, key, material: JSON.stringify([algorithm, parts]) };
  } catch {
    return undefined;
  }
}
