import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseStub, restFile, segmentFile, stubsOf, type Stub } from "@mayfly/audit-verifier";
import { refuse } from "../files/recovery.ts";

/**
 * Takes back what a run that was killed had begun: a file that is still there was not dropped, whatever was prepared or
 * recorded of it. The next run drops it anew.
 * @throws MayflyError `log_broken` when a file stands where another was dropped, or what stands for a file is not a log's
 */
export function finishDrops(folder: string): void {
  if (existsSync(join(folder, restFile)))
    throw refuse(restFile, "this is an archive's own: it has no place in a log");
  for (const found of stubsOf(folder)) {
    if (!("stub" in found)) throw refuse(found.file, found.error);
    const { stub, file } = found;
    if (stub.kept === true) throw refuse(file, "this is an archive's own: it has no place in a log");
    const path = join(folder, segmentFile(stub.first));
    if (!existsSync(path)) continue;
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
    if (digest !== stub.sha256)
      throw refuse(
        segmentFile(stub.first),
        `this file was archived and dropped, and what stands there now is not what was dropped (SHA-256 ${digest} in the place of ${stub.sha256}): move it away`,
      );
    rmSync(join(folder, file));
  }
}

/** Reads a stub that was just written. */
export function readStub(path: string): Stub {
  return parseStub(readFileSync(path, "utf8"));
}
