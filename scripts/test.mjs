// `npm test`: installs what is missing and runs everything. `npm run check` (--fast): the quick part.
// Files of tests that fail are run again, each alone; what passes then is named as flaky. An invariant is never run again.
// Ends with one line, `N passed, N failed, N skipped`, summed over all runners.
import { spawn } from "node:child_process";
import path from "node:path";
import { clientPrograms, containerPrograms, environment, root, setup } from "./setup.mjs";
import { INVARIANTS } from "./test/invariants.mjs";
import { firstWords, trySecond } from "./test/second-tries.mjs";
import { runVitest } from "./test/vitest.mjs";

const fast = process.argv.includes("--fast");
const total = { passed: 0, failed: 0, skipped: 0 };

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
  total[good ? "passed" : "failed"] += 1;
  console.log(`${good ? "ok  " : "FAIL"} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** Prints failures with the first lines of what each says. */
function list(title, failures) {
  if (failures.length === 0) return;
  console.log(`\n${title}:`);
  for (const { file, test, message, why } of failures) {
    console.log(`  ${file} > ${test}${why === undefined ? "" : ` (${why})`}`);
    for (const line of firstWords(message)) console.log(`    ${line}`);
  }
}

/** The test suites: what fails is tried again as `trySecond` says, and named at the end. */
async function suites(projects) {
  const chosen = projects.flatMap((project) => ["--project", project]);
  const { outcomes: first, errors } = await runVitest(chosen);
  const { outcomes, flaky, broken } = await trySecond(first, {
    invariants: INVARIANTS,
    runAlone(file, leftMs) {
      console.log(`\nonce more, alone: ${file}`);
      return runVitest([...chosen, path.join(root, file)], leftMs);
    },
    now: () => performance.now(),
  });
  for (const { passed, skipped } of outcomes) {
    total.passed += passed;
    total.skipped += skipped;
  }
  total.failed += broken.length + errors.length;
  list("flaky", flaky);
  list("failed", [
    ...broken,
    ...errors.map((message) => ({ file: "vitest", test: "(no test of its own)", message })),
  ]);
}

/** Says what it came to, and ends. */
function end() {
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exit(total.failed === 0 ? 0 : 1);
}

await setup(
  fast
    ? []
    : [
        "psql",
        "curl",
        "kubectl",
        "faketime",
        "systemd-analyze",
        "rsyslogd",
        "litewitness",
        "ssh-agent",
        ...clientPrograms,
        ...containerPrograms,
      ],
);
try {
  if (!fast) await setup(["chromium"]);
} catch (error) {
  // The browser suite then fails by itself, with a hint; all the others still tell what they have to tell.
  console.error(`no browser for the browser suite: ${error.message}`);
}
await check("types", "tsc", ["-p", "."]);
await check("types of the console", "tsc", ["-p", "packages/console"]);
await check("lint and import table", "oxlint", ["--deny-warnings"]);
await check("import table is current", "node", ["scripts/import-table.ts", "--check"]);
await check("format", "oxfmt", ["--check", "."]);
await check("dead code", "knip", []);
await check("JSON Schema is current", "node", ["scripts/json-schema.ts", "--check"]);
await check("OpenAPI document and SDK types are current", "node", ["scripts/openapi.ts", "--check"]);
// Where these fail, the rest would say little that is true.
if (total.failed > 0) end();
await suites(fast ? ["unit"] : ["unit", "integration", "e2e", "browser"]);
end();
