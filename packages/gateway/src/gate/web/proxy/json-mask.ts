import type { Rewriting } from "./rewritten-answer.ts";

/** Where a walk through JSON stands, as far as it matters for what is masked. */
export interface MaskPlace {
  /** What a member of that name, or of an array's item of that number, is. */
  step(name: string | number): MaskStep;
  /** Whether a value here is masked unless it is an object, whose members then are. */
  readonly masksAllButObjects?: true;
}

/** What stands at a place: masked, or a place to look on from; neither: nothing below it is masked. */
export interface MaskStep {
  readonly isMasked: boolean;
  readonly place: MaskPlace | undefined;
  /** What the record says was met. */
  readonly met: readonly string[];
}

/** The step to what holds nothing that is masked. */
export const nothingMasked: MaskStep = { isMasked: false, place: undefined, met: [] };

/** Deeper answers are not masked, and so not given. */
const MAX_DEPTH = 128;
/** A longer name could not be compared: the answer is not given. Bytes. */
const MAX_NAME_BYTES = 16_384;

const masked = Buffer.from('"***"');
const literals: Readonly<Record<number, Buffer>> = {
  0x66: Buffer.from("false"),
  0x6e: Buffer.from("null"),
  0x74: Buffer.from("true"),
};

/** Where in RFC 8259's grammar the next byte stands; behind a backslash, in a number's parts and so on. */
const at = {
  value: 0,
  firstItem: 1,
  firstName: 2,
  name: 3,
  colon: 4,
  after: 5,
  string: 6,
  escape: 7,
  hex: 8,
  literal: 9,
  minus: 10,
  zero: 11,
  whole: 12,
  point: 13,
  fraction: 14,
  exponent: 15,
  exponentSign: 16,
  exponentDigits: 17,
  end: 18,
} as const;
type At = (typeof at)[keyof typeof at];

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** One array or object that is open. */
interface Open {
  readonly isArray: boolean;
  readonly place: MaskPlace | undefined;
  count: number;
}

/**
 * Masks values in JSON where they stand, as it comes: everything else stays as it was, to the byte. Whatever is no JSON
 * (RFC 8259) in UTF-8, or nests too deep, is not masked, and so not given. Its memory is the depth, not the answer's size.
 * @param root what the whole value is
 */
export function maskJson(root: MaskStep, needsObject = false): Rewriting {
  return new JsonMask(root, needsObject);
}

class JsonMask implements Rewriting {
  readonly #needsObject: boolean;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #met = new Set<string>();
  readonly #open: Open[] = [];
  #at: At = at.value;
  #isBroken = false;
  #isName = false;
  /** What is left of an escape or a literal. */
  #left = 0;
  #literal: Buffer = masked;
  /** The step to the value that comes next, in an object. */
  #step: MaskStep;
  #name: Buffer[] = [];
  #nameBytes = 0;
  /** How many were open when what is masked began; -1: nothing is being masked. */
  #maskedFrom = -1;

  constructor(root: MaskStep, needsObject: boolean) {
    this.#step = root;
    this.#needsObject = needsObject;
  }

