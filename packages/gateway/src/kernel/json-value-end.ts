const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** White space of JSON: blank, tab, line feed, return. */
export const isJsonSpace = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Finds where a JSON value ends. What it keeps of the value is how deep it is in it, and no more. */
export class JsonValueEnd {
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  readonly #isWord: boolean;

  /** @param first the character that the value begins with; the first piece begins with it */
  constructor(first: number) {
    this.#isWord = first !== quote && first !== openObject && first !== openArray;
  }

  /** @returns the index behind the value's last character; -1: it goes on in the next piece */
  find(piece: string, from: number): number {
    let at = from;
    if (this.#isWord) {
      for (; at < piece.length; at += 1) {
        const code = piece.charCodeAt(at);
        if (isJsonSpace(code) || code === comma || code === closeArray || code === closeObject) return at;
      }
      return -1;
    }
    let depth = this.#depth;
    while (at < piece.length) {
      if (this.#inString) {
        at = this.#behindString(piece, at);
        if (!this.#inString && depth === 0) return at;
        continue;
      }
      const code = piece.charCodeAt(at);
      at += 1;
      if (code === quote) this.#inString = true;
      else if (code === openObject || code === openArray) depth += 1;
      else if (code === closeObject || code === closeArray) {
        depth -= 1;
        if (depth === 0) return at;
      }
    }
    this.#depth = depth;
    return -1;
  }

  /** @returns the index behind the quote that closes the string, or the piece's length where none does */
  #behindString(piece: string, start: number): number {
    let from = start;
    if (this.#isEscaped) from += 1;
    this.#isEscaped = false;
    for (;;) {
      const found = piece.indexOf('"', from);
      const end = found === -1 ? piece.length : found;
      let before = end - 1;
      while (before >= from && piece.charCodeAt(before) === backslash) before -= 1;
      const isEscaped = (end - 1 - before) % 2 === 1;
      if (found === -1) {
        this.#isEscaped = isEscaped;
        return end;
      }
      if (!isEscaped) {
        this.#inString = false;
        return found + 1;
      }
      from = found + 1;
    }
  }
}
