import { rootOfProof as stepsToRoot } from "./core/merkle.ts";
import { runSync } from "./node-crypto.ts";

export { consistencyProof, inclusionProof, splitOf } from "./core/merkle.ts";

/**
 * The root that a proof leads to (RFC 9162, section 2.1.3.2): compare it with that of a checkpoint of the same size.
 * @throws RangeError when the proof is not of a leaf of such a tree
 */
export function rootOfProof(...of: Parameters<typeof stepsToRoot>): Buffer {
  return Buffer.from(runSync(stepsToRoot(...of)));
}
