import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { protocols } from "../main/protocols.ts";
import { warningsOf } from "../main/warnings.ts";
import { compilePolicies } from "../policy/compile.ts";
import { configurationJsonSchema } from "./json-schema.ts";
import { loadConfiguration } from "./load.ts";

const folder = fileURLToPath(new URL("../../../../examples/", import.meta.url));
const examples = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));

test("there are examples", () => {
  expect(examples).toEqual([
    "approvals.yaml",
    "http.yaml",
    "kubernetes.yaml",
    "mcp.yaml",
    "minimal.yaml",
    "postgres.yaml",
  ]);
});

test.each(examples)("%s loads as it is, with the variables that its comment names", async (name) => {
  const text = await readFile(folder + name, "utf8");
  const comment = text.slice(0, text.search(/^[^#\n]/m));
  const named = [...comment.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([variable]) => variable);
  const environment = Object.fromEntries(
    named.map((variable) => [variable, "a value of 32 characters or more"]),
  );
  const loaded = await loadConfiguration(folder + name, protocols, environment);
  expect(loaded.ok ? [] : loaded.problems).toEqual([]);
  if (!loaded.ok) return;
  expect(warningsOf(loaded.configuration)).toEqual([]);
  const { connections, policies } = loaded.configuration;
  const operations = new Map(
    [...connections].map(([connection, each]) => [connection, [...each.operations.keys()]]),
  );
  expect(compilePolicies(policies, operations)).toMatchObject({ ok: true });
  expect(await loadConfiguration(folder + name, protocols, {})).toMatchObject({ ok: false });
});

test("docs/configuration.md and the protocols' pages name every member that the schema knows", async () => {
  const pages = ["configuration", "postgres-scopes", "postgres-masks", ...protocols.map(({ kind }) => kind)];
  const texts = await Promise.all(
    pages.map((page) => readFile(new URL(`../../../../docs/${page}.md`, import.meta.url), "utf8")),
  );
  const docs = texts.join("\n");
  const members = new Set<string>();
  const collect = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === "properties") for (const name of Object.keys(value as object)) members.add(name);
      collect(value);
    }
  };
  collect(configurationJsonSchema(protocols));
  expect(members.size).toBeGreaterThan(60);
  const named = new Set(
    docs
      .split("```")
      .filter((_, index) => index % 2 === 0)
      .join("")
      .match(/[a-z_][a-z0-9_]*/g),
  );
  expect([...members].filter((member) => !named.has(member))).toEqual([]);
});
