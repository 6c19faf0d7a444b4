import { compactVerify } from "jose";
import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

/** The named key of the token's own issuer made the signature, with the algorithm that the key is for. */
export const checkSignature: Check = async ({ text, header }, { keys }) => {
  const algorithm = String(header["alg"]);
  const key = await keys.find(String(header["kid"]));
  if (key.algorithm !== algorithm) {
    throw new IdentityError("token_algorithm", "the access token's algorithm is not the one its key is for");
  }
  try {
    await compactVerify(text, key.key, { algorithms: [algorithm] });
  } catch {
    throw new IdentityError("token_signature", "the access token's signature is not valid");
  }
};
