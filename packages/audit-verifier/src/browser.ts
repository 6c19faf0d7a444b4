// What runs in a browser as it runs in Node: the proof itself, on WebCrypto. Nothing here reads files.
import * as checkpoint from "./core/checkpoint.ts";
import * as rotation from "./core/key-rotation.ts";
import * as merkle from "./core/merkle.ts";
import * as note from "./core/note.ts";
import { runWithWebCrypto } from "./web-crypto.ts";

export { base64, fromBase64, sameBytes, utf8, type Bytes } from "./core/bytes.ts";
export { parseCheckpoint, type CheckpointHead, type ClaimedCheckpoint } from "./core/checkpoint.ts";
export { isStoredRecord, joinRecord, type StoredRecord } from "./core/join.ts";
export { MAX_LINE_BYTES } from "./core/line-limit.ts";
export type { VerifierKey } from "./core/note.ts";
export { NoEd25519 } from "./web-crypto.ts";

/** The hash of a leaf: SHA-256(0x00 || entry) (RFC 6962, section 2.1). */
export const leafHash = (entry: Uint8Array): Promise<Uint8Array> => runWithWebCrypto(merkle.leafHash(entry));

/** Whether a tree of that size and root holds the leaf at that place (RFC 9162, section 2.1.3.2). */
export const isIncluded = (...of: Parameters<typeof merkle.isIncluded>): Promise<boolean> =>
  runWithWebCrypto(merkle.isIncluded(...of));

/** The root of the tree that ends with a leaf, out of that leaf's verified inclusion proof in any larger tree. */
export const rootUpTo = (...of: Parameters<typeof merkle.rootUpTo>): Promise<Uint8Array> =>
  runWithWebCrypto(merkle.rootUpTo(...of));

/** Reads a verifier key: `name+id+base64`. @throws Error saying what is wrong with it */
export const parseVerifierKey = (text: string): Promise<note.VerifierKey> =>
  runWithWebCrypto(note.parseVerifierKey(text));

/** Follows a log's key to its newest one, by what each key signed for the next. @returns the newest last */
export const followKey = (
  ...of: Parameters<typeof rotation.followKey>
): Promise<readonly note.VerifierKey[]> => runWithWebCrypto(rotation.followKey(...of));

/**
 * Verifies that one of the keys signed the checkpoint, and that it is of that key's own log.
 * @throws Error when none of the keys signed it; NoEd25519 where the browser cannot tell
 */
export const verifyCheckpoint = (
  ...of: Parameters<typeof checkpoint.verifyCheckpoint>
): Promise<readonly note.VerifierKey[]> => runWithWebCrypto(checkpoint.verifyCheckpoint(...of));
