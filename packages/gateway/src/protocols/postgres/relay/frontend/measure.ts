import type { Bound, Bounds } from "../../act.ts";
import { comparesPaths } from "../../guard/deaf/jsonpath.ts";
import { digitsBeyond } from "../../guard/deaf/size.ts";

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
    const length = value === undefined ? Number.POSITIVE_INFINITY : lengthOf(value, bound);
    if (length > bound.most) return { number, length, bound };
  }
  return undefined;
}

/** What is too long as it is need not be read. */
function lengthOf(value: Passed, { of, most }: Bound): number {
  return of !== "members" && value.bytes.length > most ? value.bytes.length : measure(value, of);
}

/** What a value comes to: characters, or members. A path of SQL/JSON that compares two has no end. */
export function measure({ bytes, isBinary }: Passed, of: Bound["of"]): number {
  // A text has no zero in it, in binary either; jsonb and paths have their version before theirs (jsonb.c, jsonb_recv).
  const isText = !isBinary || !bytes.includes(0);
  if (of === "members") return isText ? membersOf(bytes) : (elementsOf(bytes) ?? Math.ceil(bytes.length / 4));
  if (of === "characters")
    return bytes.length + (isText ? digitsBeyond(bytes.toString("latin1")) : textBeyond(bytes));
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

/** What is longer as a text than in binary: a number, alone or in an array or a range; and bits, eight of them a byte. */
function textBeyond(bytes: Buffer): number {
  const bits = bytes.length < 4 ? -1 : bytes.readInt32BE(0);
  let beyond = digitsAt(bytes, 0, bytes.length) + (Math.ceil(bits / 8) + 4 === bytes.length ? bits : 0);
  // Each member of another value has its length before it.
  for (let at = 0; at + 12 <= bytes.length; at += 1)
    beyond += digitsAt(bytes, at + 4, bytes.readUInt32BE(at));
  return beyond;
}

/**
 * How many digits a number may have: how many fours of them it holds, the place of the first, its sign, and how many stand
 * behind the point (numeric.c, numeric_recv). None where it cannot be one.
 */
function digitsAt(bytes: Buffer, at: number, length: number): number {
  if (length < 8 || at + length > bytes.length || bytes.readUInt16BE(at) * 2 + 8 !== length) return 0;
  return 4 * Math.abs(bytes.readInt16BE(at + 2)) + bytes.readUInt16BE(at + 6);
}
