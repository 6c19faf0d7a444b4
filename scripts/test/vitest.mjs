// Runs vitest, and says of each test file what came of it.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { environment, root } from "../setup.mjs";

/**
 * What came of a test file.
 * @typedef {object} Outcome
 * @property {string} file its path from the root
 * @property {number} passed
 * @property {number} skipped
 * @property {number} ms how long its tests and their set-up took
 * @property {readonly { test: string, message: string }[]} failures tests that failed, and what failed outside of any
 */

/**
 * What came of a run.
 * @typedef {object} Run
 * @property {readonly Outcome[]} outcomes
 * @property {readonly string[]} errors what failed and belongs to no file: an error without one, or a run without a report
 */

/**
 * Reads vitest's JSON report, the errors that no test caught, and the exit code, which may know of more than both. A file
 * that was asked for and is not in the report has failed: vitest leaves out what lies in none of its projects, and ends well.
 * @param {object} run
 * @param {any} run.report undefined where vitest left none
 * @param {readonly any[] | undefined} run.uncaught what `uncaught.mjs` wrote; undefined where it did not
 * @param {number | string} run.code the exit code, or the signal that ended vitest
 * @param {readonly string[]} [run.asked] the files that were asked for, by their paths from the root
 * @returns {Run}
 */
export function readRun({ report, uncaught, code, asked = [] }) {
  if (report === undefined || uncaught === undefined)
    return { outcomes: [], errors: [`vitest ended with ${code} and left no report`] };
  const outcomes = report.testResults.map(
    ({ name, status, message, startTime, endTime, assertionResults: all }) => {
      const failures = all
        .filter((each) => each.status === "failed")
        .map((each) => ({ test: each.fullName, message: each.failureMessages.join("\n") }));
      // A file that could not be read, or a stage that could not be set: no test of its own has failed.
      if (status === "failed" && failures.length === 0) failures.push({ test: "(set-up)", message });
      for (const error of uncaught)
        if (error.file === name)
          failures.push({ test: "(an error that no test caught)", message: error.message });
      return {
        file: path.relative(root, name),
        passed: all.filter((each) => each.status === "passed").length,
        skipped: all.filter(({ status: one }) => one !== "passed" && one !== "failed").length,
        ms: Math.round(endTime - startTime),
        failures,
      };
    },
  );
  const reported = new Set(outcomes.map(({ file }) => file));
  for (const file of asked) if (!reported.has(file)) outcomes.push(notRun(file));
  const known = new Set(report.testResults.map(({ name }) => name));
  const errors = uncaught.filter(({ file }) => !known.has(file)).map(({ message }) => message);
  if (outcomes.length === 0) errors.push("vitest found no test");
  if (code !== 0 && errors.length === 0 && outcomes.every(({ failures }) => failures.length === 0))
    errors.push(`vitest ended with ${code}, and no test has failed`);
  return { outcomes, errors };
}

/** @returns {Outcome} that of a file which vitest was asked for and did not run */
function notRun(file) {
  const message =
    "vitest did not run this file\nhint: move it to where `include` of a project in vitest.config.ts finds it, or extend that";
  return { file, passed: 0, skipped: 0, ms: 0, failures: [{ test: "(the file)", message }] };
}

/** What is read as JSON, or nothing where there is no such file. */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Runs vitest in a process group of its own, so that it can be ended with all that it started.
 * @param {readonly string[]} files test files by their paths from the root: each has an outcome, if there is a report. None
 * stands for all
 * @param {object} [how]
 * @param {readonly string[]} [how.args] more words of vitest's command line
 * @param {number} [how.limitMs] after this time the whole group is killed, milliseconds
 * @param {boolean} [how.isQuiet] its output is not shown
 * @returns {Promise<Run>}
 */
export async function runVitest(files, { args = [], limitMs, isQuiet = false } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-test-"));
  const [reportFile, uncaughtFile] = ["report.json", "uncaught.json"].map((name) => path.join(folder, name));
  const reporters = ["default", "json", path.join(root, "scripts/test/uncaught.mjs")];
  const child = spawn(
    "vitest",
    [
      "run",
      ...reporters.map((reporter) => `--reporter=${reporter}`),
      `--outputFile.json=${reportFile}`,
      ...args,
      ...files.map((file) => path.join(root, file)),
    ],
    {
      cwd: root,
      stdio: isQuiet ? "ignore" : ["ignore", "inherit", "inherit"],
      env: { ...environment(), MAYFLY_UNCAUGHT_FILE: uncaughtFile },
      detached: true,
    },
  );
  const signalGroup = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone.
    }
  };
  // Whoever interrupts this process means the tests, which then clean up.
  const interrupt = (signal) => {
    child.once("exit", () => process.exit(signal === "SIGINT" ? 130 : 143));
    signalGroup(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, interrupt);
  const late = limitMs === undefined ? undefined : setTimeout(() => signalGroup("SIGKILL"), limitMs);
  try {
    const code = await new Promise((resolve) => {
      child.once("error", (error) => {
        console.error(error.message);
        resolve(127);
      });
      child.once("exit", (exit, signal) => resolve(exit ?? signal));
    });
    return readRun({ report: readJson(reportFile), uncaught: readJson(uncaughtFile), code, asked: files });
  } finally {
    clearTimeout(late);
    for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, interrupt);
    rmSync(folder, { recursive: true, force: true });
  }
}
