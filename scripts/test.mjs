// `npm test`: installs what is missing and runs the gate: static checks, and the tests that decide about every landing.
// `npm run check` (--fast): the static checks and the quick unit tests. `--record` keeps how long each file took.
// Files of tests that fail are run again, each alone; what passes then is named as flaky. An invariant is never run again.
// Ends with one line, `N passed, N failed, N skipped`, summed over all runners.
import { spawn } from "node:child_process";
import { environment, root, setup } from "./setup.mjs";
import { INVARIANTS } from "./test/invariants.mjs";
import { setupTests } from "./test/programs.mjs";
import { trySecond } from "./test/second-tries.mjs";
import { createTally } from "./test/tally.mjs";
import { isUnitTest, testFiles } from "./test/tiers.mjs";
import { limitOf, recordedTimes, recordTimes } from "./test/times.mjs";
import { runVitest } from "./test/vitest.mjs";

const unknown = process.argv.slice(2).filter((word) => word !== "--fast" && word !== "--record");
if (unknown.length > 0) {
  console.error(
    `npm test: ${unknown.join(" ")} is not understood: the gate runs whole\nhint: npx vitest run FILE runs one file; npm run stress -- FILE runs it again and again`,
  );
  process.exit(2);
}
const fast = process.argv.includes("--fast");
const isRecording = process.argv.includes("--record");
/** `npm run check` runs the unit tests whose file takes less than this, milliseconds: nearly all. */
const QUICK_MS = 1500;
const tally = createTally();

/** Runs a command with its output shown; answers its exit code. */
function show(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: environment(),
    });
    child.once("error", (error) => {
      console.error(error.message);
      resolve(127);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** One check: passed when its command ends with 0. */
async function check(name, command, args) {
  const started = Date.now();
  const code = await show(command, args);
  const good = code === 0;
  tally.total[good ? "passed" : "failed"] += 1;
  console.log(`${good ? "ok  " : "FAIL"} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** The gate's test suites: what fails is tried again as `trySecond` says, and named at the end. */
async function suites(projects) {
  const chosen = projects.flatMap((project) => ["--project", project]);
  const times = recordedTimes();
  const gate = testFiles().filter(
    ({ file, tier }) => tier === "gate" && (!fast || (isUnitTest(file) && (times[file] ?? 0) < QUICK_MS)),
  );
  const run = (files, limitMs) => runVitest(files, { args: chosen, limitMs });
  const { outcomes: first, errors } = await run(gate.map(({ file }) => file));
  const { outcomes, flaky, broken } = await trySecond(first, {
    invariants: INVARIANTS,
    runAlone(file, leftMs) {
      console.log(`\nonce more, alone: ${file}`);
      return run([file], Math.min(leftMs, limitOf(file)));
    },
    now: () => performance.now(),
  });
  if (isRecording) recordTimes(outcomes);
  tally.addOutcomes(outcomes);
  tally.total.failed += broken.length + errors.length;
  tally.list("flaky", flaky);
  tally.list("failed", [
    ...broken,
    ...errors.map((message) => ({ file: "vitest", test: "(no test of its own)", message })),
  ]);
}

await (fast ? setup() : setupTests());
await check("Node of these tests", "node", ["--version"]);
await check("types", "tsc", ["-p", "."]);
await check("types of the console", "tsc", ["-p", "packages/console"]);
await check("lint and import table", "oxlint", ["--deny-warnings"]);
await check("import table is current", "node", ["scripts/import-table.ts", "--check"]);
await check("format", "oxfmt", ["--check", "."]);
await check("dead code", "knip", []);
await check("JSON Schema is current", "node", ["scripts/json-schema.ts", "--check"]);
await check("OpenAPI document and SDK types are current", "node", ["scripts/openapi.ts", "--check"]);
// A run that records does so because the old times are no longer true.
if (!isRecording) await check("tiers and time of the gate", "node", ["scripts/test/budget.mjs"]);
// Where these fail, the rest would say little that is true.
if (tally.total.failed > 0) tally.end();
await suites(fast ? ["unit"] : ["unit", "integration", "e2e", "browser"]);
tally.end();
