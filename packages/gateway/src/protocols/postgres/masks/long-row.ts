import { u16, u32 } from "../wire/framing.ts";
import type { Output } from "./output.ts";
import { checkLength, endRow, malformed, type Writers } from "./rows.ts";
import { MAX_KEPT_FROM } from "./values.ts";

const DATA_ROW = 0x44;

/**
 * Masks a DataRow as its pieces arrive: of one that is too long to be held as the database sends it. No more of it is held
 * than what goes to the client.
 */
export class LongRow {
  readonly #out: Output;
  readonly #writers: Writers;
  readonly #start: number;
  /** A number, or a masked value, as far as it has come. */
  readonly #gathered: Buffer = Buffer.allocUnsafe(MAX_KEPT_FROM);
  #has = 0;
  /** What comes: how many columns there are, how long the next value is, or a value. */
  #next: "count" | "length" | "value" = "count";
  #column = 0;
  /** Of the value under way: its length, and how much of it is still to come. */
  #length = 0;
  #left = 0;

  constructor(out: Output, writers: Writers) {
    this.#out = out;
    this.#writers = writers;
    this.#start = out.length;
    out.reserve(7);
    out.bytes[out.length] = DATA_ROW;
    out.length += 5;
  }

  /** Takes what comes next of it, behind its own length. @throws WireError where it is not as it was described, or too long */
  take(source: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) at = this.#next === "value" ? this.#value(source, at, to) : this.#number(source, at, to);
  }

  /** It has come whole. @throws WireError where it is not as it was described */
  end(): void {
    if (this.#next !== "length" || this.#has > 0 || this.#column !== this.#writers.length) throw malformed();
    endRow(this.#out, this.#start);
  }

  #number(source: Buffer, from: number, to: number): number {
    const size = this.#next === "count" ? 2 : 4;
    const end = this.#gather(source, from, Math.min(to, from + size - this.#has));
    if (this.#has < size) return end;
    this.#has = 0;
    if (this.#next === "count") {
      if (u16(this.#gathered, 0) !== this.#writers.length) throw malformed();
      this.#out.copy(this.#gathered, 0, 2);
      this.#next = "length";
      return end;
    }
    if (this.#column === this.#writers.length) throw malformed();
    this.#length = u32(this.#gathered, 0) | 0;
    if (this.#length < 0 || this.#writers[this.#column] === undefined) this.#out.copy(this.#gathered, 0, 4);
    this.#left = Math.max(this.#length, 0);
    this.#next = "value";
    // NULL and an empty value have no bytes that would come.
    if (this.#left === 0) this.#over();
    return end;
  }

  #value(source: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + this.#left);
    this.#left -= end - from;
    if (this.#writers[this.#column] === undefined) {
      this.#out.copy(source, from, end);
      checkLength(this.#out, this.#start);
    } else if (this.#length <= MAX_KEPT_FROM) this.#gather(source, from, end);
    if (this.#left === 0) this.#over();
    return end;
  }

  /** A value is over. */
  #over(): void {
    const write = this.#writers[this.#column];
    // Of a longer one no method looks at a byte.
    if (this.#length >= 0) write?.(this.#out, this.#gathered, 0, this.#length);
    this.#has = 0;
    this.#column += 1;
    this.#next = "length";
  }

  #gather(source: Buffer, from: number, to: number): number {
    this.#has += source.copy(this.#gathered, this.#has, from, to);
    return to;
  }
}
