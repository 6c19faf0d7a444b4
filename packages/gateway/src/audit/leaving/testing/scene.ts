import { generateKeyPairSync } from "node:crypto";
import { makeCheckpoint } from "@mayfly/audit-verifier";
import type { LeavingCheckpoint } from "../destination.ts";

const { privateKey } = generateKeyPairSync("ed25519");

/** A log's name in tests. */
export const origin = "gateway.test";

/** A checkpoint of so many records, of which nothing else is known. */
export function checkpointOf(size: number, of = origin): LeavingCheckpoint {
  const note = makeCheckpoint({ origin: of, size, root: Buffer.alloc(32, size % 256) }, [
    { name: of, key: privateKey },
  ]);
  return { origin: of, size, note };
}
