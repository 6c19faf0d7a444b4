// tier: full
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { afterEach, expect, test } from "vitest";
import { parse, stringify } from "yaml";

const mayflyd = path.join(root, "packages/gateway/bin/mayflyd.js");
const example = path.join(root, "examples/postgres.yaml");
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

/** The example in a folder of its own, with some of its text replaced. */
function changed(was: string, is: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-diff-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const text = readFileSync(example, "utf8");
  expect(text).toContain(was);
  const file = path.join(folder, "mayfly.yaml");
  writeFileSync(file, text.replace(was, is));
  return file;
}

/** What `mayflyd diff` says. */
function diff(...given: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    // No secret of the example is set here, as none is where a pull request is judged.
    const options = { env: { PATH: process.env["PATH"] }, encoding: "utf8" } as const;
    execFile(process.execPath, [mayflyd, "diff", ...given], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

test("it says the same as text, JSON and Markdown", async () => {
  const file = changed("max: 15m", "max: 8h");
  const what = "can request it for up to 8h; before: for up to 15m";
  expect((await diff(example, file)).stdout).toBe(
    `Wider: more may be done, or less is asked for it
  orders-db/read-orders: support-agents
    ${what}

1 wider, 0 unclear, 0 narrower
`,
  );
  expect(JSON.parse((await diff("--format", "json", example, file)).stdout)).toEqual({
    findings: [{ kind: "wider", who: ["support-agents"], on: ["orders-db/read-orders"], what }],
  });
  const failed = await diff("--format", "markdown", "--fail-on", "wider", example, file);
  expect([failed.code, failed.stderr]).toEqual([3, ""]);
  expect(failed.stdout).toBe(
    `### Reach: 1 wider, 0 unclear, 0 narrower

**Wider: more may be done, or less is asked for it**

- \`orders-db/read-orders\` \`support-agents\`: \`${what}\`
`,
  );
});

test("the same file elsewhere is no change", async () => {
  const { code, stdout } = await diff("--fail-on", "any", example, changed("", ""));
  expect([code, stdout]).toEqual([0, "nothing changed\n"]);
});

test("a secret's file is another one where a file of another folder names it", async () => {
  const before = changed("{ env: ORDERS_DB_PASSWORD }", "{ file: pw }");
  const after = changed("", "");
  const { connections, ...rest } = parse(readFileSync(before, "utf8")) as Record<string, unknown>;
  mkdirSync(path.join(path.dirname(after), "team"));
  writeFileSync(path.join(path.dirname(after), "team/orders.yaml"), stringify({ connections }));
  writeFileSync(after, stringify({ include: ["team/*.yaml"], ...rest }));
  const { code, stdout } = await diff("--fail-on", "wider", before, after);
  expect([code, stdout]).toEqual([
    3,
    `Unclear: whether this lets more through, the files do not tell
  orders-db
    leads elsewhere or otherwise: password changed

0 wider, 1 unclear, 0 narrower
`,
  ]);
});

test("a file that cannot be enforced is refused with its place, whichever it is", async () => {
  const bad = changed("max: 15m", "max: soon");
  for (const files of [
    [example, bad],
    [bad, example],
  ]) {
    const { code, stdout, stderr } = await diff("--fail-on", "nothing", ...files);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/mayfly\.yaml:\d+:\d+: .*\n.*hint: /s);
  }
});
