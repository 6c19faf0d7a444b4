const [quote, backslash, comma, array, object] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

/**
 * Counts the values of JSON as it comes, before anything is made of them: what a reader does takes as long as there are
 * values, and a few bytes are enough for one. Of what is no JSON it counts something.
 */
export class ValueCount {
  values = 0;
  #inString = false;
  #isEscaped = false;

  take(chunk: Uint8Array): void {
    let inString = this.#inString;
    let isEscaped = this.#isEscaped;
    let { values } = this;
    for (const byte of chunk) {
      if (inString) {
        if (isEscaped) isEscaped = false;
        else if (byte === quote) inString = false;
        else if (byte === backslash) isEscaped = true;
      } else if (byte === quote) inString = true;
      else if (byte === comma || byte === array || byte === object) values += 1;
    }
    this.values = values;
    this.#inString = inString;
    this.#isEscaped = isEscaped;
  }
}

/** Whether JSON holds more values than so many. */
export function hasMoreValues(bytes: Uint8Array, most: number): boolean {
  // Each takes two bytes at least.
  if (bytes.length / 2 <= most) return false;
  const count = new ValueCount();
  count.take(bytes);
  return count.values > most;
}
