import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../../../kernel/secret.ts";
import { u32 } from "../wire/framing.ts";
import { passwordMessage, saslInitialResponse, saslResponse } from "../wire/messages.ts";

const stretch = promisify(pbkdf2);

/** More iterations than this are taken for an attempt to keep the gateway busy (PostgreSQL's default is 4096). */
const MAX_ITERATIONS = 1_000_000;

/** Why the gateway's own log-in failed; the text names no secret and quotes nothing the server sent. */
export class UpstreamAuthError extends Error {
  override readonly name = "UpstreamAuthError";
}

/** The gateway's side of logging in to one server. */
export interface UpstreamAuth {
  /**
   * Takes the body of an Authentication message.
   * @returns what to send, nothing to send, or "done" after AuthenticationOk
   * @throws UpstreamAuthError when the server asks for what must not be given, or fails to prove itself
   */
  answer(body: Buffer): Promise<Buffer | undefined | "done">;
}

export interface UpstreamAuthOptions {
  readonly user: string;
  readonly password: Secret | undefined;
  /** Whether the server's certificate was verified: only then may it be handed a cleartext password. */
  readonly verified: boolean;
}

/** Salted passwords already stretched, one a password: a reconnect need not stretch it again. */
const stretched = new WeakMap<Secret, { readonly from: string; readonly salted: Buffer }>();

async function saltedPassword(password: Secret, salt: string, iterations: number): Promise<Buffer> {
  const from = `${iterations} ${salt} ${createHash("sha256").update(password.reveal()).digest("hex")}`;
  const known = stretched.get(password);
  if (known?.from === from) return known.salted;
  // RFC 7613 preparation, as far as PostgreSQL's own fallback goes: NFKC.
  const salted = await stretch(
    Buffer.from(password.reveal().normalize("NFKC")),
    Buffer.from(salt, "base64"),
    iterations,
    32,
    "sha256",
  );
  stretched.set(password, { from, salted });
  return salted;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function md5(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Answers AuthenticationOk, cleartext (verified servers only), MD5 and SCRAM-SHA-256 (RFC 5802, RFC 7677). */
export function createUpstreamAuth({ user, password, verified }: UpstreamAuthOptions): UpstreamAuth {
  const nonce = randomBytes(18).toString("base64");
  const bare = `n=,r=${nonce}`;
  let state: "start" | "first" | "final" | "proved" | "sent" = "start";
  let serverSignature: Buffer | undefined;

  const secret = (): Secret => {
    if (password === undefined)
      throw new UpstreamAuthError("the server asks for a password and none is configured");
    return password;
  };

  const sasl = (body: Buffer): Buffer => {
    const mechanisms = body.toString("latin1", 4).split("\0");
    if (state !== "start") throw new UpstreamAuthError("the server started SASL twice");
    if (!mechanisms.includes("SCRAM-SHA-256")) {
      throw new UpstreamAuthError("the server offers no SASL mechanism that is supported (SCRAM-SHA-256)");
    }
    secret();
    state = "first";
    return saslInitialResponse(`n,,${bare}`);
  };

  const saslContinue = async (body: Buffer): Promise<Buffer> => {
    const serverFirst = body.toString("utf8", 4);
    const match = /^r=([\x21-\x2b\x2d-\x7e]{1,512}),s=([A-Za-z0-9+/=]{4,1024}),i=(\d{1,7})$/.exec(
      serverFirst,
    );
    const [, serverNonce = "", salt = "", count = ""] = match ?? [];
    if (state !== "first" || !serverNonce.startsWith(nonce) || serverNonce.length === nonce.length) {
      throw new UpstreamAuthError("the server's SCRAM challenge is malformed");
    }
    const iterations = Number(count);
    if (iterations < 1 || iterations > MAX_ITERATIONS) {
      throw new UpstreamAuthError(
        `the server asks for ${iterations} SCRAM iterations; at most ${MAX_ITERATIONS} are done`,
      );
    }
    const salted = await saltedPassword(secret(), salt, iterations);
    const clientKey = hmac(salted, "Client Key");
    const withoutProof = `c=biws,r=${serverNonce}`;
    const authMessage = `${bare},${serverFirst},${withoutProof}`;
    const signature = hmac(createHash("sha256").update(clientKey).digest(), authMessage);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    serverSignature = hmac(hmac(salted, "Server Key"), authMessage);
    state = "final";
    return saslResponse(`${withoutProof},p=${proof.toString("base64")}`);
  };

  const saslFinal = (body: Buffer): void => {
    const match = /^v=([A-Za-z0-9+/=]{44})/.exec(body.toString("utf8", 4));
    const claimed = Buffer.from(match?.[1] ?? "", "base64");
    if (state !== "final" || serverSignature === undefined || claimed.length !== serverSignature.length) {
      throw new UpstreamAuthError("the server's SCRAM signature is malformed");
    }
    if (!timingSafeEqual(claimed, serverSignature)) {
      throw new UpstreamAuthError("the server does not know the password: its SCRAM signature is wrong");
    }
    state = "proved";
  };

  return {
    async answer(body) {
      if (body.length < 4) throw new UpstreamAuthError("the server's authentication request is too short");
      const kind = u32(body, 0);
      switch (kind) {
        case 0:
          if (state === "first" || state === "final") {
            throw new UpstreamAuthError("the server ended SCRAM without proving that it knows the password");
          }
          return "done";
        case 3:
          if (!verified) {
            throw new UpstreamAuthError(
              "the server asks for a cleartext password and its certificate is not verified",
            );
          }
          if (state !== "start") throw new UpstreamAuthError("the server asks for a second password");
          state = "sent";
          return passwordMessage(secret().reveal());
        case 5: {
          if (state !== "start" || body.length !== 8)
            throw new UpstreamAuthError("the server's MD5 request is malformed");
          state = "sent";
          return passwordMessage(`md5${md5(md5(secret().reveal(), user), body.subarray(4, 8))}`);
        }
        case 10:
          return sasl(body);
        case 11:
          return saslContinue(body);
        case 12:
          saslFinal(body);
          return undefined;
        default:
          throw new UpstreamAuthError(
            `the server asks for authentication method ${kind}, which is not supported`,
          );
      }
    },
  };
}
