import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfiguration } from "./load.ts";
import { secretRule, nameRule } from "./testing/bad.ts";
import { members } from "./testing/bad-members.ts";
import { secrets } from "./testing/bad-secrets.ts";
import { gateway } from "./testing/bad-gateway.ts";
import { grants } from "./testing/bad-grants.ts";
import { makeCertificate } from "./testing/certificate.ts";
import { good, goodEnvironment } from "./testing/good.ts";
import { testProtocol } from "./testing/protocol.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-configuration-"));
  await mkdir(join(folder, "a-folder"));
  await writeFile(join(folder, "not-pem.txt"), "hello\n");
  await writeFile(join(folder, "empty.txt"), "\n");
  await writeFile(join(folder, "cert.pem"), (await makeCertificate()).certificate);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(text: string | Uint8Array): Promise<Awaited<ReturnType<typeof loadConfiguration>>> {
  const file = join(folder, "mayfly.yaml");
  await writeFile(file, text);
  return loadConfiguration(file, [testProtocol], goodEnvironment);
}

async function problemsOf(text: string | Uint8Array): Promise<string[][]> {
  const loaded = await load(text);
  if (loaded.ok) return [];
  return loaded.problems.map(({ line, column, message, hint }) =>
    hint === undefined ? [`${line}:${column}`, message] : [`${line}:${column}`, message, hint],
  );
}

test("the file that the table breaks is good", async () => {
  expect(await problemsOf(good)).toEqual([]);
});

describe.each(Object.entries({ ...members, ...secrets, ...gateway, ...grants }))("%s", (_, rows) => {
  test.each(rows.map((row) => ({ row })))("$row", async ({ row: [from, to, message, hint] }) => {
    const at = good.indexOf(from);
    expect(at, "the row must fit the good file").toBeGreaterThanOrEqual(0);
    const marked = good.slice(0, at) + to + good.slice(at + from.length);
    const before = marked.split("§")[0] ?? "";
    expect(before.length, "the row must mark a place").toBeLessThan(marked.length);
    const place = `${before.split("\n").length}:${before.length - before.lastIndexOf("\n")}`;
    const problems = await problemsOf(marked.replace("§", ""));
    expect(problems).toEqual([hint === undefined ? [place, message] : [place, message, hint]]);
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|value-\d/);
  });
});

/** Whole files, with every problem: `line:column message`. */
const files: readonly (readonly [name: string, text: string | Uint8Array, problems: readonly string[]])[] = [
  ["nothing", "", ["1:1 the configuration is empty"]],
  ["comments alone", "# nothing\n\n", ["1:1 the configuration is empty"]],
  ["a list", "- url\n", ["1:1 a configuration is a mapping: name: value"]],
  ["a word", "url", ["1:1 a configuration is a mapping: name: value"]],
  ["a tab as indentation", "listen:\n\thttps: 0.0.0.0:1\n", ["2:1 a tab stands where only spaces may"]],
  ["two documents", "url: a\n---\nurl: b\n", ["2:1 the file holds several YAML documents"]],
  [
    "a directive",
    "%YAML 1.1\n---\nurl: a\n",
    ["1:1 YAML directives (lines that start with %) are not used here"],
  ],
  [
    "an open bracket",
    "listen: { https: 0.0.0.0:1\n",
    ["1:27 the indentation does not fit the lines around it"],
  ],
  [
    "an open quote",
    'url: "https://a\n',
    ["1:16 a character is missing: a colon, a comma, a space, a quote or a closing bracket"],
  ],
  ["bytes that are not UTF-8", Buffer.from("url: a\nx: \xe9\xff\n", "latin1"), ["2:4 the text is not UTF-8"]],
  ["UTF-16", Buffer.from("\ufeffurl: a\n", "utf16le"), ["1:1 the text is not UTF-8"]],
  ["a file too large", `# ${"x".repeat(600_000)}\n`, ["1:1 the file is larger than 524288 bytes"]],
  [
    "an anchor inside itself",
    "url: &a [*a]\n",
    [
      "1:1 identity is missing",
      "1:9 this must be a text, and is a list",
      "1:10 this alias names nothing before it",
    ],
  ],
  ["deep nesting", `url: ${"[".repeat(100)}${"]".repeat(100)}\n`, ["1:46 values are nested too deeply"]],
  [
    "a key that is a list",
    "[a]: b\n",
    ["1:1 a key must be a plain text", "1:1 url is missing", "1:1 identity is missing"],
  ],
];

test.each(files)("whole files: %s", async (_, text, expected) => {
  const problems = (await problemsOf(text)).map(([place, message]) => `${place} ${message}`);
  expect(problems).toEqual(expected);
});

