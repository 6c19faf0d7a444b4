import { isJsonSpace, JsonValueEnd } from "./json-value-end.ts";

/** What stands in the array that is looked for, or why it cannot be read as one. */
export type JsonElement =
  /** An element, as it is written: whether it is JSON nobody has looked at. */
  | { readonly number: number; readonly text: string }
  /** Trouble with an element, or where `isElement` is false with the document behind it; the first element is 1. */
  | { readonly number: number; readonly isElement: boolean; readonly why: string };

/** The longest element that is read, characters. */
const MAX_ELEMENT_CHARACTERS = 16_777_216;

const [quote, comma, colon] = [0x22, 0x2c, 0x3a];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Whether a value can begin so: a text, an object, an array, a number, `true`, `false`, `null`. */
const beginsValue = (code: number): boolean =>
  code === quote ||
  code === openObject ||
  code === openArray ||
  code === 0x2d ||
  (code >= 0x30 && code <= 0x39) ||
  code === 0x66 ||
  code === 0x6e ||
  code === 0x74;

/** What may stand next in the objects of the path and in the array; a value is something else. */
type Expected =
  | "root"
  | "first_name"
  | "name"
  | "colon"
  | "value"
  | "first_element"
  | "element"
  | "more"
  | "end";

/**
 * Takes the elements of one array out of a JSON document that comes in pieces, as they are written. What is kept of it in memory
 * is one element of bounded length. Whatever stands elsewhere is passed over, and only looked at for where it ends.
 */
export class JsonElements {
  readonly #path: readonly string[];
  readonly #maxCharacters: number;
  readonly #maxName: number;
  #expected: Expected = "root";
  /** How many objects of the path are open; one more: the array is. */
  #level = 0;
  /** How many names of the path were come upon. */
  #found = 0;
  /** Elements that were begun. */
  #number = 0;
  #isOver = false;
  /** The value that is gone through. */
  #value: { readonly of: "name" | "element" | "other"; readonly end: JsonValueEnd } | undefined;
  #text = "";
  #isTooLong = false;
  /** Whether the name that was read last is the path's. */
  #isOnPath = false;

  /** @param path names of members, from the outermost object to the array */
  constructor(path: readonly string[], maxCharacters: number = MAX_ELEMENT_CHARACTERS) {
    this.#path = path;
    this.#maxCharacters = maxCharacters;
    // Each character may be written as `\u` and four digits.
    this.#maxName = Math.max(...path.map((name) => name.length * 6 + 2));
  }

  /** How many characters are kept. */
  get held(): number {
    return this.#text.length;
  }

  /** Goes through the next piece. What is not asked for of the generator is not read. */
  *take(piece: string): Generator<JsonElement> {
    let at = 0;
    while (at < piece.length && !this.#isOver) {
      if (this.#value === undefined) {
        const code = piece.charCodeAt(at);
        if (isJsonSpace(code)) at += 1;
        else {
          const isTaken = this.#isTaken(code);
          if (typeof isTaken === "string") yield this.#trouble(isTaken);
          else if (isTaken) at += 1;
        }
        continue;
      }
      const { of, end } = this.#value;
      const behind = end.find(piece, at);
      const until = behind === -1 ? piece.length : behind;
      if (of !== "other") this.#keep(piece, at, until, of === "name" ? this.#maxName : this.#maxCharacters);
      at = until;
      if (behind === -1) continue;
      this.#value = undefined;
      const [text, isTooLong] = [this.#text, this.#isTooLong];
      [this.#text, this.#isTooLong] = ["", false];
      if (of === "name") {
        const twice = isTooLong ? undefined : this.#problemOfName(text);
        if (twice !== undefined) yield this.#trouble(twice);
      } else if (of === "element")
        yield isTooLong
          ? this.#trouble(`it is longer than ${this.#maxCharacters} characters`, true)
          : { number: this.#number, text };
    }
  }

  /** Says what is missing where the text ends. */
  *end(): Generator<JsonElement> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#text = "";
    const array = this.#path.at(-1) ?? "";
    if (this.#value?.of === "element") yield this.#trouble("the text ends in it", true);
    else if (this.#expected !== "end") yield this.#trouble("the text ends before the document does");
    else if (this.#found < this.#path.length) yield this.#trouble(`the document has no "${array}"`);
  }

  #trouble(why: string, isElement = false): JsonElement {
    return { number: this.#number, isElement, why };
  }

  #keep(piece: string, from: number, until: number, max: number): void {
    this.#isTooLong ||= this.#text.length + until - from > max;
    this.#text = this.#isTooLong ? "" : this.#text + piece.slice(from, until);
  }

  #begin(of: "name" | "element" | "other", code: number, next: Expected): false {
    this.#value = { of, end: new JsonValueEnd(code) };
    this.#expected = next;
    if (of === "element") this.#number += 1;
    return false;
  }

  /** @param text a string of JSON @returns what is wrong with a name of the path */
  #problemOfName(text: string): string | undefined {
    this.#isOnPath = false;
    let name: unknown;
    try {
      name = JSON.parse(text);
    } catch {
      this.#isOver = true;
      return "the document is no JSON from here on";
    }
    const expected = this.#path[this.#level - 1];
    if (name !== expected) return undefined;
    if (this.#level <= this.#found) return `the document has a second "${expected}", which is not read`;
    this.#found = this.#level;
    this.#isOnPath = true;
    return undefined;
  }

  /** Goes through a character outside of values. @returns whether it is done with; what is wrong with it, where something is */
  #isTaken(code: number): boolean | string {
    const isArray = this.#level > this.#path.length;
    switch (this.#expected) {
      case "root":
        if (code === openObject) return this.#open();
        break;
      case "first_name":
      case "name":
        if (code === quote) {
          this.#isOnPath = false;
          return this.#begin("name", code, "colon");
        }
        if (code === closeObject && this.#expected === "first_name") return this.#close();
        break;
      case "colon":
        if (code !== colon) break;
        this.#expected = "value";
        return true;
      case "value":
        if (!beginsValue(code)) break;
        if (this.#isOnPath && code === (this.#level === this.#path.length ? openArray : openObject))
          return this.#open();
        this.#begin("other", code, "more");
        return this.#isOnPath ? this.#otherKind() : false;
      case "first_element":
      case "element":
        if (beginsValue(code)) return this.#begin("element", code, "more");
        if (code === closeArray && this.#expected === "first_element") return this.#close();
        break;
      case "more":
        if (code === (isArray ? closeArray : closeObject)) return this.#close();
        if (code !== comma) break;
        this.#expected = isArray ? "element" : "name";
        return true;
      case "end":
        this.#isOver = true;
        return "something stands behind the document, and is not read";
    }
    this.#isOver = true;
    return "the document is no JSON from here on";
  }

  #otherKind(): string {
    const name = this.#path[this.#level - 1];
    // It was come upon, and is nothing more to miss.
    this.#found = this.#path.length;
    return `"${name}" is ${this.#level === this.#path.length ? "no array" : "no object"}`;
  }

  #open(): true {
    this.#level += 1;
    this.#expected = this.#level > this.#path.length ? "first_element" : "first_name";
    return true;
  }

  #close(): true {
    this.#level -= 1;
    this.#expected = this.#level === 0 ? "end" : "more";
    return true;
  }
}
