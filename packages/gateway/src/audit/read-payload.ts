import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { payloadPath } from "@mayfly/audit-verifier";
import { MayflyError } from "../kernel/errors.ts";

/**
 * Reads what is kept beside the log under its SHA-256, a part of a recording say.
 * @param digest `sha256:` and 64 hexadecimal digits
 * @returns undefined where it is not there: erased, archived, or another gateway's
 * @throws MayflyError payload_tampered where the bytes are not those that the digest names
 */
export async function readPayload(folder: string, digest: string): Promise<Buffer | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, payloadPath(digest)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (`sha256:${hash("sha256", bytes, "hex")}` === digest) return bytes;
  throw new MayflyError("payload_tampered", `${digest} is not what was kept under that name`, {
    status: 500,
    hint: "verify the log: mayfly audit verify",
  });
}
