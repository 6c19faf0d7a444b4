import type { Bound, Bounds } from "../../act.ts";
import { comparesPaths } from "../../guard/deaf/jsonpath.ts";
import { LONGEST_NUMBER } from "../../guard/deaf/size.ts";

/** A value that is passed for a parameter. */
export interface Passed {
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

/** A value that is longer than its bound. */
export interface TooLong {
  readonly number: number;
  readonly length: number;
  readonly bound: Bound;
}

/** The first value that is longer than it may be; one that is not known is. */
export function tooLong(
  bounds: Bounds,
  valueOf: (number: number) => Passed | null | undefined,
): TooLong | undefined {
  for (const [number, bound] of bounds) {
    const value = valueOf(number);
    if (value === null) continue;
    const length = value === undefined ? Number.POSITIVE_INFINITY : measure(value, bound.of);
    if (length > bound.most) return { number, length, bound };
  }
  return undefined;
}

/** What a value of jsonb is sent as in binary: its version, and the text (jsonb.c, jsonb_recv). So is a path. */
const VERSION = 1;

/** What a value comes to: characters, or members. A path of SQL/JSON that compares two has no end. */
function measure({ bytes, isBinary }: Passed, of: Bound["of"]): number {
  const isText = !isBinary || (bytes[0] === VERSION && bytes.length > 1 && bytes[1] !== 0);
  if (of === "members") return isText ? membersOf(bytes) : (elementsOf(bytes) ?? separated(bytes));
  if (of === "characters") return bytes.length + (isText ? exponents(bytes) : digitsOf(bytes));
  const path = bytes.toString("latin1");
  // A query of text search has no such sign.
  return /[$@]/u.test(path) && comparesPaths(path) ? Number.POSITIVE_INFINITY : bytes.length;
}

/** How many dimensions an array may have (array.h, MAXDIM). */
const MAX_DIMENSIONS = 6;

/** Types of which two values are compared in no time, by OID (pg_type.dat): of others what is in each counts too. */
const plainElements: ReadonlySet<number> = new Set([
  16, 20, 21, 23, 25, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1700, 2950,
]);

/** An array in binary says how many elements it has: dimensions, flags, a type, then each dimension's length and lower bound (arrayfuncs.c, array_recv). */
function elementsOf(bytes: Buffer): number | undefined {
  if (bytes.length < 12) return undefined;
  const dimensions = bytes.readUInt32BE(0);
  const isArray =
    dimensions <= MAX_DIMENSIONS && bytes.readUInt32BE(4) <= 1 && plainElements.has(bytes.readUInt32BE(8));
  if (!isArray || bytes.length < 12 + 8 * dimensions) return undefined;
  const lengths = Array.from({ length: dimensions }, (_, at) => bytes.readUInt32BE(12 + 8 * at));
  return dimensions === 0 ? 0 : lengths.reduce((all, each) => all * each, 1);
}

/** Any other value in binary: a text is as it is, and of what else has members each takes four bytes at least. */
function separated(bytes: Buffer): number {
  return Math.max(membersOf(bytes), Math.ceil(bytes.length / 4));
}

const signs: ReadonlySet<number> = new Set(Buffer.from(",;|:/[{(&"));
const opening: ReadonlySet<number> = new Set(Buffer.from("[{"));
const blanks: ReadonlySet<number> = new Set(Buffer.from(" \t\r\n"));

/** What stands between members is counted; a blank behind a sign belongs to it. */
function membersOf(bytes: Buffer): number {
  let members = opening.has(bytes[0] ?? 0) ? 0 : 1;
  let isBehindSign = false;
  for (const byte of bytes) {
    const isSign = signs.has(byte);
    if (isSign || (blanks.has(byte) && !isBehindSign)) members += 1;
    isBehindSign = isSign;
  }
  return members;
}

/** `1e131071` is short where it is passed, and long as a text. */
function exponents(bytes: Buffer): number {
  return LONGEST_NUMBER * (bytes.toString("latin1").match(/\de\+?\d{3,}/giu)?.length ?? 0);
}

/** So it is in binary: four digits each, their number before them, then the place of the first one (numeric.c, numeric_recv). */
function digitsOf(bytes: Buffer): number {
  const isNumber = bytes.length >= 8 && bytes.readUInt16BE(0) * 2 + 8 === bytes.length;
  return isNumber ? 4 * Math.abs(bytes.readInt16BE(2)) : 0;
}
