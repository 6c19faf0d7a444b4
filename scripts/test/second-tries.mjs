// Which test files get a second try, and what is said of them. A busy machine makes a race of one test in thousands; a
// fault of the product fails every time.

import { stripVTControlCharacters } from "node:util";

/** With more files than this failed, no accident is at work. */
export const MAX_FILES = 12;
/** How often a file is run again. */
export const MAX_TRIES = 2;
/** All second tries together take no longer than this, milliseconds. */
export const MAX_SECOND_TRIES_MS = 15 * 60_000;

/** @typedef {import("./vitest.mjs").Outcome} Outcome */
/** @typedef {import("./vitest.mjs").Run} Run */

/**
 * Whether V8 ended the process that ran a file, by a check of its own on its tables of compiled code or for the lack of one
 * (SIGTRAP, SIGSEGV; Node's issue 64500 has both): no test of it has failed, and an invariant neither.
 */
function isV8Fault({ passed, failures }) {
  return (
    passed === 0 &&
    failures.every(
      ({ test, message }) =>
        (test === "(set-up)" && !message?.trim()) ||
        /Worker exited unexpectedly with signal SIG(?:TRAP|SEGV)/.test(message),
    )
  );
}

/**
 * Runs the files that failed again, each alone, up to two more times: first each once, then those that failed again.
 * @param {readonly Outcome[]} outcomes what came of the first run
 * @param {object} how
 * @param {readonly string[]} how.invariants files that get no second try
 * @param {(file: string, leftMs: number) => Promise<Run>} how.runAlone runs one file with nothing else, for so long at most
 * @param {() => number} how.now a clock, milliseconds
 * @param {number} [how.budgetMs] what all second tries may take together, milliseconds
 * @returns {Promise<{
 *   outcomes: readonly Outcome[],
 *   flaky: readonly { file: string, test: string, message: string }[],
 *   broken: readonly { file: string, test: string, message: string, why: string }[],
 * }>} the outcomes that count; what passed on a later try, with its first failures; what failed for good, and why no try helped
 */
export async function trySecond(outcomes, { invariants, runAlone, now, budgetMs = MAX_SECOND_TRIES_MS }) {
  const deadline = now() + budgetMs;
  const failed = outcomes.filter(({ failures }) => failures.length > 0);
  const first = new Map(failed.map((outcome) => [outcome.file, outcome]));
  /** The last outcome of each file that still fails, and why it is not run again. */
  const last = new Map();
  const passed = new Map();
  for (const outcome of failed) {
    const isInvariant = invariants.includes(outcome.file) && !isV8Fault(outcome);
    const why = isInvariant
      ? "an invariant: no second try"
      : failed.length > MAX_FILES
        ? `${failed.length} files failed: no second tries`
        : undefined;
    last.set(outcome.file, { outcome, why });
  }
  for (let round = 1; round <= MAX_TRIES; round += 1) {
    for (const [file, { outcome, why }] of last) {
      if (why !== undefined) continue;
      const leftMs = deadline - now();
      if (leftMs <= 0) {
        last.set(file, { outcome, why: `failed ${round} of ${round} times: no time left for another try` });
        continue;
      }
      const run = await runAlone(file, leftMs);
      const again = run.outcomes.find((each) => each.file === file);
      if (again !== undefined && again.failures.length === 0 && again.passed > 0 && run.errors.length === 0) {
        passed.set(file, again);
        last.delete(file);
      } else if (again !== undefined && again.failures.length > 0) last.set(file, { outcome: again });
    }
  }
  const named = ({ file, failures }) => failures.map((failure) => ({ file, ...failure }));
  return {
    outcomes: outcomes.map(
      (outcome) => passed.get(outcome.file) ?? last.get(outcome.file)?.outcome ?? outcome,
    ),
    flaky: [...passed.keys()].flatMap((file) => named(first.get(file))),
    broken: [...last.values()].flatMap(
      ({ outcome, why = `failed ${MAX_TRIES + 1} of ${MAX_TRIES + 1} times` }) =>
        named(outcome).map((each) => ({ ...each, why })),
    ),
  };
}

/** What a failure says, without its stack: the first lines, a seed among them. */
export function firstWords(message) {
  const lines = stripVTControlCharacters(message).trim().split("\n");
  const stack = lines.findIndex((line) => /^\s+at /.test(line));
  return lines.slice(0, Math.min(stack === -1 ? lines.length : stack, 12)).map((line) => line.slice(0, 300));
}
