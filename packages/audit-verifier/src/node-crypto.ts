import { createPublicKey, hash, verify } from "node:crypto";
import type { CryptoRequest, Steps } from "./core/steps.ts";

function answer(request: CryptoRequest): Uint8Array | boolean {
  if (request.kind === "sha256") return hash("sha256", request.bytes, "buffer");
  const x = Buffer.from(request.key).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, request.message, key, request.signature);
}

/** Runs an algorithm on node:crypto, at once. @throws what the algorithm throws */
export function runSync<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next(answer(step.value));
  return step.value;
}
