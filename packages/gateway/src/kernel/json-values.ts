const [quote, backslash, comma, array, object] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

/**
 * Counts the values of a JSON text while its bytes arrive, before anything is parsed: parsing costs time for each
 * value, and a value needs only a few bytes. For bytes that are not JSON the count means nothing, but stays bounded by
 * their number.
 */
export class ValueCount {
  values = 0;
  #inString = false;
  #isEscaped = false;

  feed(chunk: Uint8Array): void {
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

/** Whether a JSON text holds more than `maxValues` values. */
export function hasMoreValues(bytes: Uint8Array, maxValues: number): boolean {
  // Every value takes at least two bytes.
  if (bytes.length / 2 <= maxValues) return false;
  const count = new ValueCount();
  count.feed(bytes);
  return count.values > maxValues;
}
