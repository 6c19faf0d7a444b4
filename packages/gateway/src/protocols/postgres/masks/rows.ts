import { u16, u32, WireError } from "../wire/framing.ts";
import type { MaskedColumn } from "./column.ts";
import type { MaskMethod } from "./method.ts";
import type { Output } from "./output.ts";
import { maskedBy, type WriteMasked } from "./values.ts";

/** A row with masked columns is held until it is whole, and as the client reads it no longer than this, bytes. */
const MAX_MASKED_ROW = 1_048_576;

/** A column of a row that is masked. */
export interface MaskedField {
  readonly full: string;
  readonly method: MaskMethod;
  readonly column: MaskedColumn;
}

/** By its place, what is masked of a row; undefined: nothing of that one. */
export type Fields = readonly (MaskedField | undefined)[];
/** The same for rows in certain formats. */
export type Writers = readonly (WriteMasked | undefined)[];

/** @param formats 0 for text and 1 for binary: one for each column, or one for all, or none, which is text (manual, "Bind") */
export function writersOf(fields: Fields, formats: readonly number[]): Writers {
  return fields.map(
    (field, place) =>
      field && maskedBy(field.method, field.column, (formats.length > 1 ? formats[place] : formats[0]) === 1),
  );
}

/**
 * Writes a whole DataRow with its masked values.
 * @param at where its type byte is, up to `end`
 * @throws WireError where it is not as it was described, or too long
 */
export function writeRow(out: Output, source: Buffer, at: number, end: number, writers: Writers): void {
  if (end - at < 7 || u16(source, at + 5) !== writers.length) throw malformed();
  const start = out.length;
  let run = at;
  let place = at + 7;
  for (const write of writers) {
    if (place + 4 > end) throw malformed();
    const length = u32(source, place) | 0;
    const next = place + 4 + Math.max(length, 0);
    if (next > end) throw malformed();
    if (write !== undefined && length >= 0) {
      out.copy(source, run, place);
      write(out, source, place + 4, next);
      run = next;
    }
    place = next;
  }
  if (place !== end) throw malformed();
  out.copy(source, run, end);
  endRow(out, start);
}

/** Writes the length of a row that begins at `start`. @throws WireError where it is too long */
export function endRow(out: Output, start: number): void {
  checkLength(out, start);
  out.put(out.length - start - 1, start + 1);
}

/**
 * What is bounded is what goes to the client: what the database sends would tell how long the masked values are.
 * @throws WireError where a row is too long to be held
 */
export function checkLength(out: Output, start: number): void {
  if (out.length - start > MAX_MASKED_ROW)
    throw new WireError(
      "54000",
      `a row with masked columns is longer than ${MAX_MASKED_ROW} bytes; select fewer or shorter columns with them`,
    );
}

/** The database sent a row that is not as it was described. */
export function malformed(): WireError {
  return new WireError("08P01", "the database sent a row that is not as it was described");
}
