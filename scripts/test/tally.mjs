// What a run of tests came to, as it is printed at its end.
import { firstWords } from "./second-tries.mjs";

/** How many of the slowest files are named. */
const SLOWEST = 10;

/** Counts, and lists of what to look at. */
export function createTally() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const times = [];
  return {
    total,
    /** Adds what a line like the one below says. */
    addLine(line) {
      const counts = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line.trim());
      if (counts === null) throw new Error(`no counts of tests: ${line}`);
      for (const [at, name] of Object.keys(total).entries()) total[name] += Number(counts[at + 1]);
    },
    /** @param {readonly import("./vitest.mjs").Outcome[]} outcomes those that count */
    addOutcomes(outcomes) {
      for (const { file, passed, skipped, ms } of outcomes) {
        total.passed += passed;
        total.skipped += skipped;
        times.push({ file, ms });
      }
    },
    /** Prints failures with the first lines of what each says. */
    list(title, failures) {
      if (failures.length === 0) return;
      console.log(`\n${title}:`);
      for (const { file, test, message, why } of failures) {
        console.log(`  ${file} > ${test}${why === undefined ? "" : ` (${why})`}`);
        for (const line of firstWords(message)) console.log(`    ${line}`);
      }
    },
    /** Says what it came to, and ends. */
    end() {
      const slowest = times.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST);
      if (slowest.length > 0) console.log("\nslowest:");
      for (const { file, ms } of slowest) console.log(`  ${(ms / 1000).toFixed(1)} s ${file}`);
      console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
      process.exit(total.failed === 0 ? 0 : 1);
    },
  };
}
