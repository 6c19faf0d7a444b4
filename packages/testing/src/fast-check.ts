import fc from "fast-check";

/** Where the tries of a property begin. */
const SEED = 20_261_127;

/**
 * fast-check with one seed: a run of the tests tries the same each time, so that it fails for what was changed.
 * `FAST_CHECK_SEED=random` (or a number) tries others; a failure prints its seed.
 */
const { FAST_CHECK_SEED: seed } = process.env;
if (seed !== "random") fc.configureGlobal({ seed: seed === undefined ? SEED : Number(seed) });

export default fc;
