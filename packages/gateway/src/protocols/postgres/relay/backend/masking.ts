import type { StatementMasks } from "../../act.ts";
import { LongRow } from "../../masks/long-row.ts";
import { Output } from "../../masks/output.ts";
import { type Fields, type MaskedField, type Writers, writeRow, writersOf } from "../../masks/rows.ts";
import type { Masks } from "../../masks/session.ts";
import { type, u16, u32, WireError } from "../../wire/framing.ts";
import type { Expected } from "../expected.ts";

/** A row is held as the database sends it up to so many bytes; a longer one is masked as its pieces arrive. */
const MAX_HELD = 262_144;

/**
 * Masks the rows of one session. Where masked values are is what the guard found in the statement, held against what the
 * database says of the rows: when the two differ, the session ends.
 */
export class Masking {
  readonly #masks: Masks;
  /** The act whose rows come, and how they are written. */
  #entry: Expected | undefined;
  #writers: Writers | undefined;
  #out: Output | undefined;
  #long: LongRow | undefined;

  constructor(masks: Masks) {
    this.#masks = masks;
  }

  /**
   * RowDescription ('T'), whole.
   * @param index which statement of the act it is about
   * @throws WireError when the rows have other masked columns than the guard found
   */
  described(entry: Expected, index: number, chunk: Buffer, at: number): void {
    const statement = entry.kind === type.describe ? entry.described : undefined;
    const masks = entry.kind === type.describe ? statement?.masks : entry.permit?.cover.masks?.[index];
    if (masks === undefined && entry.kind === type.query)
      throw new WireError("08P01", "the database described rows of a statement that was not judged");
    const fields = masks === undefined || masks === null ? undefined : this.#fieldsOf(masks, chunk, at);
    if (statement !== undefined) statement.fields = fields;
    if (entry.kind !== type.query) return;
    this.#entry = entry;
    this.#writers = fields && writersOf(fields, formatsIn(chunk, at));
  }

  /** The statement's rows are over. */
  completed(): void {
    this.#entry = undefined;
  }

  /** How the rows of an act are written; undefined: as they come. @throws WireError where that is not known */
  writers(entry: Expected, index: number): Writers | undefined {
    if (this.#entry !== entry) {
      this.#entry = entry;
      this.#writers = this.#undescribed(entry, index);
    }
    return this.#writers;
  }

  /**
   * Takes a DataRow, or the beginning of a long one.
   * @param here up to where it has come
   * @returns how many bytes go to the client in its place, of a long one so far; undefined: it has to come whole first
   * @throws WireError where it is not as it was described, or too long
   */
  row(chunk: Buffer, at: number, here: number, end: number, writers: Writers): number | undefined {
    if (here < end && end - at <= MAX_HELD) return undefined;
    const out = (this.#out ??= new Output(chunk.length - at + 4096));
    const before = out.length;
    if (here === end) writeRow(out, chunk, at, end, writers);
    else {
      this.#long = new LongRow(out, writers);
      this.#long.take(chunk, at + 5, here);
    }
    return out.length - before;
  }

  /**
   * Takes what comes next of a long row.
   * @param here up to where it has come
   * @param isLast whether it is whole then
   * @returns how many bytes more go to the client
   * @throws WireError as for a row
   */
  more(chunk: Buffer, here: number, isLast: boolean): number {
    const before = this.#out?.length ?? 0;
    this.#long?.take(chunk, 0, here);
    if (isLast) {
      this.#long?.end();
      this.#long = undefined;
    }
    return (this.#out?.length ?? 0) - before;
  }

  /** Whether a row has come in part and is masked as it comes. */
  get isLong(): boolean {
    return this.#long !== undefined;
  }

  /** What has been masked and not handed on. */
  take(): Buffer | undefined {
    if (this.#long !== undefined) return undefined;
    const written = this.#out?.written;
    this.#out = undefined;
    return written;
  }

  #undescribed({ kind, permit, portal }: Expected, index: number): Writers | undefined {
    const masks = kind === type.execute ? portal?.statement.masks : permit?.cover.masks?.[index];
    if ((masks?.outputs ?? []).length === 0) return undefined;
    const fields = portal?.statement.fields;
    if (fields === undefined)
      throw new WireError("08P01", "rows with masked columns came, and the database has not described them");
    return writersOf(fields, portal?.formats ?? []);
  }

  /** @returns undefined where nothing is masked */
  #fieldsOf({ operation, outputs }: StatementMasks, chunk: Buffer, at: number): Fields | undefined {
    const columns = this.#masks.get(operation);
    const fields: (MaskedField | undefined)[] = [];
    let found = 0;
    eachField(chunk, at, (place, name) => {
      const field = columns?.get(u32(chunk, place) * 0x10000 + u16(chunk, place + 4));
      fields.push(field);
      if (field === undefined) return;
      const expected = outputs[found];
      found += 1;
      if (
        expected?.column !== field.full ||
        expected.name !== chunk.toString("utf8", name, place - 1) ||
        field.column.type !== u32(chunk, place + 6)
      )
        throw otherwise(field.full);
    });
    const missing = outputs[found];
    if (missing !== undefined) throw otherwise(missing.column);
    return found === 0 ? undefined : fields;
  }
}

function otherwise(column: string): WireError {
  return new WireError(
    "55000",
    `${column} is masked, and the database gives it in another way than the gateway found: its table may have changed; connect again`,
  );
}

/**
 * Goes through the fields of a RowDescription (manual, "Message Formats").
 * @param each told where what follows the name begins, and where the name does
 */
function eachField(chunk: Buffer, at: number, each: (place: number, name: number) => void): void {
  const end = at + 1 + u32(chunk, at + 1);
  let place = at + 7;
  for (let left = u16(chunk, at + 5); left > 0; left -= 1) {
    const nul = chunk.indexOf(0, place);
    if (nul < 0 || nul + 19 > end) throw new WireError("08P01", "the database sent a malformed description");
    each(nul + 1, place);
    place = nul + 19;
  }
}

function formatsIn(chunk: Buffer, at: number): readonly number[] {
  const formats: number[] = [];
  eachField(chunk, at, (place) => formats.push(u16(chunk, place + 16)));
  return formats;
}

/** The full names of what is masked of an act's rows, each once. */
export function maskedOf({ kind, permit, portal }: Expected): readonly string[] | undefined {
  const masks = kind === type.execute ? [portal?.statement.masks] : (permit?.cover.masks ?? []);
  const names = new Set(masks.flatMap((each) => each?.outputs.map(({ column }) => column) ?? []));
  return names.size === 0 ? undefined : [...names].toSorted();
}
