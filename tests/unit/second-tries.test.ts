import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { INVARIANTS } from "../../scripts/test/invariants.mjs";
import { firstWords, MAX_FILES, MAX_SECOND_TRIES_MS, trySecond } from "../../scripts/test/second-tries.mjs";
import { type Outcome, readRun, type Run, runVitest } from "../../scripts/test/vitest.mjs";

const good = (file: string): Outcome => ({ file, passed: 3, skipped: 0, ms: 1, failures: [] });
const bad = (file: string, message = "no"): Outcome => ({
  file,
  passed: 2,
  skipped: 0,
  ms: 1,
  failures: [{ test: "holds", message }],
});

interface Tries {
  readonly again: Readonly<Record<string, readonly Outcome[]>>;
  readonly invariants?: readonly string[];
  /** How long each run takes, milliseconds. */
  readonly takesMs?: number;
}

/** Second tries that come out as said, and which files were run again. */
async function tried(first: readonly Outcome[], { again, invariants = [], takesMs = 1 }: Tries) {
  let clock = 0;
  const runs: string[] = [];
  const left = new Map(Object.entries(again).map(([file, outcomes]) => [file, [...outcomes]]));
  const result = await trySecond(first, {
    invariants,
    runAlone(file): Promise<Run> {
      runs.push(file);
      clock += takesMs;
      const outcome = left.get(file)?.shift();
      return Promise.resolve(
        outcome === undefined ? { outcomes: [], errors: ["killed"] } : { outcomes: [outcome], errors: [] },
      );
    },
    now: () => clock,
  });
  return { ...result, runs };
}

describe("a file that failed", () => {
  test("is flaky when it passes the second time, and its first failure is told", async () => {
    const { outcomes, flaky, broken, runs } = await tried([good("a"), bad("b", "once")], {
      again: { b: [good("b")] },
    });
    expect({ flaky, broken, runs }).toEqual({
      flaky: [{ file: "b", test: "holds", message: "once" }],
      broken: [],
      runs: ["b"],
    });
    expect(outcomes).toEqual([good("a"), good("b")]);
  });

  test("is flaky when it passes the third time", async () => {
    const { flaky, broken, runs } = await tried([bad("b")], { again: { b: [bad("b"), good("b")] } });
    expect({ flaky: flaky.length, broken, runs }).toEqual({ flaky: 1, broken: [], runs: ["b", "b"] });
  });

  test("has failed when it fails three times", async () => {
    const { outcomes, flaky, broken } = await tried([bad("b", "1")], {
      again: { b: [bad("b", "2"), bad("b", "3")] },
    });
    expect(flaky).toEqual([]);
    expect(broken).toEqual([{ file: "b", test: "holds", message: "3", why: "failed 3 of 3 times" }]);
    expect(outcomes).toEqual([bad("b", "3")]);
  });

  test("has failed when its second tries leave no report, or run none of its tests", async () => {
    expect((await tried([bad("b")], { again: {} })).broken).toHaveLength(1);
    const none = { ...good("b"), passed: 0 };
    expect((await tried([bad("b")], { again: { b: [none, none] } })).broken).toHaveLength(1);
  });

  test("gets no second try when it is an invariant, and the others do", async () => {
    const { flaky, broken, runs } = await tried([bad("oracle", "{ seed: 7 }"), bad("b")], {
      again: { oracle: [good("oracle")], b: [good("b")] },
      invariants: ["oracle"],
    });
    expect(runs).toEqual(["b"]);
    expect(flaky.map(({ file }) => file)).toEqual(["b"]);
    expect(broken).toEqual([
      { file: "oracle", test: "holds", message: "{ seed: 7 }", why: "an invariant: no second try" },
    ]);
  });
});

test("an invariant gets a second try where V8 ended its process, and nothing else failed", async () => {
  const dead = (message: string, more: Partial<Outcome> = {}): Outcome => ({
    ...bad("oracle"),
    passed: 0,
    failures: [
      { test: "(set-up)", message: "" },
      { test: "(an error that no test caught)", message },
    ],
    ...more,
  });
  const words = (signal: string): string =>
    `[vitest-pool]: Worker forks emitted error.\nWorker exited unexpectedly with signal ${signal} during started state`;
  const runs = async (first: Outcome): Promise<number> =>
    (await tried([first], { again: { oracle: [good("oracle")] }, invariants: ["oracle"] })).runs.length;
  expect(await runs(dead(words("SIGTRAP")))).toBe(1);
  expect(await runs(dead(words("SIGSEGV")))).toBe(1);
  expect(await runs(dead(words("SIGABRT")))).toBe(0);
  expect(await runs(dead("a record is lost"))).toBe(0);
  expect(await runs(dead(words("SIGTRAP"), { passed: 1 }))).toBe(0);
  expect(
    await runs(dead(words("SIGTRAP"), { failures: [{ test: "(set-up)", message: "no such table" }] })),
  ).toBe(0);
});

test("so many files are tried again, and not one more", async () => {
  const files = Array.from({ length: MAX_FILES }, (_, n) => `f${n}`);
  const again = Object.fromEntries([...files, "more"].map((file) => [file, [good(file)]]));
  expect(
    (
      await tried(
        files.map((file) => bad(file)),
        { again },
      )
    ).broken,
  ).toEqual([]);
  const { broken, runs } = await tried(
    [...files, "more"].map((file) => bad(file)),
    { again },
  );
  expect(runs).toEqual([]);
  expect(broken).toHaveLength(MAX_FILES + 1);
  expect(broken[0]?.why).toBe(`${MAX_FILES + 1} files failed: no second tries`);
});

