import type { Check, CheckContext } from "./check.ts";
import { checkAccessToken } from "../checks/access-token.ts";
import { checkAlgorithm } from "../checks/algorithm.ts";
import { checkAudience } from "../checks/audience.ts";
import { checkBinding } from "../checks/binding.ts";
import { checkEmbeddedKeys } from "../checks/embedded-keys.ts";
import { checkExpiry } from "../checks/expiry.ts";
import { checkExtensions } from "../checks/extensions.ts";
import { checkIssuedAt } from "../checks/issued-at.ts";
import { checkKeyId } from "../checks/key-id.ts";
import { checkLifetime } from "../checks/lifetime.ts";
import { checkNames } from "../checks/names.ts";
import { checkNotBefore } from "../checks/not-before.ts";
import { checkSignature } from "../checks/signature.ts";
import { checkType } from "../checks/type.ts";
import type { VerificationKey } from "./key-set.ts";
import type { VerificationKeys } from "./keys.ts";
import type { ReadToken } from "./token.ts";

/**
 * Everything a token must pass, in order, after it was read by the grammar (token.ts) and its exact issuer chose the
 * provider (create-identity.ts). Header first, then the signature, then claims: a forger learns nothing about claims.
 */
export const pipeline: readonly Check[] = [
  checkAlgorithm,
  checkEmbeddedKeys,
  checkExtensions,
  checkType,
  checkKeyId,
  checkSignature,
  checkAudience,
  checkExpiry,
  checkNotBefore,
  checkIssuedAt,
  checkLifetime,
  checkAccessToken,
  checkBinding,
  checkNames,
];

/**
 * Runs the whole pipeline.
 * @returns the key that verified the signature: the proof that one did
 * @throws IdentityError of the first check that refuses
 */
export async function passPipeline(token: ReadToken, context: CheckContext): Promise<VerificationKey> {
  let signedBy: VerificationKey | undefined;
  const keys: VerificationKeys = {
    async find(kid) {
      signedBy = await context.keys.find(kid);
      return signedBy;
    },
  };
  for (const check of pipeline) await check(token, { ...context, keys });
  if (signedBy === undefined) throw new TypeError("no check verified the signature");
  return signedBy;
}