test("every problem comes out, each at its place", async () => {
  const broken = good
    .replace("url: https", "url: ftp")
    .replace("store: sqlite:data/mayfly.db", "store: { postgres://me:hunter2@db }")
    .replace("{ env: ORDERS_PASSWORD }", "{ env: ORDERS_PASSWORD, hunter2 }")
    .replace("orders-db:", "Orders_DB:")
    .replace("operations: [read-orders]", "operations: [read-ordres]")
    .replace("sync: always", "sync: never")
    .replace("  reviewer", "  reviewer")
    .replaceAll("connection: orders-db", "connection: orders-bd");
  const problems = await problemsOf(broken);
  expect(problems.map(([place, message]) => `${place} ${message}`)).toEqual([
    "2:6 this must start with https://",
    "4:1 postgres is missing",
    "4:10 this member is not known here",
    "19:3 this is not a connection's name",
    `20:76 ${secretRule}`,
    "34:17 there is no connection of this name",
    "39:17 there is no connection of this name",
    "47:17 there is no connection of this name",
    "50:16 this must be one of batched, always",
  ]);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});

test("a problem in a list of providers stands at its item", async () => {
  const from = good.indexOf("  agents:");
  const to = good.indexOf("  people:");
  const problems = async (agents: string): Promise<string[][]> =>
    problemsOf(`${good.slice(0, from)}  agents: ${agents}\n${good.slice(to)}`);
  const first = "{ issuer: https://a.example, audience: a }";
  expect(await problems(`[${first}, { issuer: https://b.example, audence: b }]`)).toEqual([
    ["6:56", "audience is missing"],
    ["6:85", "audence is not known here", "did you mean audience?"],
  ]);
  expect(await problems("[]")).toEqual([["6:11", "this must not be empty"]]);
  expect(await problems("okta")).toEqual([["6:11", "this must be one provider or a list of them"]]);
  expect(await problems("")).toEqual([["6:11", "this must be one provider or a list of them"]]);
});

test("more problems than fit on a stack are still problems", async () => {
  const many = `policies: [{ groups: [${"1,".repeat(190_000)}] }]\n`;
  const problems = await problemsOf(good.slice(0, good.indexOf("policies:")) + many);
  expect(problems.map(([place, message]) => `${place} ${message}`)).toContain("31:12 ttl is missing");
  expect(problems.length).toBeGreaterThan(1);
  const keys = await problemsOf(`url: https://a.example\n${"x: \n".repeat(120_000)}`);
  expect(keys.length).toBeGreaterThan(119_999);
});

test("a PostgreSQL connection that no port leads to is refused", async () => {
  const problems = await problemsOf(good.replace(", postgres: 0.0.0.0:6432", ""));
  expect(problems).toEqual([
    [
      "20:5",
      "no client could reach this connection: listen.postgres is missing",
      "add postgres: 0.0.0.0:6432 to listen",
    ],
  ]);
});

test("operations without any are refused, of an observed connection too", async () => {
  const said = async (more: string) => {
    const text = good.replace(/^ {4}operations:\n(?: {6}.*\n)+/m, `    operations: {}\n${more}`);
    return (await problemsOf(text))
      .find(([, message]) => message?.includes("at least one operation"))
      ?.slice(1);
  };
  const message = "this must be a mapping with at least one operation";
  expect(await said("")).toEqual([message]);
  expect(await said("    observe: { until: 2026-12-20 }\n")).toEqual([
    message,
    "leave it out until there is one",
  ]);
});

test("a name is ASCII, so that no two operations look alike", async () => {
  const problems = await problemsOf(good.replace("      refund-order:", "      r\u0435fund-order:"));
  expect(problems).toEqual([
    ["27:7", "this is not an operation's name", nameRule],
    ["40:18", "orders-db has no operation of this name", "did you mean r\u0435fund-order?"],
    ["48:18", "orders-db has no operation of this name", "did you mean r\u0435fund-order?"],
  ]);
});

test("of two providers each issuer stands once, and http:// only on the loopback address", async () => {
  const one = (issuer: string, more = ""): string => `    - { issuer: "${issuer}", audience: a${more} }\n`;
  const insecure = ", allow_insecure_loopback: true";
  const agents =
    one("https://a.example") +
    one("https://a.example") +
    one("http://127.0.0.1:1") +
    one("http://127.0.0.1:2", insecure) +
    one("http://localhost.evil.example", insecure);
  const from = good.indexOf("    issuer: ");
  const to = good.indexOf("  people:");
  const problems = await problemsOf(good.slice(0, from) + agents + good.slice(to));
  expect(problems.map(([place, message]) => `${place} ${message}`)).toEqual([
    "8:17 this issuer stands twice in the list",
    "9:17 this must start with https://",
    "11:17 http:// is only for a host on the loopback address",
  ]);
});

test("no client is an agent's and people's at once", async () => {
  const agents = `  agents: { issuer: "https://a.example", audience: a, directory: { wlpA: { name: bot }, 0oaWeb: { name: web } } }
  people: { clients: [0oaCli, wlpA], oidc: { issuer: "https://a.example", client_id: 0oaWeb } }
`;
  const from = good.indexOf("  agents:");
  const to = good.indexOf("  roles:");
  const problems = await problemsOf(good.slice(0, from) + agents + good.slice(to));
  expect(problems.map(([, message]) => message)).toEqual([
    "the client wlpA is an agent's in the directory",
    "the client 0oaWeb is an agent's in the directory",
  ]);
});

