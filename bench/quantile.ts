/**
 * The smallest of the values that so large a part of them does not exceed (nearest rank); NaN of none.
 * @param part 0.99 for the 99th percentile; what is no number counts as larger than every number
 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0) || a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
