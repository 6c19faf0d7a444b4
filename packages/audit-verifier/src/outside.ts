import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { trimNote } from "./checkpoint.ts";
import { piecesOf, type Piece } from "./pieces.ts";

/** A checkpoint that was kept outside, as a note, and where it stood; or what stood there in a checkpoint's place. */
export interface OutsideNote {
  readonly note: string;
  /** The file; with its line, where the file holds several. */
  readonly from: string;
  /**
   * Why it is none. `cut short`: by a crash, while it was written. `unread`: it has not the form of one, and may have
   * been one. `other name`: a file that was not read.
   */
  readonly flaw?: "cut short" | "unread" | "other name";
}

/** A file of checkpoints that were kept outside may hold ten years of them, one every ten minutes. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** One checkpoint in a file of its own, with the cosignatures of many witnesses. */
const MAX_NOTE_BYTES = 64 * 1024;

/**
 * What was kept outside: a file of one checkpoint or of many, an empty line after each, or a folder (or a copy of a
 * bucket) with a file a checkpoint, at any depth. Nothing that is there is left out.
 * @throws Error when it cannot be read, or holds no checkpoint
 */
export function readOutside(path: string): readonly OutsideNote[] {
  const notes = statSync(path).isDirectory() ? notesIn(path) : notesOf(path);
  if (notes.every(({ flaw }) => flaw === "cut short" || flaw === "other name"))
    throw new Error(`${path} holds no checkpoint`);
  return notes;
}

function notesIn(folder: string): readonly OutsideNote[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
    .map((from) => {
      if (!from.endsWith(OUTSIDE_SUFFIX)) return { note: "", from, flaw: "other name" };
      if (statSync(from).size > MAX_NOTE_BYTES) throw new Error(`${from} is too large for a checkpoint`);
      return { note: trimNote(readFileSync(from, "utf8")), from };
    });
}

/** How the name of a file or an object ends that holds one checkpoint. */
export const OUTSIDE_SUFFIX = ".checkpoint";

function notesOf(path: string): readonly OutsideNote[] {
  if (statSync(path).size > MAX_FILE_BYTES) throw new Error(`${path} is too large for a file of checkpoints`);
  const text = readFileSync(path, "utf8");
  const pieces = piecesOf(text);
  // A file of one is judged as it stands, so that what is wrong with it is said.
  if (pieces.length < 2) return pieces.map(({ text: note }) => ({ note: trimNote(note), from: path }));
  return pieces.map(({ kind, text: note, line }) => ({ note, from: `${path}:${line}`, ...flawOf(kind) }));
}

function flawOf(kind: Piece["kind"]): Pick<OutsideNote, "flaw"> {
  if (kind === "note") return {};
  return { flaw: kind === "cut" ? "cut short" : "unread" };
}
