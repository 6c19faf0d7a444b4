import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { importsOf, ordered } from "../../scripts/test/order.mjs";
import { createTally } from "../../scripts/test/tally.mjs";
import { isUnitTest, testFiles, tierOf, unknownNames } from "../../scripts/test/tiers.mjs";
import { budgetProblems, GATE_BUDGET_MS, limitOf } from "../../scripts/test/times.mjs";

describe("the tier of a test file", () => {
  test.each([
    ["packages/gateway/src/gate/session.test.ts", "", "gate"],
    ["packages/console/src/size.test.tsx", "", "gate"],
    ["packages/gateway/src/gate/session.test.ts", "// tier: full\nimport", "full"],
    ["tests/catalogue/when.test.ts", "", "gate"],
    ["bench/measure/x.test.ts", "", "gate"],
    ["packages/gateway/src/gate/session.siege.test.ts", "// tier: gate\n", "soak"],
    ["tests/siege/starvation.test.ts", "", "soak"],
    ["tests/e2e/mcp.test.ts", "// tier: full\nimport", "full"],
    ["tests/browser/inbox.test.ts", "// tier: gate\nimport", "gate"],
    ["packages/cli/src/run.integration.test.ts", "// tier: gate\n", "gate"],
    // No word, a word further down, and a word that there is not.
    ["tests/e2e/mcp.test.ts", "import", undefined],
    ["tests/clients/clients.test.ts", "import x;\n// tier: full\n", undefined],
    ["tests/integration/wire-fuzz.test.ts", "// tier: soak\n", undefined],
    ["packages/cli/src/run.integration.test.ts", "// tier: later\n", undefined],
  ])("%s beginning with %j is %s", (file, text, tier) => expect(tierOf(file, text)).toBe(tier));

  test("every file has one, and there is something in each", () => {
    const files = testFiles();
    expect(files.filter(({ tier }) => tier === undefined)).toEqual([]);
    for (const tier of ["gate", "full", "soak"])
      expect(files.filter((each) => each.tier === tier).length).toBeGreaterThan(2);
  });

  test("the table in CONTRIBUTING.md says when each runs", () => {
    const text = readFileSync(path.join(root, "CONTRIBUTING.md"), "utf8");
    for (const [tier, command] of [
      ["gate", "npm test"],
      ["full", "npm run test:full"],
      ["soak", "npm run siege"],
    ])
      expect(text).toMatch(new RegExp(`^\\| ${tier} \\|.*\`${command}\``, "m"));
  });
});

test.each([
  ["packages/gateway/src/gate/session.test.ts", true],
  // No project has it: the check asks for it, and fails.
  ["packages/gateway/test/lost.test.ts", true],
  ["tests/unit/tiers.test.ts", true],
  ["packages/gateway/src/gate/session.siege.test.ts", false],
  ["packages/cli/src/run.integration.test.ts", false],
  ["tests/e2e/mcp.test.ts", false],
])("that %s is a unit test is %s", (file, is) => expect(isUnitTest(file)).toBe(is));

describe("a name that is no test file's", () => {
  const files = [
    { file: "tests/e2e/a.test.ts", tier: "full" },
    { file: "tests/e2e/b.test.ts", tier: "full" },
  ] as const;
  test.each<[readonly string[], readonly string[]]>([
    [[], []],
    [["tests/e2e/b.test.ts", "tests/e2e/a.test.ts"], []],
    [
      ["tests/e2e/a.test.ts", "a.test.ts", "tests/e2e"],
      ["a.test.ts", "tests/e2e"],
    ],
  ])("of %j it is %j", (names, unknown) => expect(unknownNames(names, files)).toEqual(unknown));

  test.each([
    // It is a test file, and the full tests do not run it.
    ["test-full.mjs", "tests/unit/tiers.test.ts"],
    ["test-full.mjs", "nosuchfile"],
    ["stress.mjs", "nosuchfile"],
  ])("%s refuses %s before it runs anything", (script, name) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, "scripts", script), name],
      { encoding: "utf8", timeout: 30_000 },
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^npm run .*no test file .*is named ${name}\nhint: `));
  });
});

describe("the gate's budget", () => {
  const gate = { file: "a.test.ts", tier: "gate" } as const;
  test("holds for what takes less, and does not count what is full", () => {
    const files = [gate, { file: "b.test.ts", tier: "full" }];
    expect(budgetProblems(files, { "a.test.ts": GATE_BUDGET_MS, "b.test.ts": GATE_BUDGET_MS })).toEqual([]);
  });

  test("is broken by the last straw, and names what takes longest", () => {
    const files = [gate, { file: "new.test.ts", tier: "gate" }];
    const [problem, ...more] = budgetProblems(files, { "a.test.ts": GATE_BUDGET_MS });
    expect(more).toEqual([]);
    expect(problem).toMatch(
      /^the gate takes 601 s of at most 600 s\n {2}600\.0 s a\.test\.ts\n {2}1\.0 s new/,
    );
    expect(problem).toContain("hint: ");
  });

  test("a file without a tier is a problem of its own", () => {
    const [problem] = budgetProblems([{ file: "tests/e2e/new.test.ts", tier: undefined }], {});
    expect(problem).toMatch(/^tests\/e2e\/new\.test\.ts has no tier\n {2}hint: begin it with /);
  });
});

test("a file by itself may take five times what it took, and two minutes anyway", () => {
  const times = { long: 60_000, short: 1000 };
  expect(["long", "short", "new"].map((name) => limitOf(name, times))).toEqual([300_000, 120_000, 120_000]);
});

describe("the order of the full tests", () => {
  const files = Array.from({ length: 20 }, (_, n) => `f${n}`);
  const by = { hash: "one", changed: new Set<string>(), imports: (): readonly string[] => [] };

  test("is another for another state of the sources, and the same for the same", () => {
    expect(ordered(files, by)).toEqual(ordered(files.toReversed(), by));
    expect(ordered(files, { ...by, hash: "two" })).not.toEqual(ordered(files, by));
    expect(ordered(files, by).toSorted()).toEqual(files.toSorted());
  });

  test("begins with what changed, then what imports what changed", () => {
    const imports = (file: string): readonly string[] => (file === "f7" ? ["helper.ts"] : []);
    const order = ordered(files, { ...by, changed: new Set(["f3", "helper.ts"]), imports });
    expect(order.slice(0, 2)).toEqual(["f3", "f7"]);
  });

  test("knows what a test file imports of ours", () => {
    const text = `import a from "./a.ts";\nimport { b } from "../b.ts";\nimport c from "@mayfly/testing/c.ts";\nimport d from "pg";`;
    expect(importsOf("tests/e2e/x.test.ts", text)).toEqual([
      "tests/e2e/a.ts",
      "tests/b.ts",
      "packages/testing/src/c.ts",
    ]);
  });
});

test("a tally goes on from the last line of another run", () => {
  const tally = createTally();
  tally.addLine("7 passed, 1 failed, 2 skipped\n");
  tally.addOutcomes([{ file: "a", passed: 3, skipped: 1, ms: 5, failures: [] }]);
  expect(tally.total).toEqual({ passed: 10, failed: 1, skipped: 3 });
  expect(() => tally.addLine("all is well")).toThrow("no counts of tests");
});
