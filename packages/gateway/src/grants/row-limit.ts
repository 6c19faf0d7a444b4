/** More rows than there can be: a bound for reading the store in one query. */
export const MAX_STORED_ROWS = 100_000;
