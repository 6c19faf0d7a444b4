import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { clients, type Differences } from "../clients/clients.ts";

const page = readFileSync(path.join(root, "docs/clients.md"), "utf8");
const section = page.slice(page.indexOf("## What came out"), page.indexOf("## By design"));
const rows = [...section.matchAll(/^\| (?!client|---)(.+) \|$/gmu)].map(([, row = ""]) => row.split(" | "));
const headings = new Set([...page.matchAll(/^### (.+)$/gmu)].map(([, heading = ""]) => heading));

const cell = (differences: Differences): string => {
  const steps = Object.keys(differences).map((step) => `\`${step}\``);
  return steps.length === 0 ? "same" : `all but ${steps.join(", ")}`;
};

test("the page says of each client that is run what its test holds, and of no other", () => {
  expect(clients.length).toBeGreaterThan(10);
  expect(rows.map(([name, , narrow, catalog]) => [name, narrow, catalog])).toEqual(
    clients.map(({ name, differs }) => [name, cell(differs.narrow), cell(differs.catalog)]),
  );
});

test("each row names the script that is run, and the version that npm brings", () => {
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  const scripts = clients.map(({ command }) => `(../tests/clients/scripts/${command.at(-1)})`);
  expect(rows.map(([, , , , script = ""]) => script.slice(script.indexOf("(")))).toEqual(scripts);
  const versions = clients.map(({ package: from }, index) =>
    "npm" in from ? devDependencies[from.npm] : /^\d+\.\d+/u.exec(rows[index]?.[1] ?? "")?.input,
  );
  expect(rows.map(([, version]) => version)).toEqual(versions);
});

test("each reason of a difference has its heading", () => {
  const reasons = clients.flatMap(({ differs }) => [
    ...Object.values(differs.narrow),
    ...Object.values(differs.catalog),
  ]);
  expect(reasons.length).toBeGreaterThan(10);
  for (const reason of reasons) expect(headings, reason).toContain(reason);
});
