import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const source = path.join(root, "packages/gateway/src");

/** The design's table: which folder may import which. */
const table: Record<string, readonly string[]> = {
  kernel: [],
  configuration: ["kernel"],
  identity: ["kernel"],
  policy: ["kernel"],
  audit: ["kernel"],
  grants: ["kernel", "policy", "audit"],
  gate: ["kernel", "configuration", "identity", "policy", "audit", "grants"],
  protocols: ["kernel", "gate"],
  notifications: ["kernel", "audit"],
  storage: ["kernel"],
  api: ["kernel", "configuration", "identity", "policy", "audit", "grants", "gate", "notifications"],
  main: [
    "kernel",
    "configuration",
    "identity",
    "policy",
    "grants",
    "audit",
    "gate",
    "protocols",
    "storage",
    "notifications",
    "api",
  ],
};

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

test("the linter sees every source file of the gateway", () => {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.includes(".generated."),
  );
  expect(files.length).toBeGreaterThan(30);
  expect(lint(root, "packages/gateway/src").number_of_files).toBe(files.length);
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
    const expected = Object.entries(table).flatMap(([folder, allowed]) =>
      Object.keys(table)
        .filter((target) => target !== folder && !allowed.includes(target))
        .map((target) => `${folder} -> ${target}`),
    );
    expect(refused.toSorted()).toEqual(expected.toSorted());
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("the linter lets the console import the browser's SDK and nothing else of ours, and no markup as text", () => {
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
        .filter((name) => name !== "sdk.ts")
        .toSorted(),
    );
  } finally {
    rmSync(home, { recursive: true });
  }
});
