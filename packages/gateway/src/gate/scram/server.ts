import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { GrantSecretProof, ScramExchange, ScramMechanism } from "./scram.ts";

/** What a SCRAM server keeps instead of a password (RFC 5802, section 3), read from its RFC 5803 form. */
interface Verifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const storedForm = /^SCRAM-SHA-256\$(\d{1,7}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/;
/** gs2-header without authorization identity, then client-first-message-bare. */
const clientFirst = /^(n|y|p=[A-Za-z0-9.-]{1,64}),,(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]{8,256}))$/;
const clientFinal = /^(c=([A-Za-z0-9+/=]{4,200}),r=([\x21-\x2b\x2d-\x7e]{8,320})),p=([A-Za-z0-9+/=]{44})$/;
const MAX_MESSAGE_BYTES = 1024;

const proofs = new WeakSet<GrantSecretProof>();

/** Whether a proof came out of an exchange in this process that succeeded. */
export function isGenuine(proof: GrantSecretProof): boolean {
  return proofs.has(proof);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function parseVerifier(text: string): Verifier | undefined {
  const match = storedForm.exec(text);
  if (match === null) return undefined;
  const [, iterations = "", salt = "", storedKey = "", serverKey = ""] = match;
  const verifier = {
    iterations: Number(iterations),
    salt: Buffer.from(salt, "base64"),
    storedKey: Buffer.from(storedKey, "base64"),
    serverKey: Buffer.from(serverKey, "base64"),
  };
  return verifier.storedKey.length === 32 && verifier.serverKey.length === 32 ? verifier : undefined;
}

/**
 * A verifier for a grant that has none, so that an unknown grant looks like a wrong secret. Its salt is derived
 * from the name, since two attempts on a real grant see the same salt too.
 */
function decoy(key: Buffer, grant: string): Verifier {
  return {
    iterations: 4096,
    salt: hmac(key, `salt ${grant}`).subarray(0, 16),
    storedKey: randomBytes(32),
    serverKey: randomBytes(32),
  };
}

const BOUND = "p=tls-server-end-point";

/**
 * Whether a client's word on channel binding fits the mechanism that it chose (RFC 5802, section 6). One that could bind
 * and believes that the server cannot (`y`) has been lied to on the way where the server offered it.
 */
function fits(flag: string, mechanism: ScramMechanism, offered: readonly ScramMechanism[]): boolean {
  if (!offered.includes(mechanism)) return false;
  if (mechanism === "SCRAM-SHA-256-PLUS") return flag === BOUND;
  return flag === "n" || (flag === "y" && !offered.includes("SCRAM-SHA-256-PLUS"));
}

/** Makes the server's side of SCRAM-SHA-256 for grants' secrets. */
export function createScram(
  verifierOf: (grant: string) => Promise<string | undefined>,
): (grant: string, binding?: Buffer) => ScramExchange {
  const decoyKey = randomBytes(32);

  return (grant, binding) => {
    const mechanisms: readonly ScramMechanism[] =
      binding === undefined ? ["SCRAM-SHA-256"] : ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"];
    let state: "first" | "final" | "done" = "first";
    let verifier: Verifier | undefined;
    let bare = "";
    /** What the client has to sign of the channel: its own header, and the binding where it chose that. */
    let channel = "";
    let nonce = "";
    let serverFirst = "";

    return {
      mechanisms,
      async first(message, mechanism = "SCRAM-SHA-256") {
        if (state !== "first" || message.length > MAX_MESSAGE_BYTES) return undefined;
        state = "done";
        const match = clientFirst.exec(message);
        const flag = match?.[1] ?? "";
        if (match === null || !fits(flag, mechanism, mechanisms)) return undefined;
        const bound = flag === BOUND ? (binding ?? Buffer.alloc(0)) : Buffer.alloc(0);
        channel = Buffer.concat([Buffer.from(`${flag},,`), bound]).toString("base64");
        bare = match[2] ?? "";
        const stored = await verifierOf(grant);
        verifier = (stored === undefined ? undefined : parseVerifier(stored)) ?? decoy(decoyKey, grant);
        nonce = `${match[4]}${randomBytes(18).toString("base64")}`;
        serverFirst = `r=${nonce},s=${verifier.salt.toString("base64")},i=${verifier.iterations}`;
        state = "final";
        return serverFirst;
      },
      final(message) {
        if (state !== "final" || verifier === undefined || message.length > MAX_MESSAGE_BYTES)
          return undefined;
        state = "done";
        const match = clientFinal.exec(message);
        if (match === null) return undefined;
        const [, withoutProof = "", signed = "", echoed = "", proofText = ""] = match;
        // RFC 5802, section 6: the header that arrived first, and this channel, must be what the client signed.
        if (signed !== channel || echoed !== nonce) return undefined;
        const clientProof = Buffer.from(proofText, "base64");
        if (clientProof.length !== 32) return undefined;
        const authMessage = `${bare},${serverFirst},${withoutProof}`;
        const signature = hmac(verifier.storedKey, authMessage);
        const clientKey = Buffer.from(clientProof.map((byte, index) => byte ^ (signature[index] ?? 0)));
        const storedKey = createHash("sha256").update(clientKey).digest();
        if (!timingSafeEqual(storedKey, verifier.storedKey)) return undefined;
        const proof: GrantSecretProof = Object.freeze({ kind: "grant-secret", grant });
        proofs.add(proof);
        return { message: `v=${hmac(verifier.serverKey, authMessage).toString("base64")}`, proof };
      },
    };
  };
}
