// How long each test file took when it was last recorded, milliseconds: `tests/times.json`. The gate's budget is kept by
// these, and not by the clock of a machine that may be busy.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../setup.mjs";
import { testFiles } from "./tiers.mjs";

const file = path.join(root, "tests/times.json");
/** What all files of the gate may take together, milliseconds. */
export const GATE_BUDGET_MS = 10 * 60_000;
/** What is taken for the time of a file that nobody has recorded yet. */
const UNKNOWN_MS = 1000;

/** @returns {Readonly<Record<string, number>>} */
export const recordedTimes = () => JSON.parse(readFileSync(file, "utf8"));

/** A file that runs by itself hangs when it takes this long, and five times what it took before, milliseconds. */
const MIN_LIMIT_MS = 120_000;
/** How long a file may run by itself, milliseconds. */
export const limitOf = (name, times = recordedTimes()) => Math.max(MIN_LIMIT_MS, 5 * (times[name] ?? 0));

/** Keeps what outcomes took, rounded so that a file's line changes when its time does. Forgets files that are gone. */
export function recordTimes(outcomes) {
  const all = {
    ...recordedTimes(),
    ...Object.fromEntries(outcomes.map(({ file: name, ms }) => [name, rounded(ms)])),
  };
  const there = testFiles()
    .map(({ file: name }) => name)
    .filter((name) => all[name] !== undefined);
  writeFileSync(
    file,
    `${JSON.stringify(Object.fromEntries(there.map((name) => [name, all[name]])), undefined, 2)}\n`,
  );
}

/** Two figures are as much as a time is worth. */
function rounded(ms) {
  const unit = 10 ** Math.max(1, Math.floor(Math.log10(Math.max(ms, 1))) - 1);
  return Math.ceil(ms / unit) * unit;
}

/**
 * What does not hold of the tiers and of the gate's budget.
 * @param {readonly { file: string, tier: string | undefined }[]} files
 * @param {Readonly<Record<string, number>>} times
 * @returns {readonly string[]}
 */
export function budgetProblems(files, times) {
  const problems = files
    .filter(({ tier }) => tier === undefined)
    .map(
      ({ file: name }) =>
        `${name} has no tier\n  hint: begin it with \`// tier: gate\` or \`// tier: full\` (CONTRIBUTING.md says which)`,
    );
  const gate = files
    .filter(({ tier }) => tier === "gate")
    .map(({ file: name }) => ({ name, ms: times[name] ?? UNKNOWN_MS }));
  const sum = gate.reduce((total, { ms }) => total + ms, 0);
  if (sum > GATE_BUDGET_MS) {
    const slowest = gate.toSorted((a, b) => b.ms - a.ms).slice(0, 10);
    problems.push(
      `the gate takes ${(sum / 1000).toFixed(0)} s of at most ${GATE_BUDGET_MS / 1000} s\n${slowest.map(({ name, ms }) => `  ${(ms / 1000).toFixed(1)} s ${name}`).join("\n")}\n  hint: make one of these quicker, or begin it with \`// tier: full\`; \`npm test -- --record\` measures again`,
    );
  }
  return problems;
}
