/** More than can be; the store is read in one go. */
export const everything = 100_000;
