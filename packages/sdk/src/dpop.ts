import { MayflyError } from "./errors.ts";

/** A key of WebCrypto, of Node's as of a browser's. */
type Key = Parameters<typeof crypto.subtle.sign>[1];
/** A public JSON Web Key (RFC 7517): `kty` and its members. */
export type PublicJwk = Readonly<Record<string, unknown>>;

/**
 * The key that an access token is bound to (RFC 9449): whoever sends the token proves with every request that they hold
 * it. The private key need not be extractable.
 */
export type DpopKey =
  | { readonly privateKey: Key; readonly publicJwk: PublicJwk }
  /** As `crypto.subtle.generateKey` makes it. */
  | { readonly privateKey: Key; readonly publicKey: Key };

/** One request, as a proof names it. */
export interface Proven {
  readonly method: string;
  /** Absolute; its query and fragment are left out of the proof. */
  readonly url: string;
  readonly token: string;
  /** As it is sent, where the proof is to cover it: its digest is then the claim `body_sha256`. */
  readonly body?: string;
}

/** Makes proofs. */
export interface Prover {
  /** The headers of one request: a proof is used once. @throws MayflyError dpop_key */
  headers(request: Proven): Promise<{ readonly authorization: string; readonly dpop: string }>;
  /**
   * Takes note of an answer's nonce, for the proofs after it.
   * @returns whether the same request is worth sending again: the gateway wants a nonce that the proof did not have
   */
  answered(answer: {
    readonly status: number;
    readonly challenge: string | null | undefined;
    readonly nonce: string | null | undefined;
  }): boolean;
}

/** The public members of each type of key (RFC 7638, section 3.2), which alone go into a proof. */
const publicMembers: Readonly<Record<string, readonly string[]>> = {
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
  RSA: ["e", "kty", "n"],
};

/** How a key signs (RFC 7518, section 3.1), by WebCrypto's name of its algorithm and its curve or hash. */
const signing: Readonly<Record<string, { readonly alg: string; readonly by: object }>> = {
  "ECDSA P-256": { alg: "ES256", by: { name: "ECDSA", hash: "SHA-256" } },
  "ECDSA P-384": { alg: "ES384", by: { name: "ECDSA", hash: "SHA-384" } },
  "ECDSA P-521": { alg: "ES512", by: { name: "ECDSA", hash: "SHA-512" } },
  "RSASSA-PKCS1-v1_5 SHA-256": { alg: "RS256", by: { name: "RSASSA-PKCS1-v1_5" } },
  "RSASSA-PKCS1-v1_5 SHA-384": { alg: "RS384", by: { name: "RSASSA-PKCS1-v1_5" } },
  "RSASSA-PKCS1-v1_5 SHA-512": { alg: "RS512", by: { name: "RSASSA-PKCS1-v1_5" } },
  "RSA-PSS SHA-256": { alg: "PS256", by: { name: "RSA-PSS", saltLength: 32 } },
  "RSA-PSS SHA-384": { alg: "PS384", by: { name: "RSA-PSS", saltLength: 48 } },
  "RSA-PSS SHA-512": { alg: "PS512", by: { name: "RSA-PSS", saltLength: 64 } },
  Ed25519: { alg: "EdDSA", by: { name: "Ed25519" } },
};

/** Makes the prover of a key, which remembers the gateway's newest nonce. */
export function proverOf(key: DpopKey): Prover {
  let nonce: string | undefined;
  let jwk: Promise<PublicJwk> | undefined;
  return {
    async headers({ method, url, token, body }) {
      const { alg, by } = signingOf(key.privateKey);
      jwk ??= publicOf(key);
      const header = { typ: "dpop+jwt", alg, jwk: await jwk };
      const claims = {
        jti: crypto.randomUUID(),
        htm: method,
        htu: url.replace(/[?#].*$/s, ""),
        iat: Math.floor(Date.now() / 1000),
        ath: await digestOf(token),
        // A claim of Mayfly's own, which RFC 9449, section 4.2, allows.
        ...(body === undefined ? {} : { body_sha256: await digestOf(body) }),
        ...(nonce === undefined ? {} : { nonce }),
      };
      const signed = `${base64url(bytesOf(JSON.stringify(header)))}.${base64url(bytesOf(JSON.stringify(claims)))}`;
      const signature = await crypto.subtle.sign(
        by as Parameters<typeof crypto.subtle.sign>[0],
        key.privateKey,
        bytesOf(signed),
      );
      return { authorization: `DPoP ${token}`, dpop: `${signed}.${base64url(signature)}` };
    },
    answered({ status, challenge, nonce: given }) {
      const isNew = given !== undefined && given !== null && given !== nonce;
      if (isNew) nonce = given;
      // RFC 9449, section 9: nothing was done for a request that lacked the nonce.
      return isNew && status === 401 && /\berror="use_dpop_nonce"/.test(challenge ?? "");
    },
  };
}

async function publicOf(key: DpopKey): Promise<PublicJwk> {
  const jwk: PublicJwk =
    "publicJwk" in key ? key.publicJwk : { ...(await crypto.subtle.exportKey("jwk", key.publicKey)) };
  const members = publicMembers[String(jwk["kty"])];
  if (members === undefined || members.some((name) => typeof jwk[name] !== "string"))
    throw unusable("its public half is no public JWK of type EC, OKP or RSA");
  return Object.fromEntries(members.map((name) => [name, jwk[name]]));
}

function signingOf({ algorithm }: Key): { readonly alg: string; readonly by: object } {
  const { name, namedCurve, hash } = algorithm as {
    readonly name: string;
    readonly namedCurve?: string;
    readonly hash?: { readonly name: string };
  };
  const found = signing[[name, namedCurve ?? hash?.name].filter((part) => part !== undefined).join(" ")];
  if (found === undefined) throw unusable(`WebCrypto's ${name} does not sign proofs`);
  return found;
}

function unusable(why: string): MayflyError {
  return new MayflyError("dpop_key", `the DPoP key cannot be used: ${why}`, {
    hint: "give the key pair that the access token is bound to, for example one of ECDSA on P-256",
  });
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** SHA-256 over a text's UTF-8. */
async function digestOf(text: string): Promise<string> {
  return base64url(await crypto.subtle.digest("SHA-256", bytesOf(text)));
}

/** RFC 4648, section 5, without padding; browsers have no other way to it yet. */
function base64url(bytes: ArrayBuffer | Uint8Array): string {
  let binary = "";
  for (const byte of bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes))
    binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
