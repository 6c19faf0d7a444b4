/** How far a record was read. */
export interface Scanned {
  /** The place behind what was read. */
  readonly at: number;
  /** Whether the record is complete. */
  readonly isComplete: boolean;
  /** Why no record can come of it. */
  readonly why?: string;
}

/** Reads one record of CSV after another, from pieces of text. */
export interface CsvScanner {
  /** Reads on from a place until the record is complete, broken, or the text ends. */
  scan(text: string, at: number): Scanned;
  /** The fields of the record that is complete. */
  readonly fields: readonly string[];
  /** Whether it stands in quotes. */
  readonly isQuoted: boolean;
  /** The newlines of the record so far. */
  readonly newlines: number;
  /** Keeps nothing more of this record's text. */
  drop(): void;
  /** Begins another record. */
  reset(): void;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

function newlinesOf(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

/** Where a plain field ends that is read from a place. */
function plainEnd(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === NEWLINE || code === QUOTE) break;
  }
  return at;
}

/**
 * A record as PostgreSQL writes it (RFC 4180, with `\n` or `\r\n` behind it). Stricter than many readers, so that what is out of
 * step is soon noticed: a quote within a plain field breaks a record, and so does text behind a closing quote.
 */
export function csvScanner(): CsvScanner {
  /** `quote`: behind a quote that closes the field or is the first half of one within it. */
  let state: "field" | "plain" | "quoted" | "quote" | "return" = "field";
  let fields: string[] = [];
  let field = "";
  let newlines = 0;
  let isDropped = false;

  function keep(part: string): void {
    if (!isDropped) field += part;
  }

  function endField(): void {
    fields.push(field);
    field = "";
    state = "field";
  }

  /** Reads to the next quote of a quoted field. */
  function readQuoted(text: string, at: number): number {
    const quote = text.indexOf('"', at);
    const part = text.slice(at, quote < 0 ? text.length : quote);
    newlines += newlinesOf(part);
    keep(part);
    if (quote < 0) return text.length;
    state = "quote";
    return quote + 1;
  }

  function scan(text: string, start: number): Scanned {
    let at = start;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (state === "quoted") at = readQuoted(text, at);
      else if (code === NEWLINE) {
        // The return before it is no part of a plain field; behind a quote it was not taken for one.
        if (state === "plain" && field.endsWith("\r")) field = field.slice(0, -1);
        endField();
        newlines += 1;
        return { at: at + 1, isComplete: true };
      } else if (state === "return")
        return { at, isComplete: false, why: "text stands behind a closing quote" };
      else if (code === QUOTE) {
        if (state === "plain") return { at, isComplete: false, why: "a quote stands within a field" };
        if (state === "quote") keep('"');
        state = "quoted";
        at += 1;
      } else if (code === COMMA) {
        endField();
        at += 1;
      } else if (state === "quote") {
        if (code !== RETURN) return { at, isComplete: false, why: "text stands behind a closing quote" };
        state = "return";
        at += 1;
      } else {
        const end = plainEnd(text, at);
        keep(text.slice(at, end));
        state = "plain";
        at = end;
      }
    }
    return { at, isComplete: false };
  }

  return {
    scan,
    get fields() {
      return fields;
    },
    get isQuoted() {
      return state === "quoted";
    },
    get newlines() {
      return newlines;
    },
    drop() {
      isDropped = true;
      fields = [];
      field = "";
    },
    reset() {
      state = "field";
      fields = [];
      field = "";
      newlines = 0;
      isDropped = false;
    },
  };
}

/** The fields of a text that is one record; undefined: it is not. */
export function csvFields(text: string): readonly string[] | undefined {
  const scanner = csvScanner();
  const read = scanner.scan(text, 0);
  if (read.isComplete) return read.at === text.length ? scanner.fields : undefined;
  return read.why === undefined && !scanner.isQuoted && scanner.scan("\n", 0).isComplete
    ? scanner.fields
    : undefined;
}
