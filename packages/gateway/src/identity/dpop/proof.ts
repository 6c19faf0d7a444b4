import { createHash, createPublicKey, verify } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { decodeUtf8, parseStrictJson } from "../../kernel/strict-json.ts";
import { proofAlgorithms } from "../tokens/algorithms.ts";
import type { ProofAlgorithm } from "../tokens/algorithms.ts";
import { badProof } from "./error.ts";

/** The longest proof that is looked at, characters: one with an RSA key of 8192 bits has some 3,300. */
const MAX_PROOF_CHARACTERS = 8192;
/** The longest `jti`, `htu` and `nonce`, characters. */
const MAX_CLAIM_CHARACTERS = 16_384;
const MAX_JTI_CHARACTERS = 256;

/** What a proof's header says, once it is known to be one that is taken. */
export interface ProofHeader {
  readonly algorithm: ProofAlgorithm;
  readonly key: KeyObject;
  /** RFC 7638, base64url. */
  readonly thumbprint: string;
}

/** What a proof claims (RFC 9449, section 4.2); believed once its signature was verified. */
export interface ProofClaims {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** Milliseconds since the epoch. */
  readonly iat: number;
  readonly ath: string;
  readonly nonce?: string;
  /** SHA-256 of the request's body, base64url, where the proof covers it: `body_sha256`, a claim of Mayfly's own. */
  readonly bodyDigest?: string;
}

/** A proof's three parts, by the grammar alone. */
export interface ProofParts {
  readonly header: string;
  readonly claims: string;
  readonly signature: string;
}

/** Splits a proof. @throws DpopError */
export function splitProof(text: string): ProofParts {
  if (text.length > MAX_PROOF_CHARACTERS)
    throw badProof(`it is longer than ${MAX_PROOF_CHARACTERS} characters`);
  const [header, claims, signature, ...rest] = text.split(".");
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0)
    throw badProof("it is no signed JWT");
  return { header, claims, signature };
}

/**
 * Reads a proof's header: its type, an algorithm that is taken, and a public key that is good for it.
 * @throws DpopError
 */
export function readProofHeader(part: string): ProofHeader {
  const header = readObject(part, "header");
  const { typ, alg, jwk } = header;
  if (typ !== "dpop+jwt") throw badProof("its typ is not dpop+jwt");
  const algorithm =
    typeof alg === "string" && Object.hasOwn(proofAlgorithms, alg) ? proofAlgorithms[alg] : undefined;
  if (algorithm === undefined)
    throw badProof(
      "its algorithm is not taken",
      `sign with one of ${Object.keys(proofAlgorithms).join(", ")}`,
    );
  const extra = Object.keys(header).find((name) => !["typ", "alg", "jwk", "kid"].includes(name));
  if (extra !== undefined) throw badProof("its header has more than typ, alg and jwk");
  if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk))
    throw badProof("its header has no key (jwk)");
  return { algorithm, ...readKey(jwk as JsonWebKey, algorithm) };
}

/** What only a private or a symmetric key has (RFC 7518, section 6). */
const secretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

function readKey(jwk: JsonWebKey, algorithm: ProofAlgorithm): { key: KeyObject; thumbprint: string } {
  if (secretMembers.some((name) => Object.hasOwn(jwk, name)))
    throw badProof(
      "its key (jwk) has private members",
      "this key is known to others now: make a new one, and get a new token with it",
    );
  // In the order of RFC 7638, section 3.2: by name.
  const members = [...algorithm.members, "kty"].toSorted();
  const bare = Object.fromEntries(members.map((name) => [name, jwk[name]]));
  if (jwk.kty !== algorithm.kty || Object.values(bare).some((value) => typeof value !== "string"))
    throw badProof("its key (jwk) is not one for its algorithm");
  let objection: string | undefined;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: bare, format: "jwk" });
    objection = algorithm.objection(bare);
  } catch {
    throw badProof("its key (jwk) is no public key");
  }
  if (objection !== undefined) throw badProof(`its key (jwk) is not taken: ${objection}`);
  return { key, thumbprint: createHash("sha256").update(JSON.stringify(bare)).digest("base64url") };
}

/** Verifies a proof's signature with the key in its own header. @throws DpopError */
export function checkProofSignature({ header, claims, signature }: ProofParts, by: ProofHeader): void {
  const { hash } = by.algorithm;
  const isGood = verify(
    hash,
    Buffer.from(`${header}.${claims}`),
    { key: by.key, dsaEncoding: "ieee-p1363" },
    decode(signature),
  );
  if (!isGood) throw badProof("its signature is not valid");
}

/** Reads a proof's claims, each of its type and length. @throws DpopError */
export function readProofClaims(part: string): ProofClaims {
  const claims = readObject(part, "claims");
  const text = (name: string, maxCharacters = MAX_CLAIM_CHARACTERS): string => {
    const value = claims[name];
    if (typeof value !== "string" || value === "" || value.length > maxCharacters)
      throw badProof(`it has no usable ${name}`);
    return value;
  };
  const { iat } = claims;
  if (typeof iat !== "number" || !Number.isFinite(iat)) throw badProof("it has no usable iat");
  return {
    jti: text("jti", MAX_JTI_CHARACTERS),
    htm: text("htm"),
    htu: text("htu"),
    iat: iat * 1000,
    ath: text("ath"),
    ...(Object.hasOwn(claims, "nonce") ? { nonce: text("nonce") } : {}),
    ...(Object.hasOwn(claims, "body_sha256") ? { bodyDigest: text("body_sha256") } : {}),
  };
}

function readObject(part: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseStrictJson(decodeUtf8(decode(part)));
  } catch {
    throw badProof(`its ${what} is not unambiguous JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badProof(`its ${what} is not a JSON object`);
  return value as Record<string, unknown>;
}

function decode(part: string): Buffer {
  const bytes = Buffer.from(part, "base64url");
  // Node's decoder skips what it does not know; only text that encodes back to itself is canonical.
  if (part === "" || bytes.toString("base64url") !== part) throw badProof("it is not canonical base64url");
  return bytes;
}
