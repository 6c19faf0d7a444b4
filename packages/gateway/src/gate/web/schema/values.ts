/** A number as an integer and a power of ten, exact to its last written digit. */
function decimalOf(value: number): { readonly digits: bigint; readonly exponent: number } {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  const [, sign = "", whole = "0", fraction = "", exponent = "0"] = match ?? [];
  return { digits: BigInt(`${sign}${whole}${fraction}`), exponent: Number(exponent) - fraction.length };
}

/** Whether a number is a decimal multiple of another: 19.99 is one of 0.01, although dividing doubles denies it. */
export function isMultiple(value: number, of: number): boolean {
  if (!Number.isFinite(value) || !(of > 0)) return false;
  const [a, b] = [decimalOf(value), decimalOf(of)];
  const least = Math.min(a.exponent, b.exponent);
  const scaled = (each: typeof a): bigint => each.digits * 10n ** BigInt(each.exponent - least);
  return scaled(a) % scaled(b) === 0n;
}

/**
 * A JSON value as a text that equal values share, and no others. Comparing objects member by member would call the sender's
 * own `constructor`, `valueOf` and `toString`.
 */
export function keyOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(keyOf).join(",")}]`;
  if (typeof value !== "object" || value === null) return value === 0 ? "0" : JSON.stringify(value);
  const members = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}:${keyOf(each)}`);
  return `{${members.toSorted().join(",")}}`;
}
