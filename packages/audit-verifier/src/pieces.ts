/** A piece of a file of checkpoints. */
export interface Piece {
  /**
   * `note`: a checkpoint by its form. `cut`: the beginning of one, which a crash cut short at the file's end, or which
   * was marked so when the next one was appended. `unread`: anything else.
   */
  readonly kind: "note" | "cut" | "unread";
  readonly text: string;
  /** The line it begins on, from 1. */
  readonly line: number;
}

/** Ends what a crash cut short, so that it is told from what somebody altered, and is no signature. */
export const CUT_MARK = "(cut short)\n\n";

const noteForm = /^[^\n]+\n\d+\n[A-Za-z0-9+/=]+\n\n(?:— [^\s]+ [A-Za-z0-9+/]+={0,2}\n)+/gmu;

/** The beginning of a signature line. A cut may go through the dash, which is three bytes of UTF-8. */
const signatureStart = String.raw`(?:\uFFFD|—(?: (?:[^\s]+(?: (?:[A-Za-z0-9+/]+={0,2})?)?)?)?)`;
/** The beginning of a checkpoint, or of a signature line behind its first, wherever it was cut. */
const beginning = String.raw`(?:(?!— )[^\n]+(?:\n(?:\d+(?:\n(?:[A-Za-z0-9+/]+={0,2}(?:\n(?:\n${signatureStart}?)?)?)?)?)?)?|${signatureStart})`;
/** The mark may itself have been cut short, by the next crash. */
const markStart = String.raw`\((?:c(?:u(?:t(?: (?:s(?:h(?:o(?:r(?:t\)?)?)?)?)?)?)?)?)?)?`;
const cutAtEnd = new RegExp(`^${beginning}(?:${markStart}){0,3}$`, "u");
const cutAndMarked = new RegExp(String.raw`${beginning}(?:${markStart}){0,3}? ?\(cut short\)\n`, "uy");
/** Takes a file of checkpoints apart; nothing in it but line ends between the pieces is left out. */
export function piecesOf(file: string): readonly Piece[] {
  const text = lacksItsEnd(file) ? `${file}\n` : file;
  const pieces: Piece[] = [];
  let line = 1;
  let at = 0;
  const add = (kind: Piece["kind"], from: number, to: number): void => {
    line += newlinesIn(text, at, from);
    at = from;
    pieces.push({ kind, text: text.slice(from, to), line });
  };
  let end = 0;
  for (const { 0: note, index } of text.matchAll(noteForm)) {
    for (const gap of gapsIn(text, end, index)) add(...gap);
    end = index + note.length;
    add("note", index, end);
  }
  for (const gap of gapsIn(text, end, text.length)) add(...gap);
  return pieces;
}

/** Whether the last line is a signature, whole but for its end: as an editor leaves it that ends no last line. */
function lacksItsEnd(file: string): boolean {
  const last = file.slice(file.lastIndexOf("\n") + 1);
  const encoded = /^— [^\s]+ ([A-Za-z0-9+/]+={1,2})$/u.exec(last)?.[1];
  return encoded !== undefined && encoded.length % 4 === 0;
}

/** What is between two checkpoints: what was cut short, each marked, and then whatever else there is. */
function gapsIn(
  text: string,
  from: number,
  to: number,
): readonly (readonly [Piece["kind"], number, number])[] {
  const gaps: (readonly [Piece["kind"], number, number])[] = [];
  let at = from;
  for (;;) {
    while (at < to && text[at] === "\n") at += 1;
    if (at === to) return gaps;
    cutAndMarked.lastIndex = at;
    const marked = cutAndMarked.exec(text)?.[0].length;
    if (marked !== undefined && at + marked <= to) {
      gaps.push(["cut", at, at + marked]);
      at += marked;
      continue;
    }
    const rest = text.slice(at, to);
    const isCut = to === text.length && cutAtEnd.test(rest);
    if (rest.trim() !== "") gaps.push([isCut ? "cut" : "unread", at, to]);
    return gaps;
  }
}

function newlinesIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
