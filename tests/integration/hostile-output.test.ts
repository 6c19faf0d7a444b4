// tier: full
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { hostileText } from "@mayfly/testing/hostile-text.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { hasInvisible } from "../../packages/gateway/src/kernel/invisible-characters.ts";

// What mayflyd shows of upstream servers, documents, tokens and configurations that somebody else wrote: every byte that it
// writes is looked at. packages/cli/src/options.test.ts does the same with every command of mayfly.

const mayflyd = path.join(root, "packages/gateway/bin/mayflyd.js");
/** What an argument of a program can hold. */
const argument = hostileText.replaceAll("\0", "");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-hostile-"));
  const server = JSON.stringify([
    process.execPath,
    path.join(root, "packages/testing/src/hostile-mcp-server.ts"),
  ]);
  const written = (policy: string): string => `url: https://mayfly.internal:8443
listen: { https: "127.0.0.1:0" }
identity:
  agents: { issuer: https://example.okta.com/oauth2/aus1, audience: api://mayfly }
  people: { clients: [mayfly-cli] }
connections:
  crm:
    mcp: { command: ${server} }
    operations: { read: { tools: [get_order] } }
policies:
  - { name: ${JSON.stringify(policy)}, groups: [support], connection: crm, operations: [read], ttl: 5m }
`;
  writeFileSync(path.join(folder, "mayfly.yaml"), written("support"));
  writeFileSync(path.join(folder, "hostile.yaml"), written(`support ${hostileText}`));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs mayflyd in the folder. @returns its output, none of whose characters is unseen or acts on a terminal */
function run(...args: readonly string[]): {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const ran = spawnSync(process.execPath, [mayflyd, ...args], { cwd: folder, encoding: "utf8" });
  for (const text of [ran.stdout, ran.stderr])
    expect(hasInvisible(text, "lines"), JSON.stringify(text)).toBe(false);
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

test("mayflyd pin shows all that the digest is made of, and nothing of it unseen", () => {
  const { code, stdout, stderr } = run("pin", "-c", "mayfly.yaml", "crm");
  expect(code).toBe(3);
  const members =
    "tool-name tool-title tool-description input-member output-description annotation-title " +
    "prompt-name prompt-title prompt-description argument-name argument-description";
  for (const member of members.split(" ")) expect(stderr).toContain(`${member} \\u001b]0;t\\u0007`);
  expect(stderr).toContain('"destructiveHint": false');
  // A whole definition is JSON that reads as what the server said.
  const shown = stderr
    .split(/^(?:new|CHANGED): .*\n/m)
    .slice(1)
    .map((each) => JSON.parse(each) as { readonly title: string });
  expect(shown.map(({ title }) => title)).toEqual([
    `tool-title ${hostileText}`,
    `prompt-title ${hostileText}`,
  ]);
  // What is printed for the file reads as the names that the server gives.
  expect(Object.keys((parse(stdout) as { readonly pins: object }).pins)).toEqual([
    `tool-name ${hostileText}`,
    `prompt:prompt-name ${hostileText}`,
  ]);
});

test("mayflyd check --json is JSON that reads as it was", () => {
  const file = `absent ${argument}`;
  expect(JSON.parse(run("check", "--json", file).stdout)).toMatchObject({ file, ok: false });
});

test("mayflyd import openapi", () => {
  const text = `said ${hostileText}`;
  writeFileSync(
    path.join(folder, "openapi.json"),
    JSON.stringify({
      openapi: "3.1.0",
      paths: {
        [`/v1/${text}/{a}b`]: { get: {} },
        "/v1/refunds": {
          post: {
            summary: text,
            parameters: [
              { name: text, in: "query" },
              { name: text, in: "header" },
              { name: "x\nnote: forged", in: "header" },
            ],
            requestBody: {
              content: { "application/json": { schema: { type: "object", description: text, [text]: 1 } } },
            },
          },
        },
      },
    }),
  );
  const { code, stdout, stderr } = run(
    "import",
    "openapi",
    "openapi.json",
    "--name",
    "api",
    "--schemas",
    "schemas",
  );
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/^note: forged/mu);
  expect(stdout).toContain("\\u202e");
  const schema = readFileSync(path.join(folder, "schemas/post-v1-refunds.json"), "utf8");
  expect(hasInvisible(schema, "lines")).toBe(false);
  expect(JSON.parse(schema)).toMatchObject({ description: text });
  run("import", "openapi", `absent ${argument}.json`, "--name", "api");
});

describe("what reads the configuration", () => {
  test.each<string[]>([
    ["check", "mayfly.yaml"],
    ["check", "hostile.yaml"],
    ["explain", "-c", "mayfly.yaml", "--groups", "support", "crm/read"],
    ["explain", "-c", "mayfly.yaml", "--json", "--groups", "support", "crm/read"],
    ["explain", "-c", "mayfly.yaml", "--groups", argument, "crm/read"],
    [
      "judge",
      "-c",
      "mayfly.yaml",
      "crm/read",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${argument}"}}`,
    ],
    ["judge", "-c", "mayfly.yaml", "--json", "crm/read", argument],
    ["token", "-c", "mayfly.yaml", `ey${argument}`],
    [argument],
    ["check", `--${argument}`],
    ["check", `absent ${argument}`],
  ])("mayflyd %j %j %j", (...args) => {
    const { stdout, stderr } = run(...args);
    expect(stdout + stderr).not.toBe("");
  });

  test("mayflyd check of one with hostile members", () => {
    writeFileSync(
      path.join(folder, "bad.yaml"),
      `url: x\n${JSON.stringify(`a${hostileText}`)}: 1\n${hostileText}\n`,
    );
    expect(run("check", "bad.yaml").code).not.toBe(0);
  });
});
