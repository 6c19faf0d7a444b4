/** How long to wait after failures in a row: twice as long after each, from `first` up to `max` milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly max: number;
}

/** @param failures in a row, 1 or more */
export function backoffOf(failures: number, { first, max }: Backoff): number {
  return Math.min(first * 2 ** (failures - 1), max);
}
