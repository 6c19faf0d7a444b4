// `npm test`: installs what is missing and runs everything. `npm run check` (--fast): the quick part.
// Ends with one line, `N passed, N failed, N skipped`, summed over all runners.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { containerPrograms, environment, root, setup } from "./setup.mjs";

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

/** The test suites, counted from vitest's own report. */
async function suites(projects) {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-test-"));
  const report = path.join(folder, "report.json");
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile=${report}`];
  const code = await show("vitest", [...args, ...projects.flatMap((project) => ["--project", project])]);
  let counted = 0;
  let failed = 0;
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    counted = result.numTotalTests;
    failed = result.numFailedTests;
    // A file that could not be read, or whose stage could not be set, has failed without a failed test of its own.
    failed += result.testResults.filter(
      (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
    ).length;
    total.passed += result.numPassedTests;
    total.skipped += result.numPendingTests + result.numTodoTests;
  } catch (error) {
    console.error(`no report from vitest: ${error.message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (counted === 0 || (code !== 0 && failed === 0)) failed += 1;
  total.failed += failed;
}

await setup(fast ? [] : ["psql", "curl", "kubectl", ...containerPrograms]);
try {
  if (!fast) await setup(["chromium"]);
} catch (error) {
  // The browser suite then fails by itself, with a hint; all the others still tell what they have to tell.
  console.error(`no browser for the browser suite: ${error.message}`);
}
await check("types", "tsc", ["-p", "."]);
await check("types of the console", "tsc", ["-p", "packages/console"]);
await check("lint and import table", "oxlint", ["--deny-warnings"]);
await check("format", "oxfmt", ["--check", "."]);
await check("dead code", "knip", []);
await check("JSON Schema is current", "node", ["scripts/json-schema.ts", "--check"]);
await check("OpenAPI document and SDK types are current", "node", ["scripts/openapi.ts", "--check"]);
await suites(fast ? ["unit"] : ["unit", "integration", "e2e", "browser"]);
// What measures time and memory runs by itself.
if (!fast) await suites(["siege"]);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
