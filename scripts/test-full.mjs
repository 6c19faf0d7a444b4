// `npm run test:full [-- --minutes 40] [FILE…]`: what stands behind the gate, one file at a time, as far as there is time.
// What was not reached is named, and fails nothing: another landing has another order.
import { parseArgs } from "node:util";
import { setupTests } from "./test/programs.mjs";
import { INVARIANTS } from "./test/invariants.mjs";
import { changedFiles, importsOf, ordered, treeHash } from "./test/order.mjs";
import { trySecond } from "./test/second-tries.mjs";
import { createTally } from "./test/tally.mjs";
import { testFiles, unknownNames } from "./test/tiers.mjs";
import { limitOf, recordedTimes, recordTimes } from "./test/times.mjs";
import { runVitest } from "./test/vitest.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "1000" },
    // The last line of what ran before, to be counted with it.
    plus: { type: "string" },
    record: { type: "boolean", default: false },
  },
});

const full = testFiles().filter(({ tier }) => tier === "full");
const unknown = unknownNames(positionals, full);
if (unknown.length > 0) {
  console.error(
    `npm run test:full: no test file of the tier full is named ${unknown.join(", ")}\nhint: name files that begin with \`// tier: full\` by their paths from the root, such as ${full[0]?.file}; \`npx vitest run FILE\` runs any other`,
  );
  process.exit(2);
}

const tally = createTally();
if (options.plus !== undefined) tally.addLine(options.plus);
await setupTests();
const began = performance.now();
/** The rest is for second tries. */
const FIRST_TRIES_SHARE = 0.85;
const wholeMs = Number(options.minutes) * 60_000;
const deadline = began + FIRST_TRIES_SHARE * wholeMs;
const times = recordedTimes();
const files = ordered(
  full.map(({ file }) => file).filter((file) => positionals.length === 0 || positionals.includes(file)),
  { hash: treeHash(), changed: changedFiles(), imports: (file) => importsOf(file) },
);

const outcomes = [];
const errors = [];
for (const file of files) {
  const leftMs = deadline - performance.now();
  // What would be cut off in its middle says nothing.
  if (leftMs < (times[file] ?? 0)) continue;
  const run = await runVitest([file], { limitMs: limitOf(file) });
  outcomes.push(...run.outcomes);
  if (run.outcomes.length === 0)
    outcomes.push({
      file,
      passed: 0,
      skipped: 0,
      ms: limitOf(file),
      failures: [{ test: "(the file)", message: run.errors.join("\n") }],
    });
  else errors.push(...run.errors.map((message) => ({ file, test: "(no test of its own)", message })));
}
const judged = await trySecond(outcomes, {
  invariants: INVARIANTS,
  runAlone(file, leftMs) {
    console.log(`\nonce more: ${file}`);
    return runVitest([file], { limitMs: Math.min(leftMs, limitOf(file)) });
  },
  now: () => performance.now(),
  budgetMs: began + wholeMs - performance.now(),
});
const reached = new Set(outcomes.map(({ file }) => file));
const notRun = files.filter((file) => !reached.has(file));
if (options.record) recordTimes(judged.outcomes);
tally.addOutcomes(judged.outcomes);
tally.total.failed += judged.broken.length + errors.length;
if (notRun.length > 0)
  console.log(`\nnot run, for want of time: ${notRun.length} files\n  ${notRun.join("\n  ")}`);
tally.list("flaky", judged.flaky);
tally.list("failed", [...judged.broken, ...errors]);
tally.end();
