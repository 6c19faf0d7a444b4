import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { boundFiles, importsOf, problemOf, problems, readTable } from "../../scripts/import-table.ts";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const source = path.join(root, "packages/gateway/src");

const table = readTable();

test("every folder of the gateway stands in the table", () => {
  const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).toSorted()).toEqual(Object.keys(table).toSorted());
});

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
  readonly number_of_files: number;
}

function lint(folder: string, ...paths: string[]): Report {
  const run = spawnSync("oxlint", ["--format", "json", ...paths], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return JSON.parse(run.stdout) as Report;
}

test("the linter sees every source file of the gateway", { timeout: 180_000 }, () => {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.includes(".generated."),
  );
  expect(files.length).toBeGreaterThan(30);
  expect(lint(root, "packages/gateway/src").number_of_files).toBe(files.length);
});

test("no file imports what the table forbids, and the check sees every file", () => {
  expect(boundFiles().length).toBeGreaterThan(300);
  expect(problems(table)).toEqual([]);
});

describe("the check of imports refuses", () => {
  const problemsIn = (file: string, text: string): readonly (string | undefined)[] =>
    importsOf(file, text).map((each) => problemOf(table, each));

  test.each([
    ["a folder above", "grants/service.ts", 'import { a } from "../gate/gate.ts";', /may not import gate/],
    [
      "another protocol, from anywhere inside one",
      "protocols/http/websocket/relay.ts",
      'import { a } from "../../kubernetes/act.ts";',
      /never import each other/,
    ],
    [
      "the mint of permits outside the gate",
      "main/gateway.ts",
      'import { mintPermit } from "../gate/permit.ts";',
      /only the gate mints/,
    ],
    [
      "what is loaded late",
      "gate/gate.ts",
      'const a = await import("../api/server.ts");',
      /may not import api/,
    ],
    ["what is only run", "kernel/ids.ts", 'import "../audit/log.ts";', /may not import audit/],
    ["what is passed on", "policy/a.ts", 'export * from "../grants/types.ts";', /may not import grants/],
    [
      "a value where types alone are allowed",
      "storage/a.ts",
      'import { a } from "../grants/a.ts";',
      /grants/,
    ],
    [
      "a file outside the sources",
      "api/a.ts",
      'import { a } from "../../../sdk/src/a.ts";',
      /not the gateway/,
    ],
  ])("%s", (_, file, text, refused) =>
    expect(problemsIn(file, text)).toEqual([expect.stringMatching(refused)]),
  );

  test.each([
    ["protocols/http/websocket/relay.ts", 'import { a } from "../../../gate/web/mcp/form.ts";'],
    ["storage/a.ts", 'import type { A } from "../grants/a.ts";'],
    ["gate/session.ts", 'import {\n  mintPermit,\n  type Permit,\n} from "./permit.ts";'],
    ["main/protocols.ts", 'import { createHttp } from "../protocols/http/index.ts";'],
  ])("nothing that is allowed: %s", (file, text) => expect(problemsIn(file, text)).toEqual([undefined]));
});

// The linter enforces the table; this proves, in a tree of probes, that it means what the table says.
test("the linter refuses exactly the imports that the table does not allow", () => {
  const home = mkdtempSync(path.join(tmpdir(), "mayfly-imports-"));
  try {
    const config = JSON.parse(readFileSync(path.join(root, ".oxlintrc.json"), "utf8")) as Record<
      string,
      unknown
    >;
    writeFileSync(path.join(home, ".oxlintrc.json"), JSON.stringify({ ...config, options: {} }));
    for (const folder of Object.keys(table)) {
      mkdirSync(path.join(home, "packages/gateway/src", folder, "probe"), { recursive: true });
      for (const target of Object.keys(table)) {
        if (target === folder) continue;
        const text = `import { x } from "../../${target}/x.ts";\nexport const y: unknown = x;\n`;
        writeFileSync(path.join(home, "packages/gateway/src", folder, "probe", `${target}.ts`), text);
      }
    }
    const report = lint(home);
    expect(report.number_of_files).toBe(Object.keys(table).length * (Object.keys(table).length - 1));
    const refused = report.diagnostics
      .filter((diagnostic) => diagnostic.code === "eslint(no-restricted-imports)")
      .map((diagnostic) => {
        const parts = diagnostic.filename.split(path.sep);
        return `${parts.at(-3)} -> ${path.basename(parts.at(-1) ?? "", ".ts")}`;
      });
    const expected = Object.entries(table).flatMap(([folder, { imports }]) =>
      Object.keys(table)
        .filter((target) => target !== folder && !imports.includes(target))
        .map((target) => `${folder} -> ${target}`),
    );
    expect(refused.toSorted()).toEqual(expected.toSorted());
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("the linter lets the console import the browser's SDK and proof and nothing else of ours, and no markup as text", () => {
  const home = mkdtempSync(path.join(tmpdir(), "mayfly-imports-"));
  try {
    const config = JSON.parse(readFileSync(path.join(root, ".oxlintrc.json"), "utf8")) as Record<
      string,
      unknown
    >;
    writeFileSync(path.join(home, ".oxlintrc.json"), JSON.stringify({ ...config, options: {} }));
    const folder = path.join(home, "packages/console/src/pages/probe");
    mkdirSync(folder, { recursive: true });
    const from = (name: string): string => `import { x } from "${name}";\nexport const y: unknown = x;\n`;
    const probes: Readonly<Record<string, string>> = {
      "sdk.ts": from("@mayfly/sdk/browser"),
      "sdk-of-node.ts": from("@mayfly/sdk"),
      "proof.ts": from("@mayfly/audit-verifier/browser"),
      "gateway.ts": from("../../../../gateway/src/api/roles.ts"),
      "cli.ts": from("../../../../cli/src/mayfly.ts"),
      "verifier.ts": from("@mayfly/audit-verifier"),
      "node.ts": from("node:fs"),
      "markup.tsx": "export const y: unknown = <p dangerouslySetInnerHTML={{ __html: document.title }} />;\n",
      "inner.ts": "export function y(): void {\n  document.body.innerHTML = document.title;\n}\n",
    };
    for (const [name, text] of Object.entries(probes)) writeFileSync(path.join(folder, name), text);
    const refused = new Set(lint(home).diagnostics.map(({ filename }) => path.basename(filename)));
    expect([...refused].toSorted()).toEqual(
      Object.keys(probes)
        .filter((name) => name !== "sdk.ts" && name !== "proof.ts")
        .toSorted(),
    );
  } finally {
    rmSync(home, { recursive: true });
  }
});
