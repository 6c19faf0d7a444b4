import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkpointsFile,
  openCheckpoint,
  parseVerifierKey,
  segmentsOf,
  trimNote,
} from "@mayfly/audit-verifier";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import type { LogKeys } from "./keys.ts";
import { judgeFound, type Acceptance, type KnownLog } from "./known-log.ts";
import type { AuditLogOptions } from "./open.ts";
import type { NewRecord } from "./records.ts";
import { refuse, type Recovered } from "./recovery.ts";

/** @throws MayflyError `log_lost` when the store knows another log, or more of this one, and nobody accepted that */
export function checkKnown(
  { known, folder }: Pick<AuditLogOptions, "known" | "folder">,
  found: { readonly records: number; readonly key: string | undefined },
  isBefore: boolean,
): void {
  if (known === undefined || known.accepted !== undefined) return;
  // How much there is of the right log shows when it has been read.
  if (isBefore && found.key === known.key) return;
  const refused = judgeFound(known, { folder, ...found, ...(isBefore ? { records: sizeOf(folder) } : {}) });
  if (refused !== undefined) throw refused;
}

/** How many records a folder holds, as far as that shows without proving any of them. */
function sizeOf(folder: string): number {
  const last = segmentsOf(folder).at(-1);
  return last === undefined
    ? 0
    : last.first + readFileSync(join(folder, last.file), "latin1").split("\n").length - 1;
}

/** Whether there is anything of a log. */
export function existsAny(folder: string): boolean {
  return segmentsOf(folder).length > 0 || existsSync(join(folder, checkpointsFile));
}

/** The record of a start that found less than the store knew, as an operator had accepted. */
export function replaced(known: KnownLog, { by, reason, at }: Acceptance): NewRecord["detail"] {
  const { name, key, records, checkpoint } = known;
  return {
    known: { name, key, records, ...(checkpoint === undefined ? {} : { checkpoint }) },
    by,
    reason,
    accepted_at: new Date(at).toISOString(),
  };
}

/** The checkpoint that the operator keeps outside. @throws MayflyError when its file cannot be read */
export function readWitnessed(path: string | undefined): readonly { note: string; from: string }[] {
  if (path === undefined) return [];
  try {
    return [{ note: trimNote(readFileSync(path, "utf8")), from: path }];
  } catch (error) {
    throw new MayflyError("log_witness", `the checkpoint kept outside cannot be read: ${messageOf(error)}`, {
      status: 500,
      hint: "put the file back, or take it out of the configuration",
    });
  }
}

/** The size is compared before the log opens; the root when everything is verified. */
export function checkWitnessedSize(
  found: Recovered,
  witnessed: readonly { note: string; from: string }[],
  keys: LogKeys,
): void {
  for (const { note: text, from } of witnessed) {
    try {
      const outside = openCheckpoint(text, keys.all.map(parseVerifierKey));
      const { size } = found.state.tree;
      if (outside.size > size)
        throw new Error(
          `the log holds ${size} records, fewer than the ${outside.size} of the checkpoint kept outside: it shrank`,
        );
    } catch (error) {
      throw refuse(from, messageOf(error));
    }
  }
}
