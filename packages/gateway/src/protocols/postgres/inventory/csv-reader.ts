import { csvScanner } from "./csv-record.ts";

/** What comes of CSV text: records, and pieces that hold none. */
export type CsvPiece =
  | { readonly kind: "record"; readonly fields: readonly string[]; readonly line: number }
  | { readonly kind: "broken"; readonly line: number; readonly why: string };

export interface CsvReader {
  /** Takes the next characters, any number of them. @returns what is complete */
  push(text: string): readonly CsvPiece[];
  /** @returns what the text ended in */
  end(): readonly CsvPiece[];
}

export interface CsvOptions {
  /** How long a record may be, characters; left out: 16,777,216. */
  readonly maxCharacters?: number;
  /** How each record begins; left out: in any way. */
  readonly begins?: Beginning;
  /** How a record begins, in a way that no text within quotes can have; left out: as `begins`. */
  readonly resumes?: Beginning;
}

/** A sticky expression, and more characters than it looks at. */
interface Beginning {
  readonly pattern: RegExp;
  readonly within: number;
}

const MAX_RECORD_CHARACTERS = 16_777_216;

/** The place behind an empty line, which is nothing; the place itself, where none is there. */
const behindEmpty = (text: string, at: number): number =>
  text.startsWith("\n", at) || text.startsWith("\r\n", at) ? text.indexOf("\n", at) + 1 : at;

/** Whether a record begins at a place; undefined: more text is needed to tell. */
function beginsAt(
  text: string,
  at: number,
  isLast: boolean,
  how: Beginning | undefined,
): boolean | undefined {
  if (how === undefined) return true;
  if (!isLast && text.length - at < how.within) return undefined;
  how.pattern.lastIndex = at;
  return how.pattern.test(text);
}

/** The first newline that a record stands behind, and how many lines end up to there; not known: more text is needed. */
function nextBeginning(
  text: string,
  isLast: boolean,
  resumes: Beginning | undefined,
): { readonly at?: number; readonly lines: number; readonly isKnown: boolean } {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    const does = beginsAt(text, at + 1, isLast, resumes);
    if (does === undefined) return { at, lines, isKnown: false };
    lines += 1;
    if (does) return { at, lines, isKnown: true };
  }
  return { lines, isKnown: true };
}

/**
 * Reads CSV of any length. A record that is too long is passed over to its end, and a quote that is never closed takes the
 * rest of the text with it: lines in quotes are no records, whatever they look like. Where quotes stand as no CSV has them (two
 * texts were joined, or one was cut), it gets back in step at the first line behind the record's beginning that begins as `resumes` says;
 * where nothing says how records begin, nothing more is read.
 *
 * A text is read again at most once from where a record broke, so that reading takes time in proportion to its length:
 * within the broken record each line that looks like a beginning closed all quotes that it opened.
 */
export function csvReader({
  maxCharacters = MAX_RECORD_CHARACTERS,
  begins,
  resumes = begins,
}: CsvOptions = {}): CsvReader {
  const scanner = csvScanner();
  /** Where a record is read, looked for, or passed over to its end; `over`: nothing more is read. */
  let mode: "between" | "within" | "lost" | "passing" | "over" = "between";
  /** The text of the record so far, in pieces; kept where it may have to be read again. */
  let raw: string[] = [];
  let length = 0;
  /** The line of the record's beginning, or that is looked at. */
  let line = 1;
  /** What cannot be told before more text comes. */
  let rest = "";

  function restart(next: typeof mode): void {
    scanner.reset();
    raw = [];
    length = 0;
    mode = next;
  }

  /** @returns the text behind the newline that the next record stands behind; what is not needed is dropped */
  function seek(text: string, isLast: boolean): string {
    const { at, lines, isKnown } = nextBeginning(text, isLast, resumes);
    line += lines;
    if (!isKnown) rest = text.slice(at);
    else if (at !== undefined) mode = "between";
    return mode === "between" ? text.slice((at ?? 0) + 1) : "";
  }

  /** Tells of a broken record. @returns the text to go on with */
  function lose(pieces: CsvPiece[], why: string, text: string, start: number): string {
    const isOver = begins === undefined;
    const again = isOver ? "" : raw.join("") + text.slice(start);
    pieces.push({ kind: "broken", line, why: isOver ? `${why}, and the rest is not read` : why });
    restart(isOver ? "over" : "lost");
    return again;
  }

  /** Reads a record or a part of one from a place. @returns the text to go on with, or the place where that is the same */
  function readRecord(pieces: CsvPiece[], text: string, start: number): string | number {
    const { at, isComplete, why } = scanner.scan(text, start);
    length += at - start;
    if (mode === "within" && length > maxCharacters) {
      pieces.push({ kind: "broken", line, why: `a record is longer than ${maxCharacters} characters` });
      mode = "passing";
      raw = [];
    }
    if (why !== undefined) {
      if (mode === "within") return lose(pieces, why, text, start);
      line += scanner.newlines;
      restart(begins === undefined ? "over" : "lost");
      return at;
    }
    if (!isComplete) {
      if (mode === "passing") scanner.drop();
      else if (begins !== undefined) raw.push(text.slice(start, at));
      return at;
    }
    const { fields } = scanner;
    if (mode === "within" && (fields.length > 1 || fields[0] !== ""))
      pieces.push({ kind: "record", fields, line });
    line += scanner.newlines;
    restart("between");
    return at;
  }

  function read(added: string, isLast: boolean): CsvPiece[] {
    const pieces: CsvPiece[] = [];
    let text = rest + added;
    rest = "";
    let at = 0;
    while (at < text.length && mode !== "over") {
      if (mode === "lost") {
        text = seek(text.slice(at), isLast);
        at = 0;
        continue;
      }
      if (mode === "between") {
        const behind = behindEmpty(text, at);
        if (behind > at) {
          line += 1;
          at = behind;
          continue;
        }
        const does = beginsAt(text, at, isLast, begins);
        if (does === undefined) {
          rest = text.slice(at);
          break;
        }
        mode = does ? "within" : "lost";
        if (!does) pieces.push({ kind: "broken", line, why: "no record begins here" });
        if (!does) continue;
      }
      const next = readRecord(pieces, text, at);
      if (typeof next === "string") text = next;
      at = typeof next === "string" ? 0 : next;
    }
    return pieces;
  }

  return {
    push: (text) => read(text, false),
    end() {
      const pieces = read("", true);
      while (mode === "within" || mode === "passing") {
        if (!scanner.isQuoted) {
          pieces.push(...read("\n", true));
          continue;
        }
        if (mode === "within")
          pieces.push({ kind: "broken", line, why: "a quote is never closed, and the rest is not read" });
        restart("over");
      }
      return pieces;
    },
  };
}
