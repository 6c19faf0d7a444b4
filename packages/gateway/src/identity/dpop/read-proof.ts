import { boundedMap } from "../../kernel/bounded-map.ts";
import type { Clock } from "../../kernel/clock.ts";
import { badProof } from "./error.ts";
import type { PresentedToken } from "./presented-token.ts";
import { checkProofSignature, readProofClaims, readProofHeader, splitProof } from "./proof.ts";
import type { ProofHeader } from "./proof.ts";
import { MAX_PROOF_AGE_MS, MAX_PROOF_AHEAD_MS } from "./replays.ts";
import { isSameUrl } from "./same-url.ts";

/** Cached proof headers with their key: a client sends the same header in all of its proofs. */
const MAX_HEADERS = 1000;

/** A verified token, as far as DPoP needs it. */
export interface BoundToken {
  /** SHA-256 of its text, hexadecimal. */
  readonly digest: string;
  /** The thumbprint of its key; undefined for a bearer token. */
  readonly thumbprint: string | undefined;
  /** Whose it is, as a key to count by. */
  readonly principal: string;
}

/** A proof that is good if it was not used before. */
export interface ReadProof {
  readonly jti: string;
  /** Milliseconds since the epoch. */
  readonly iat: number;
  readonly nonce: string | undefined;
  /** The thumbprint of its key. */
  readonly key: string;
}

/**
 * Makes the reader of proofs: every check that needs no memory of other proofs.
 * @param origin of the gateway's own URL
 */
export function createProofReader(
  clock: Clock,
  origin: string,
): (text: string, token: BoundToken, shown: PresentedToken) => ReadProof {
  const headers = boundedMap<ProofHeader>(MAX_HEADERS);
  return (text, { digest, thumbprint }, shown) => {
    const parts = splitProof(text);
    const known = headers.get(parts.header);
    const header = known ?? readProofHeader(parts.header);
    if (header.thumbprint !== thumbprint)
      throw badProof(
        "its key is not the one that the access token is bound to",
        "sign with the key that the token was got with",
      );
    checkProofSignature(parts, header);
    if (known === undefined) headers.set(parts.header, header);
    const { jti, htm, htu, iat, ath, nonce } = readProofClaims(parts.claims);
    if (htm !== shown.method) throw badProof("it is for another method (htm)");
    if (!isSameUrl(htu, origin, shown.target))
      throw badProof(
        "it is for another URL (htu)",
        `htu is the URL of the request as it is sent, without its query, and begins with ${origin}`,
      );
    if (ath !== Buffer.from(digest, "hex").toString("base64url"))
      throw badProof("it is for another access token (ath)");
    const now = clock.wall();
    if (iat < now - MAX_PROOF_AGE_MS || iat > now + MAX_PROOF_AHEAD_MS)
      throw badProof(
        "it was not made just now (iat)",
        `compare clocks: this gateway's says ${new Date(now).toISOString()}`,
      );
    return { jti, iat, nonce, key: header.thumbprint };
  };
}
