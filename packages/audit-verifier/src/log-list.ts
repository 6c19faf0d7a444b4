import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { trimNote } from "./checkpoint.ts";
import { parseNote } from "./core/note.ts";
import { verifierKeysFile } from "./folder.ts";
import { decodeBase64, parseVerifierKey, signersOf, signNote } from "./note.ts";
import type { VerifyReport } from "./report.ts";
import { verifyLog } from "./verify.ts";

/** The first line of a list of logs: no checkpoint's third line can be a time, so that neither is taken for the other. */
const FIRST_LINE = "mayfly-logs";
const MAX_LOGS = 100_000;
const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const entryForm = /^(\S+) (\d{1,15}) (-|[A-Za-z0-9+/]+={0,2})( retired)?$/u;

/** A log in a list. */
export interface ListedLog {
  /** Its first verifier key, which begins with its name. */
  readonly key: string;
  /** How many records it had at least. */
  readonly records: number;
  /** Its newest checkpoint then, a signed note; undefined: it had none. */
  readonly checkpoint: string | undefined;
  /** Whether an operator has given it up: its folder is not expected. Left out: nobody has. */
  readonly isRetired?: boolean;
}

/** The logs of a deployment, as the gateway of one of them knows them. */
export interface LogList {
  /** The name of the log whose key signed it. */
  readonly by: string;
  /** RFC 3339. */
  readonly time: string;
  readonly logs: readonly ListedLog[];
}

/**
 * Makes a signed list of logs (C2SP signed-note): `mayfly-logs`, the name of the log that signs, the time, and a line a log:
 * its first key, its records, its newest checkpoint in base64 or `-`, and `retired` where it was given up.
 */
export function makeLogList({ by, time, logs }: LogList, key: KeyObject): string {
  const lines = logs.map(
    ({ key: first, records, checkpoint, isRetired = false }) =>
      `${first} ${records} ${checkpoint === undefined ? "-" : Buffer.from(checkpoint).toString("base64")}${isRetired ? " retired" : ""}\n`,
  );
  return signNote(`${FIRST_LINE}\n${by}\n${time}\n${lines.join("")}`, [{ name: by, key }]);
}

/**
 * Reads a list of logs and verifies its signature.
 * @param keys verifier keys that are trusted
 * @throws Error saying what is wrong with it
 */
export function openLogList(text: string, keys: readonly string[]): LogList {
  const note = parseNote(trimNote(text));
  const [first, by, time, ...lines] = note.text.split("\n").slice(0, -1);
  if (first !== FIRST_LINE || by === undefined || !timeForm.test(time ?? ""))
    throw new Error("it is not a list of logs");
  const signers = signersOf(note, keys.map(parseVerifierKey));
  if (!signers.some(({ name }) => name === by))
    throw new Error(`it is not signed by a key of the log ${by} that is trusted`);
  if (lines.length > MAX_LOGS) throw new Error(`it names more than ${MAX_LOGS} logs`);
  const logs = lines.map((line): ListedLog => {
    const [, key = "", records = "", checkpoint = "", retired] = entryForm.exec(line) ?? [];
    parseVerifierKey(key);
    return {
      key,
      records: Number(records),
      checkpoint: checkpointIn(checkpoint),
      ...(retired === undefined ? {} : { isRetired: true }),
    };
  });
  return { by, time: time ?? "", logs };
}

/** @throws Error where it cannot be read: as none it would be compared with nothing */
function checkpointIn(text: string): string | undefined {
  if (text === "-") return undefined;
  const note = decodeBase64(text)?.toString("utf8");
  if (note === undefined) throw new Error("a checkpoint in the list is not in base64");
  return note;
}

/** What became of one log of a list. */
export interface ListedReport {
  readonly name: string;
  readonly key: string;
  /** The folder that holds it; undefined: none of those that were given. */
  readonly folder?: string;
  /** What its verification found. */
  readonly report?: VerifyReport;
  /** What is wrong with it beside that. */
  readonly problem?: string;
  /** How many records the list knows of a log that was given up, and that no folder holds. Left out: it is no such log. */
  readonly retired?: number;
}

