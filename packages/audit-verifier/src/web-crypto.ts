import type { Bytes } from "./core/bytes.ts";
import type { CryptoRequest, Steps } from "./core/steps.ts";

/** This browser has no Ed25519, so that it can prove nothing; it says nothing about the log. */
export class NoEd25519 extends Error {
  override readonly name: string = "NoEd25519";
}

async function answer(request: CryptoRequest): Promise<Uint8Array | boolean> {
  if (request.kind === "sha256")
    return new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(request.bytes)));
  const key = await importKey(request.key);
  return crypto.subtle.verify("Ed25519", key, request.signature, request.message);
}

type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

async function importKey(raw: Bytes): Promise<ImportedKey> {
  try {
    return await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "NotSupportedError")
      throw new NoEd25519("this browser cannot verify Ed25519 signatures", { cause });
    throw new Error("not a verifier key: these bytes are no Ed25519 key", { cause });
  }
}

/** Runs an algorithm on WebCrypto. @throws what the algorithm throws; NoEd25519 */
export async function runWithWebCrypto<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (step.done !== true) step = steps.next(await answer(step.value));
  return step.value;
}
