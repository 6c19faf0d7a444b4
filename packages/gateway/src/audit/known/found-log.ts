import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkpointsFile,
  OUTSIDE_SUFFIX,
  openCheckpoint,
  parseVerifierKey,
  readOutside,
  segmentsOf,
  type OutsideNote,
} from "@mayfly/audit-verifier";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import type { LogKeys } from "../keys.ts";
import { judgeFound, type Acceptance, type KnownLog } from "./known-log.ts";
import type { AuditLogOptions } from "../opened.ts";
import type { NewRecord } from "../records.ts";
import { refuse, type Recovered } from "../files/recovery.ts";

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

/** The checkpoints that others keep of a log: the operator, and the store unless its word was given up. */
export function witnessedOf({
  witnessed,
  known,
  onProblem,
}: Pick<AuditLogOptions, "witnessed" | "known" | "onProblem">): readonly OutsideNote[] {
  const kept = known?.accepted === undefined ? known?.checkpoint : undefined;
  return [
    ...readWitnessed(witnessed, onProblem),
    ...(kept === undefined ? [] : [{ note: kept, from: "the checkpoint that the store keeps" }]),
  ];
}

/**
 * What the operator keeps outside: a file of checkpoints or a folder. What is no checkpoint there may have been the
 * newest one.
 * @param tell says what is there and was not read
 * @throws MayflyError when it cannot be read, or not whole
 */
function readWitnessed(
  path: string | undefined,
  tell: (message: string) => void = () => undefined,
): readonly OutsideNote[] {
  if (path === undefined) return [];
  try {
    const found = readOutside(path);
    const unread = found.find(
      ({ flaw, note }) => flaw === "unread" || (flaw === undefined && !hasSize(note)),
    );
    if (unread !== undefined) throw new Error(`${unread.from} is no checkpoint`);
    const others = found.filter(({ flaw }) => flaw === "other name");
    if (others.length > 0)
      tell(
        `of the checkpoints kept outside, ${counted(others.length)} not read, since the name does not end in ${OUTSIDE_SUFFIX}: ${others[0]?.from}`,
      );
    return [newestOf(found.filter(({ flaw }) => flaw === undefined))];
  } catch (error) {
    throw new MayflyError("log_witness", `the checkpoint kept outside cannot be read: ${messageOf(error)}`, {
      status: 500,
      hint: "put the file back, or take it out of the configuration",
    });
  }
}

const counted = (files: number): string => (files === 1 ? "a file was" : `${files} files were`);

const sizeForm = /^[^\n]*\n(\d{1,16})\n/;
const hasSize = (note: string): boolean => sizeForm.test(note);

/** The one that claims most: a log that contains it contains what came before. */
function newestOf(notes: readonly OutsideNote[]): OutsideNote {
  const sizeIn = ({ note }: OutsideNote): number => Number(sizeForm.exec(note)?.[1] ?? 0);
  return notes.reduce((newest, one) => (sizeIn(one) >= sizeIn(newest) ? one : newest));
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