/** What became of a list and the folders with it. */
export interface LogsReport {
  readonly by: string;
  readonly time: string;
  /** `incomplete`: folders are missing, or a log is incomplete. */
  readonly verdict: "whole" | "incomplete" | "broken";
  readonly logs: readonly ListedReport[];
  /** Folders that no log of the list was verified by. */
  readonly unlisted: readonly UnlistedFolder[];
}

/** A folder that was given and is no listed log's, or not the only one. */
export interface UnlistedFolder {
  readonly folder: string;
  /** Its first key; empty: it has none. */
  readonly key: string;
  readonly problem: string;
}

const nameIn = (key: string): string => key.split("+")[0] ?? key;

function firstKeyIn(folder: string): string {
  try {
    return readFileSync(join(folder, verifierKeysFile), "utf8").split("\n")[0] ?? "";
  } catch {
    return "";
  }
}

/**
 * Verifies the logs that a list names, each with the key and the checkpoint that stand there, in whichever folders hold them.
 * @param keys of the log that has signed the list
 * @throws Error when the list does not verify
 */
export function verifyLogs(list: string, keys: readonly string[], folders: readonly string[]): LogsReport {
  const { by, time, logs } = openLogList(list, keys);
  const found = [...new Set(folders.map((folder) => resolve(folder)))].map((path) => {
    const folder = folders.find((one) => resolve(one) === path) ?? path;
    return { folder, key: firstKeyIn(folder) };
  });
  const listed = new Set(logs.map(({ key }) => key));
  const reports = logs.map((log): ListedReport => judge(log, found, { listed, by }));
  const unlisted = found
    .filter(({ folder }) => !reports.some((report) => report.folder === folder))
    .map((one) => ({ ...one, problem: problemOf(one.key, reports) }));
  const isBroken =
    unlisted.length > 0 ||
    reports.some(({ folder, report, problem }) =>
      folder === undefined ? false : problem !== undefined || report?.verdict === "broken",
    );
  const isWhole = reports.every(
    ({ report, retired }) => report?.verdict === "whole" || retired !== undefined,
  );
  return {
    by,
    time,
    verdict: isBroken ? "broken" : isWhole ? "whole" : "incomplete",
    logs: reports,
    unlisted,
  };
}

/** Why a folder was left over. Two of one log may have parted behind the list's checkpoint: neither is the log's for sure. */
function problemOf(key: string, reports: readonly ListedReport[]): string {
  const used = reports.find(({ name, folder }) => folder !== undefined && name === nameIn(key));
  if (used === undefined) return `the list names no such log (${key}): it was hidden, or made since`;
  return used.key === key
    ? `it has the same key as ${used.folder}, and was not verified: give one folder a log`
    : `it is named like ${used.folder} and has another key (${key}): it is another log`;
}

function judge(
  { key, records, checkpoint, isRetired = false }: ListedLog,
  found: readonly { readonly folder: string; readonly key: string }[],
  { listed, by }: { readonly listed: ReadonlySet<string>; readonly by: string },
): ListedReport {
  const name = nameIn(key);
  const held =
    found.find((one) => one.key === key) ??
    found.find((one) => nameIn(one.key) === name && !listed.has(one.key));
  // Whoever signs writes its log.
  if (held === undefined && isRetired && name !== by) return { name, key, retired: records };
  if (held === undefined)
    return { name, key, problem: `none of the folders holds it; the list knows ${records} records of it` };
  const { folder } = held;
  if (held.key !== key)
    return {
      name,
      key,
      folder,
      problem: `its first key is ${held.key}, but the list has ${key}: it is another log, or its key was swapped`,
    };
  const report = verifyLog(folder, [key], {
    witnessed:
      checkpoint === undefined ? [] : [{ note: checkpoint, from: `the list's checkpoint of ${name}` }],
  });
  return {
    name,
    key,
    folder,
    report,
    ...(report.records < records
      ? { problem: `it holds ${report.records} records, fewer than the ${records} of the list` }
      : {}),
  };
}
