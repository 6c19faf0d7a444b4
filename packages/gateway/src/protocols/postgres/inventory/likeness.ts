import { hash } from "node:crypto";

// What stands for all statements that differ in their values alone: numbers, texts, blanks, comments, and how many values a
// list has. Two statements that PostgreSQL reads differently must never be alike, so that none hides behind another: this
// follows its scanner (scan.l), in one pass over the text, and whatever it is not sure of is like itself alone.

/** The longest that stands for a statement as it is, in characters; of a longer one its hash tells it from others. */
const MAX_LIKENESS = 4096;

/** Stands for a value. No text that PostgreSQL takes holds it. */
const VALUE = "\0";
/** Stands for several, or for several rows. */
const MORE = "\0\0";
// oxlint-disable-next-line no-control-regex -- it is what stands for a value
const lists = /\0(?:\s?,\s?\0)+/gu;
// oxlint-disable-next-line no-control-regex -- the same
const rows = /\(\0+\)(?:\s?,\s?\(\0+\))+/gu;

const alone = (sql: string): string => `\0${hash("sha256", sql, "base64")}`;

/** What stands for a statement and all that are like it; bounded. */
export function likenessOf(sql: string): string {
  const text = withoutValues(sql);
  if (text === undefined) return alone(sql);
  const like = text.replace(lists, MORE).replace(rows, `(${MORE})${MORE}`).trim();
  return like.length <= MAX_LIKENESS ? like : alone(like);
}

const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/uy;
const number = /(?:\d[\w]*(?:\.\d\w*)?|\.\d\w*)/uy;
const blank = /[ \t\n\r\f\v]+/uy;
const tag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/uy;
const parameter = /\$\d+/uy;

/** What a pattern finds at a place; empty: nothing. */
function at(pattern: RegExp, sql: string, place: number): string {
  pattern.lastIndex = place;
  return pattern.exec(sql)?.[0] ?? "";
}

/** The text with one character for each value and one blank for blanks and comments; undefined: something in it has no end. */
function withoutValues(sql: string): string | undefined {
  let text = "";
  for (let place = 0; place < sql.length;) {
    const code = sql.charCodeAt(place);
    const two = sql.slice(place, place + 2);
    let end: number | undefined = place + 1;
    let kept = sql[place] ?? "";
    if (isBlank(code)) [end, kept] = [place + at(blank, sql, place).length, " "];
    else if (two === "--") [end, kept] = [lineEnd(sql, place), " "];
    else if (two === "/*") [end, kept] = [commentEnd(sql, place), " "];
    else if (kept === "'") [end, kept] = [quoteEnd(sql, place, "'", false), VALUE];
    else if (kept === '"') {
      end = quoteEnd(sql, place, '"', false);
      kept = sql.slice(place, end);
    } else if (kept === "$") {
      const opening = at(tag, sql, place);
      if (opening === "") [end, kept] = [place + (at(parameter, sql, place).length || 1), VALUE];
      else {
        const close = sql.indexOf(opening, place + opening.length);
        [end, kept] = [close < 0 ? undefined : close + opening.length, VALUE];
      }
    } else if (isDigit(code) || (kept === "." && isDigit(sql.charCodeAt(place + 1))))
      [end, kept] = [place + at(number, sql, place).length, VALUE];
    else {
      const name = at(word, sql, place);
      if (name !== "") [end, kept] = wordEnd(sql, place, name);
    }
    if (end === undefined) return undefined;
    // Of blanks and comments one after another one blank is left.
    if (kept !== " " || !text.endsWith(" ")) text += kept;
    place = end;
  }
  return text;
}

/** A word, or a text whose kind it says: E'…', B'…', X'…', N'…', U&'…'. */
function wordEnd(sql: string, place: number, name: string): [end: number | undefined, kept: string] {
  const behind = place + name.length;
  if (/^[eEbBxXnN]$/u.test(name) && sql[behind] === "'")
    return [quoteEnd(sql, behind, "'", /^e$/iu.test(name)), VALUE];
  if (/^u$/iu.test(name) && sql.slice(behind, behind + 2) === "&'")
    return [quoteEnd(sql, behind + 1, "'", false), VALUE];
  return [behind, name];
}

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

function lineEnd(sql: string, place: number): number {
  for (let end = place; end < sql.length; end += 1) {
    const code = sql.charCodeAt(end);
    if (code === 10 || code === 13) return end;
  }
  return sql.length;
}

/** Behind a comment, with those in it; undefined: it has no end. */
function commentEnd(sql: string, place: number): number | undefined {
  let depth = 0;
  for (let end = place; end < sql.length; end += 1) {
    const two = sql.slice(end, end + 2);
    if (two === "/*") depth += 1;
    else if (two === "*/") depth -= 1;
    else continue;
    end += 1;
    if (depth === 0) return end + 1;
  }
  return undefined;
}

/** Behind a text in quotes; undefined: it has no end. @param escapes whether a backslash takes the next character with it */
function quoteEnd(sql: string, place: number, quote: string, escapes: boolean): number | undefined {
  for (let end = place + 1; end < sql.length; end += 1) {
    const character = sql[end];
    if (escapes && character === "\\") end += 1;
    else if (character === quote) {
      if (sql[end + 1] !== quote) return end + 1;
      end += 1;
    }
  }
  return undefined;
}