test("the client that is handed to everybody is none of people's, and comes back to places that mean what they say", async () => {
  const people = '{ clients: [0oaCli], oidc: { issuer: "https://a.example", client_id: 0oaWeb } }';
  const withClient = (written: string): Promise<string[][]> => {
    const agents = `  agents: { issuer: "https://a.example", audience: a, scopes: [mayfly] }\n  people: ${people}\n`;
    const from = good.indexOf("  agents:");
    const to = good.indexOf("  roles:");
    return problemsOf(`${good.slice(0, from)}${agents}  mcp_clients: ${written}\n${good.slice(to)}`);
  };
  expect(await withClient("{ client_id: 0oaMcp }")).toEqual([]);
  for (const [written, message] of [
    ["{ client_id: 0oaCli }", "the client 0oaCli is one that people themselves come through"],
    ["{ client_id: 0oaWeb }", "the client 0oaWeb is one that people themselves come through"],
    ['{ client_id: a, issuer: "https://b.example" }', "no provider of agents has this issuer"],
    [
      '{ client_id: a, redirect_uris: ["https://*.example.com/"] }',
      "* stands for the port of a loopback address alone",
    ],
    ['{ client_id: a, redirect_uris: ["http://10.0.0.1/"] }', "http:// is for a loopback address alone"],
    ['{ client_id: a, redirect_uris: ["javascript:alert(1)"] }', "no client can be reached by this scheme"],
  ] as const)
    expect((await withClient(written)).map(([, said]) => said)).toEqual([message]);
  const scoped = good.replace("    groups_claim: groups", '    scopes: ["two words"]');
  expect((await problemsOf(scoped)).map(([, said]) => said)).toEqual([
    "a scope holds no spaces, quotes or backslashes",
  ]);
});

test.each([
  ["a missing file", "absent.yaml", "the file does not exist"],
  ["a folder", "a-folder", "this is a folder, not a file"],
  [
    "a file as a folder",
    "not-pem.txt/mayfly.yaml",
    "the file does not exist: a part of its path is not a folder",
  ],
])("%s is a placed problem", async (_, name, message) => {
  const file = join(folder, name);
  expect(await loadConfiguration(file, [testProtocol], {})).toEqual({
    ok: false,
    problems: [{ file, line: 1, column: 1, message }],
    files: [file],
  });
});

test("aliases that expand without bounds are refused quickly", async () => {
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i += 1) bomb.push(`a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`);
  const problems = await problemsOf(`${bomb.join("\n")}\n`);
  expect(problems.map(([, message]) => message)).toEqual([
    "the file holds too many values (those of an alias count wherever it is used)",
  ]);
});

test("a protocol whose check fails refuses the scope", async () => {
  const failing = {
    ...testProtocol,
    check: () => {
      throw new Error("hunter2");
    },
  };
  const file = join(folder, "failing.yaml");
  await writeFile(file, good);
  const loaded = await loadConfiguration(file, [failing], goodEnvironment);
  expect(loaded.ok ? [] : loaded.problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
    "23 this scope could not be checked",
    "28 this scope could not be checked",
  ]);
});

test("a file that is missing is named where its folder is there: what may be the secret itself is not repeated", async () => {
  await mkdir(join(folder, "secrets"), { recursive: true });
  const messageFor = async (written: string): Promise<string | undefined> => {
    const file = join(folder, "missing.yaml");
    await writeFile(file, good.replace("{ env: OKTA_SECRET }", `{ file: ${written} }`));
    const loaded = await loadConfiguration(file, [testProtocol], { GATEWAY_SECRET: "value" }, "named");
    return loaded.ok ? loaded.unset[0]?.message : undefined;
  };
  expect(await messageFor("secrets/okta")).toBe(`the file does not exist: ${join(folder, "secrets/okta")}`);
  for (const maybeSecret of ["hunter2", "/hunter2", "hun/ter2"])
    expect(await messageFor(maybeSecret)).not.toContain("ter2");
});

test("for whoever only checks a file, secrets may be unset, but not written out", async () => {
  const file = join(folder, "named.yaml");
  await writeFile(file, good.replace("{ env: OKTA_SECRET }", "{ file: absent }"));
  const loaded = await loadConfiguration(file, [testProtocol], { GATEWAY_SECRET: "value" }, "named");
  expect(loaded.ok ? loaded.unset.map(({ line, message }) => `${line} ${message}`) : loaded.problems).toEqual(
    ["15 the file does not exist", "20 the environment variable ORDERS_PASSWORD is not set"],
  );
  await writeFile(
    file,
    good.replace("{ env: OKTA_SECRET }", "hunter2").replace("ORDERS_PASSWORD", "hunter2!"),
  );
  expect(await loadConfiguration(file, [testProtocol], {}, "named")).toMatchObject({
    ok: false,
    problems: [
      { line: 15, message: secretRule },
      { line: 20, message: "this is not the name of an environment variable" },
    ],
  });
});
