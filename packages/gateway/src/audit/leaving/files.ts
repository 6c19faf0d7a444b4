import { constants } from "node:fs";
import { mkdir, open, opendir, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { CUT_MARK, parseNote, piecesOf } from "@mayfly/audit-verifier";
import type { FileDestination, FolderDestination } from "../../kernel/checkpoint-settings.ts";
import { nameOfCheckpoint, type Destination, type LeavingCheckpoint } from "./destination.ts";

/** How much of the end of a file is read to know its newest checkpoint: a note with the cosignatures of many witnesses. */
const MAX_NOTE_BYTES = 65_536;

/** Every file that is opened here may be on a file system that hangs: nothing waits for it but its own attempt. */
const append = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;

/**
 * Appends each checkpoint to one file, an empty line after each, as the log's own file of them. It is never written
 * anew: the file may be append-only (`chattr +a`), which not even root's own programs shorten by mistake.
 */
export function fileDestination({ path }: Pick<FileDestination, "path">): Destination {
  return {
    async deliver(checkpoint) {
      const file = await opened(path, append);
      try {
        const end = await endOf(file);
        if (end.endsWith(`${checkpoint.note}\n`)) return;
        for (const { kind, text } of piecesOf(end))
          if (kind === "note") refuseConflict(text, checkpoint, path);
        await file.appendFile(`${endingOf(end)}${checkpoint.note}\n`);
        await file.sync();
        if (!(await endOf(file)).endsWith(`${checkpoint.note}\n`))
          throw new Error(`${path} does not hold what was written to it`);
      } finally {
        await file.close();
      }
    },
    close: () => undefined,
  };
}

/** The folder is not made: where its disk is not mounted, what is made in its place leaves nothing. */
async function opened(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error(`the folder of ${path} is not there: is its disk mounted?`, { cause: error });
  }
}

async function endOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, MAX_NOTE_BYTES);
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, size - length + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  const end = bytes.toString("utf8", 0, at);
  // The first line may be the rest of one: no log's name.
  return length < size ? end.slice(end.indexOf("\n") + 1) : end;
}

/**
 * What is kept outside is evidence: what says otherwise is an alarm, as a witness's conflict is, and not written
 * beside it or over it.
 * @param held a checkpoint that is there
 */
function refuseConflict(held: string, { origin, size, note }: LeavingCheckpoint, path: string): void {
  const [log, records] = held.split("\n", 2);
  if (log !== origin)
    throw new Error(`${path} holds the checkpoints of the log ${log}: give each log a file of its own`);
  if (Number(records) > size) throw new Error(shrank(path, Number(records), size));
  if (Number(records) === size && textOfNote(held) !== textOfNote(note))
    throw new Error(`${path} holds another log of the same name with ${size} records: ${alarm}`);
}

const alarm = "records are missing here, or another gateway has this log's name and key";

function shrank(path: string, held: number, size: number): string {
  return `${path} holds a checkpoint of ${held} records of this log, which holds ${size}: ${alarm}`;
}

/** What is signed: without the signatures. */
function textOfNote(note: string): string {
  return note.slice(0, note.indexOf("\n\n") + 1);
}

/**
 * What a crash cut short is ended, so that what follows is read by itself, and marked, so that it is no signature.
 * What somebody else left there is ended alone: whoever verifies must hear of it.
 */
function endingOf(end: string): string {
  const last = piecesOf(end).at(-1);
  if (last?.kind === "cut" && !last.text.endsWith(CUT_MARK.trimEnd() + "\n")) return CUT_MARK;
  if (end === "" || end.endsWith("\n\n")) return "";
  return end.endsWith("\n") ? "\n" : "\n\n";
}

/**
 * Writes each checkpoint into a file of its own, named after its size: for folders that a backup carries away. What is
 * there already is evidence: nothing that says otherwise takes its place.
 */
export function folderDestination({ path }: Pick<FolderDestination, "path">): Destination {
  return {
    async deliver(checkpoint) {
      const folder = join(path, encodeURIComponent(checkpoint.origin));
      await makeInside(path, folder);
      await refuseShrunk(folder, checkpoint);
      const file = join(folder, nameOfCheckpoint(checkpoint));
      const held = await textOf(file);
      const note = mergedWith(held, checkpoint, file);
      if (note === held) return;
      const part = `${file}.part`;
      try {
        const made = await open(part, "w", 0o600);
        try {
          await made.writeFile(note);
          await made.sync();
        } finally {
          await made.close();
        }
        if ((await textOf(part)) !== note) throw new Error(`${file} does not hold what was written to it`);
        await rename(part, file);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
      const inFolder = await open(folder, "r");
      try {
        await inFolder.sync();
      } finally {
        await inFolder.close();
      }
    },
    close: () => undefined,
  };
}

async function refuseShrunk(folder: string, { size }: LeavingCheckpoint): Promise<void> {
  let largest = -1;
  // Ten years of them are half a million names: read in portions.
  for await (const { name } of await opendir(folder, { bufferSize: 1024 }))
    if (/^\d{16}\.checkpoint$/.test(name)) largest = Math.max(largest, Number.parseInt(name, 10));
  if (largest > size) throw new Error(shrank(folder, largest, size));
}

/**
 * What a file is to hold: the checkpoint, with the signatures that it held before as well.
 * @throws Error where what it holds must stay as it is
 */
function mergedWith(held: string | undefined, checkpoint: LeavingCheckpoint, file: string): string {
  const { note } = checkpoint;
  const [first, ...more] = piecesOf(held ?? "");
  // It is not there, or what a power loss left of this very checkpoint.
  if (first === undefined || (more.length === 0 && note.startsWith(first.text))) return note;
  if (first.kind !== "note") throw new Error(`${file} holds what is no checkpoint: it is left as it is`);
  refuseConflict(first.text, checkpoint, file);
  if (textOfNote(first.text) !== textOfNote(note))
    throw new Error(`${file} holds a checkpoint of another size: it is left as it is`);
  const lines = new Map([...signatureLines(first.text), ...signatureLines(note)]);
  return `${textOfNote(note)}\n${[...lines.values()].join("")}`;
}

/** Those that are well-formed, by whose they are. */
function signatureLines(note: string): readonly (readonly [string, string])[] {
  const text = textOfNote(note);
  const lines = note.slice(text.length + 1).split(/(?<=\n)/);
  return lines.flatMap((line) => {
    try {
      return parseNote(`${text}\n${line}`).signatures.map(({ name, id }) => [`${name}+${id}`, line] as const);
    } catch {
      return [];
    }
  });
}

async function makeInside(path: string, folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw new Error(`the folder ${path} is not there: is its disk mounted?`, { cause: error });
    if (code !== "EEXIST") throw error;
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
