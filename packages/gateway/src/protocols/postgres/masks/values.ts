import type { MaskedColumn } from "./column.ts";
import type { MaskMethod } from "./method.ts";
import type { Output } from "./output.ts";
import { writeDay, writeInstant, writeYear } from "./years.ts";

/**
 * Writes what stands in the place of a value that is not NULL: its length, or -1 for NULL, and its bytes.
 * @param from where the value is in `source`, up to `to`
 */
export type WriteMasked = (out: Output, source: Buffer, from: number, to: number) => void;

const stars = Buffer.from("***");
const AT = 0x40;
const BLANK = 0x20;
/** pg_type.dat: `char(n)`, whose values are filled up with blanks. */
const BPCHAR = 1042;
/** Longer values, in bytes, keep nothing of themselves. No value is looked at that is longer. */
export const MAX_KEPT_FROM = 4096;

/** How a method masks a column's values in text or binary format. The two have to fit: see `unfit`. */
export function maskedBy(method: MaskMethod, column: MaskedColumn, isBinary: boolean): WriteMasked {
  if (method === null || method === "null") return (out) => out.int32(-1);
  if (method === "redact") return constant(encoded("***", column, isBinary));
  if (method === "year") return !isBinary ? writeYear : column.kind === "date" ? writeDay : writeInstant;
  if (typeof method === "object" && "constant" in method)
    return constant(encoded(method.constant, column, isBinary));
  return ofWords(method === "email" ? writeEmail : keeping(method.partial.keep), column);
}

/** Keeps some of a text: not of a long one, and of `char(n)` none of the blanks that fill it up. */
function ofWords(write: WriteMasked, { type }: MaskedColumn): WriteMasked {
  return (out, source, from, to) => {
    if (to - from > MAX_KEPT_FROM) {
      out.int32(stars.length);
      out.copy(stars, 0, stars.length);
      return;
    }
    let end = to;
    if (type === BPCHAR) while (end > from && source[end - 1] === BLANK) end -= 1;
    write(out, source, from, end);
  };
}

function keeping(keep: string): WriteMasked {
  const [side = "", count = ""] = keep.split(" ");
  return side === "first" ? keepFirst(Number(count)) : keepLast(Number(count));
}

/** The same for every value, its length before it. */
function constant(value: Buffer): WriteMasked {
  const whole = Buffer.allocUnsafe(4 + value.length);
  whole.writeInt32BE(value.length);
  value.copy(whole, 4);
  return (out) => out.copy(whole, 0, whole.length);
}

/** A constant as the server would send it (the types' `send` functions; in text their `out` functions). */
function encoded(value: string | number | boolean, { kind }: MaskedColumn, isBinary: boolean): Buffer {
  const isJson = kind === "json" || kind === "jsonb";
  const words = isJson
    ? JSON.stringify(value)
    : kind === "bool"
      ? value === true
        ? "t"
        : "f"
      : String(value);
  const text = Buffer.from(kind === "uuid" ? words.toLowerCase() : words);
  if (!isBinary) return text;
  switch (kind) {
    case "jsonb":
      return Buffer.concat([Buffer.of(1), text]);
    case "bool":
      return Buffer.of(value === true ? 1 : 0);
    case "uuid":
      return Buffer.from(words.replaceAll("-", ""), "hex");
    case "int2": {
      const bytes = Buffer.alloc(2);
      bytes.writeInt16BE(Number(value));
      return bytes;
    }
    case "int4": {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(Number(value));
      return bytes;
    }
    case "int8": {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(BigInt(value));
      return bytes;
    }
    default:
      return text;
  }
}

/** `***@example.com`: what stands behind the last @. A value without one is hidden wholly. */
function writeEmail(out: Output, source: Buffer, from: number, to: number): void {
  let at = to - 1;
  while (at >= from && source[at] !== AT) at -= 1;
  const kept = at < from ? to : at;
  out.int32(stars.length + to - kept);
  out.copy(stars, 0, stars.length);
  out.copy(source, kept, to);
}

/** Whether a byte begins a character of UTF-8. */
const isStart = (byte: number | undefined): boolean => ((byte ?? 0) & 0xc0) !== 0x80;

/** How many characters may stay of those that a value has: no more than half of them. */
function keptOf(source: Buffer, from: number, to: number, most: number): number {
  let characters = 0;
  for (let at = from; at < to && characters < 2 * most; at += 1) if (isStart(source[at])) characters += 1;
  return Math.min(most, Math.floor(characters / 2));
}

function keepLast(most: number): WriteMasked {
  return (out, source, from, to) => {
    let left = keptOf(source, from, to, most);
    let at = to;
    while (left > 0) {
      at -= 1;
      if (isStart(source[at])) left -= 1;
    }
    out.int32(stars.length + to - at);
    out.copy(stars, 0, stars.length);
    out.copy(source, at, to);
  };
}

function keepFirst(most: number): WriteMasked {
  return (out, source, from, to) => {
    let left = keptOf(source, from, to, most);
    let at = from;
    while (at < to && (left > 0 || !isStart(source[at]))) {
      if (isStart(source[at])) left -= 1;
      at += 1;
    }
    out.int32(at - from + stars.length);
    out.copy(source, from, at);
    out.copy(stars, 0, stars.length);
  };
}