  feed(chunk: Buffer): readonly Buffer[] | undefined {
    if (this.#isBroken) return undefined;
    const out: Buffer[] = [];
    try {
      this.#utf8.decode(chunk, { stream: true });
      this.#walk(chunk, out);
      return out;
    } catch {
      this.#isBroken = true;
      return undefined;
    }
  }

  end(): { readonly met: readonly string[] } | undefined {
    if (this.#isBroken || this.#open.length > 0) return undefined;
    try {
      this.#utf8.decode();
    } catch {
      return undefined;
    }
    const { zero, whole, fraction, exponentDigits, end } = at;
    const isWhole = ([zero, whole, fraction, exponentDigits, end] as readonly At[]).includes(this.#at);
    return isWhole ? { met: [...this.#met] } : undefined;
  }

  /** @throws Error for what is no JSON */
  #walk(chunk: Buffer, out: Buffer[]): void {
    /** Where what is to be copied began; -1: nothing of it is. */
    let from = this.#maskedFrom < 0 ? 0 : -1;
    /** Where a name began in this chunk. */
    let nameFrom = this.#isName && this.#isInString() ? 0 : -1;
    const { length } = chunk;
    let index = 0;

    const begin = (isObject: boolean): void => {
      const parent = this.#open.at(-1);
      let step = this.#step;
      if (parent?.isArray === true) {
        step = parent.place === undefined ? nothingMasked : parent.place.step(parent.count);
        parent.count += 1;
      }
      this.#step = step;
      if (this.#maskedFrom >= 0) return;
      for (const each of step.met) this.#met.add(each);
      if (!step.isMasked && (isObject || step.place?.masksAllButObjects !== true)) return;
      this.#maskedFrom = this.#open.length;
      if (index > from) out.push(chunk.subarray(from, index));
      from = -1;
      out.push(masked);
    };
    /** A value is over; `after` is where what follows it begins. */
    const finish = (after: number): void => {
      if (this.#maskedFrom === this.#open.length) {
        this.#maskedFrom = -1;
        from = after;
      }
      this.#at = this.#open.length === 0 ? at.end : at.after;
    };
    const push = (isArray: boolean): void => {
      begin(!isArray);
      if (this.#open.length >= MAX_DEPTH) throw new Error("too deep");
      const place = this.#maskedFrom >= 0 ? undefined : this.#step.place;
      this.#open.push({ isArray, place, count: 0 });
      this.#at = isArray ? at.firstItem : at.firstName;
    };
    const pop = (isArray: boolean): void => {
      if (this.#open.pop()?.isArray !== isArray) throw new Error("not closed as it was opened");
      finish(index + 1);
    };

    while (index < length) {
      const byte = chunk[index] ?? 0;
      switch (this.#at) {
        case at.string: {
          let ahead = index;
          let next = byte;
          while (next !== 0x22 && next !== 0x5c && next >= 0x20 && ahead + 1 < length) {
            ahead += 1;
            next = chunk[ahead] ?? 0;
          }
          index = ahead;
          if (next === 0x5c) this.#at = at.escape;
          else if (next === 0x22) {
            if (this.#isName) {
              this.#keepName(chunk, nameFrom, index);
              nameFrom = -1;
              this.#readName();
            } else finish(index + 1);
          } else if (next < 0x20) throw new Error("a control character in a string");
          break;
        }
        case at.escape:
          if (byte === 0x75) {
            this.#left = 4;
            this.#at = at.hex;
          } else if ('"\\/bfnrt'.includes(String.fromCharCode(byte))) this.#at = at.string;
          else throw new Error("no escape");
          break;
        case at.hex:
          if (!isDigit(byte) && !((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))
            throw new Error("no hexadecimal digit");
          this.#left -= 1;
          if (this.#left === 0) this.#at = at.string;
          break;
        case at.value:
        case at.firstItem:
          if (isSpace(byte)) break;
          if (byte === 0x5d && this.#at === at.firstItem) pop(true);
          else if (byte === 0x7b) push(false);
          else if (this.#needsObject && this.#open.length === 0) throw new Error("no object");
          else if (byte === 0x5b) push(true);
          else {
            begin(false);
            this.#at = this.#scalar(byte);
          }
          break;
        case at.firstName:
        case at.name:
          if (isSpace(byte)) break;
          if (byte === 0x7d && this.#at === at.firstName) pop(false);
          else if (byte === 0x22) {
            this.#isName = true;
            this.#at = at.string;
            nameFrom = index + 1;
          } else throw new Error("no name");
          break;
        case at.colon:
          if (isSpace(byte)) break;
          if (byte !== 0x3a) throw new Error("no colon");
          this.#at = at.value;
          break;
        case at.after:
          if (isSpace(byte)) break;
          if (byte === 0x2c) this.#at = this.#open.at(-1)?.isArray === true ? at.value : at.name;
          else if (byte === 0x5d) pop(true);
          else if (byte === 0x7d) pop(false);
          else throw new Error("neither a comma nor an end");
          break;
        case at.literal:
          if (byte !== this.#literal[this.#literal.length - this.#left]) throw new Error("no literal");
          this.#left -= 1;
          if (this.#left === 0) finish(index + 1);
          break;
        case at.end:
          if (!isSpace(byte)) throw new Error("more than one value");
          break;
        default: {
          const next = this.#number(byte);
          if (next === undefined) {
            // The byte belongs to what follows the number.
            finish(index);
            continue;
          }
          this.#at = next;
        }
      }
      index += 1;
    }
    if (nameFrom >= 0) this.#keepName(chunk, nameFrom, length);
    if (from >= 0 && from < length) out.push(chunk.subarray(from, length));
  }

  #isInString(): boolean {
    return this.#at === at.string || this.#at === at.escape || this.#at === at.hex;
  }

  /** What a value that is no array and no object begins with. */
  #scalar(byte: number): At {
    if (byte === 0x22) {
      this.#isName = false;
      return at.string;
    }
    const literal = literals[byte];
    if (literal !== undefined) {
      this.#literal = literal;
      this.#left = literal.length - 1;
      return at.literal;
    }
    if (byte === 0x2d) return at.minus;
    if (byte === 0x30) return at.zero;
    if (isDigit(byte)) return at.whole;
    throw new Error("no value");
  }

  /** Where a number goes on; undefined when it ended before the byte. */
  #number(byte: number): At | undefined {
    const e = byte === 0x65 || byte === 0x45;
    switch (this.#at) {
      case at.minus:
        if (byte === 0x30) return at.zero;
        break;
      case at.zero:
      case at.whole:
        if (this.#at === at.whole && isDigit(byte)) return at.whole;
        if (byte === 0x2e) return at.point;
        return e ? at.exponent : undefined;
      case at.point:
        if (isDigit(byte)) return at.fraction;
        throw new Error("no digit");
      case at.fraction:
        if (isDigit(byte)) return at.fraction;
        return e ? at.exponent : undefined;
      case at.exponent:
        if (byte === 0x2b || byte === 0x2d) return at.exponentSign;
        if (isDigit(byte)) return at.exponentDigits;
        throw new Error("no digit");
      case at.exponentSign:
        if (isDigit(byte)) return at.exponentDigits;
        throw new Error("no digit");
      default:
        return isDigit(byte) ? at.exponentDigits : undefined;
    }
    if (isDigit(byte)) return at.whole;
    throw new Error("no digit");
  }

  #keepName(chunk: Buffer, from: number, to: number): void {
    // Below what is masked, and where nothing is, names do not matter.
    if (this.#open.at(-1)?.place === undefined) return;
    this.#nameBytes += to - from;
    if (this.#nameBytes > MAX_NAME_BYTES) throw new Error("a name is too long");
    // A copy: the chunk may be the caller's to use again.
    this.#name.push(Buffer.from(chunk.subarray(from, to)));
  }

  #readName(): void {
    const place = this.#open.at(-1)?.place;
    this.#step =
      place === undefined
        ? nothingMasked
        : place.step(JSON.parse(`"${Buffer.concat(this.#name).toString()}"`) as string);
    this.#name = [];
    this.#nameBytes = 0;
    this.#at = at.colon;
  }
}
