import { compilePattern } from "../../../gate/web/schema/patterns.ts";

/**
 * Segments of paths and URIs, as patterns of a JSON Schema. They climb nowhere, are not hidden, and every reader takes them for
 * the same: no separator, sign of a shell or of a glob, escape, colon (a drive, a stream), `~` (a home, a short name), and no
 * dot or blank at either end, which Windows drops.
 *
 * What a place is and what its pattern takes are told by the same patterns, so that a pattern takes what was seen.
 */
const sign = String.raw`[\p{L}\p{M}\p{Nd}_@(),+=-]`;
const behind = `(?:[ .]+${sign}+)*`;
export const PATH_SEGMENT = `${sign}+${behind}`;
/** One that is a whole path: no option of a program, and no `@file`. */
export const ONLY_SEGMENT = String.raw`[\p{L}\p{Nd}_]${sign}*${behind}`;

/** A URI's segments and its query are without what another address is written with: who follows it goes on from there. */
export const URI_SEGMENT = String.raw`(?:[\w~@(),+=&-]|%20)(?:[\w.~@(),+=&-]|%20)*`;
export const QUERY = String.raw`(?:[?](?:[\w.~!$&'()*+,;=@-]|%20)*)?`;

const testOf = (pattern: string): ((text: string) => boolean) => {
  const compiled = compilePattern(`^(?:${pattern})$`);
  return (text) => compiled.test(text);
};
export const isPathSegment = testOf(PATH_SEGMENT);
export const isOnlySegment = testOf(ONLY_SEGMENT);
export const isUriSegment = testOf(URI_SEGMENT);
export const isQuery = testOf(QUERY);

/** How ids are written: a UUID, hexadecimal digits, a time. */
const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const HEX = String.raw`(?=[a-f]*\d)[0-9a-f]{8,}`;
const TIME = String.raw`\d{8}T\d{4,6}Z?`;

const holdsId = new RegExp(
  String.raw`^\d+$|(?<![A-Za-z0-9])(?:\d{2,}|${UUID}|${HEX}|${TIME})(?![A-Za-z0-9])`,
  "i",
);
/** Ids that differ in case alone are two. */
const wholeId = new RegExp(
  String.raw`^(?:\d+|\d{4}-\d{2}-\d{2}|${TIME}|${UUID}|${HEX}|(?=[A-F]*\d)[0-9A-F]{8,}|[0-7][0-9A-HJKMNP-TV-Z]{25})$`,
);

const runsOf = (segment: string): readonly string[] =>
  [...segment.matchAll(/[A-Za-z0-9]+/gu)].map(([run]) => run);

/** Whether a segment has letters and digits in turn, or more letters than a word has: nobody chose it as a name. */
export const isRandom = (segment: string): boolean =>
  runsOf(segment).some(
    (run) =>
      run.length >= 24 ||
      (run.length >= 8 && [...run.matchAll(/\d(?=[A-Za-z])|[A-Za-z](?=\d)/gu)].length > 1),
  );

/**
 * Whether a segment is one by which things are told from each other, and of which there are many: a number, an id, a date, a key.
 * What is none of these is a name, and the only kind of segment that is printed.
 */
export const isVarying = (segment: string): boolean => holdsId.test(segment) || isRandom(segment);

/** Whether a whole segment is a number, a UUID, a ULID, a date, a time, or hexadecimal digits in one case. */
export const isId = (segment: string): boolean => wholeId.test(segment);

/** Keys by how their makers let them begin, tokens that are signed, and a number with what belongs to it. */
export const isKey = (segment: string): boolean =>
  /\d:[A-Za-z0-9_-]{16,}|^eyJ[\w-]{8,}[.]|(?:^|[^A-Za-z0-9])(?=\S*\d)(?:(?:gh[opsur]|github_pat|[spr]k|xox[abeprs]|glpat|shpat|npm|pypi|hf)[_-][\w-]{12,}|A[KS]IA[A-Z0-9]{16})/u.test(
    segment,
  );

/** Whether a segment is like what lets somebody in: a key, or long, of letters and digits and no id. */
export const isToken = (segment: string): boolean =>
  isKey(segment) ||
  runsOf(segment).some((run) => run.length >= 20 && /\d/.test(run) && /[A-Za-z]/.test(run) && !isId(run));

/** The segments of a folder that its siblings share: those before the first that varies. */
export function sharedOf(folder: readonly string[], most: number, least = 0): readonly string[] {
  const end = folder.findIndex((segment, at) => at >= least && isVarying(segment));
  return folder.slice(0, Math.min(end === -1 ? folder.length : end, most));
}

/** Whether some reader could take a part of a text for `..`: also one that decodes escapes, more than once, or likenesses of dots. */
export function climbs(text: string): boolean {
  const read = text
    .replaceAll(/%(?:25)*2e|%(?:25)*c0%(?:25)*ae/giu, ".")
    .replaceAll(/%(?:25)*(?:2f|5c)|%(?:25)*c0%(?:25)*af|[\u2044\u2215\u29f8\u2216\u29f5]/giu, "/")
    .normalize("NFKC");
  return /(?:^|[/\\])\s*\.\.\s*(?:[/\\;]|$)/u.test(read);
}

/** What no place is written with: control characters, and what nobody sees. */
export const isUnseen = (text: string): boolean => /[\p{C}\p{Zl}\p{Zp}]/u.test(text);
