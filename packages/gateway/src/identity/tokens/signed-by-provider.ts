import type { Check } from "./check.ts";
import { checkAlgorithm } from "../checks/algorithm.ts";
import { checkEmbeddedKeys } from "../checks/embedded-keys.ts";
import { checkExtensions } from "../checks/extensions.ts";
import { checkKeyId } from "../checks/key-id.ts";
import { checkSignature } from "../checks/signature.ts";

/** That a provider signed a token of any kind, in order: the same algorithms and keys as for access tokens. */
export const signedByProvider: readonly Check[] = [
  checkAlgorithm,
  checkEmbeddedKeys,
  checkExtensions,
  checkKeyId,
  checkSignature,
];