test("every file has its second try before one has its third, and what has no time left has failed", async () => {
  const again = { a: [bad("a"), good("a")], b: [good("b")], c: [good("c")] };
  const first = [bad("a"), bad("b"), bad("c")];
  expect((await tried(first, { again })).runs).toEqual(["a", "b", "c", "a"]);
  const late = await tried(first, { again, takesMs: MAX_SECOND_TRIES_MS / 2 });
  expect(late.runs).toEqual(["a", "b"]);
  expect(late.broken.map(({ file, why }) => [file, why])).toEqual([
    ["a", "failed 2 of 2 times: no time left for another try"],
    ["c", "failed 1 of 1 times: no time left for another try"],
  ]);
});

test("the first words of a failure are those before its stack, a seed among them, without colours", () => {
  const message =
    "\u001b[31mError\u001b[39m: Property failed after 2 tests\n{ seed: 42, path: '1' }\nCounterexample: ['x']\n    at it (file.ts:1:2)";
  expect(firstWords(message)).toEqual([
    "Error: Property failed after 2 tests",
    "{ seed: 42, path: '1' }",
    "Counterexample: ['x']",
  ]);
  expect(firstWords("x\n".repeat(100)).length).toBeLessThan(20);
});

describe("a run of vitest", () => {
  const file = path.join(root, "tests/unit/x.test.ts");
  const assertion = (status: string) => ({ status, fullName: `is ${status}`, failureMessages: ["why"] });
  const report = (status: string, ...statuses: readonly string[]) => ({
    testResults: [
      {
        name: file,
        status,
        message: "no set-up",
        startTime: 10,
        endTime: 52,
        assertionResults: statuses.map(assertion),
      },
    ],
  });

  test("tells what passed, failed and was skipped", () => {
    const { outcomes, errors } = readRun({
      report: report("failed", "passed", "failed", "pending", "todo"),
      uncaught: [],
      code: 1,
    });
    expect(errors).toEqual([]);
    expect(outcomes).toEqual([
      {
        file: "tests/unit/x.test.ts",
        passed: 1,
        skipped: 2,
        ms: 42,
        failures: [{ test: "is failed", message: "why" }],
      },
    ]);
  });

  test("tells a stage that could not be set, and an error that no test caught, of the file they belong to", () => {
    const failures = (given: { report: unknown; uncaught: readonly object[] }) =>
      readRun({ ...given, code: 1 }).outcomes[0]?.failures;
    expect(failures({ report: report("failed", "pending"), uncaught: [] })).toEqual([
      { test: "(set-up)", message: "no set-up" },
    ]);
    expect(failures({ report: report("passed", "passed"), uncaught: [{ file, message: "late" }] })).toEqual([
      { test: "(an error that no test caught)", message: "late" },
    ]);
  });

  test("has failed for each file that it was asked for and that is not in its report", () => {
    const asked = ["tests/unit/x.test.ts", "packages/gateway/test/lost.test.ts"];
    const { outcomes, errors } = readRun({
      report: report("passed", "passed"),
      uncaught: [],
      code: 0,
      asked,
    });
    expect(outcomes.map(({ file: name, failures }) => [name, failures.length])).toEqual([
      [asked[0], 0],
      [asked[1], 1],
    ]);
    expect(outcomes[1]?.failures[0]?.message).toMatch(/^vitest did not run this file\nhint: /);
    expect(errors).toEqual([]);
  });

  test("asks for the files that it is given, and tells once of one that it does not find", async () => {
    const lost = "packages/gateway/test/lost.test.ts";
    const { outcomes, errors } = await runVitest([lost], { isQuiet: true });
    expect(outcomes.map(({ file: name, failures }) => [name, failures.length])).toEqual([[lost, 1]]);
    expect(errors).toEqual([]);
  });

  test.each([
    ["leaves no report", { report: undefined, uncaught: [], code: 1 }],
    ["leaves no list of errors", { report: report("passed", "passed"), uncaught: undefined, code: 0 }],
    ["runs nothing", { report: { testResults: [] }, uncaught: [], code: 0 }],
    ["ends badly though no test failed", { report: report("passed", "passed"), uncaught: [], code: 1 }],
    [
      "has an error of no file",
      { report: report("passed", "passed"), uncaught: [{ file: undefined, message: "whose?" }], code: 1 },
    ],
  ])("has failed when it %s", (_, given) => expect(readRun(given).errors).toHaveLength(1));
});

test("the list of invariants names files that are there, and each whose name says that it belongs there", () => {
  expect(INVARIANTS.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  const all = ["packages", "tests"].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => !name.includes("node_modules"))
      .map((name) => path.join(folder, name)),
  );
  const named = all.filter((file) =>
    /(?:^|[-.])(?:corpus|faults|fuzz|kill|oracle|property|torture|twins)\.(?:integration\.)?test\.ts$/.test(
      path.basename(file),
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((file) => !INVARIANTS.includes(file))).toEqual([]);
});
