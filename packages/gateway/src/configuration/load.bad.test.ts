import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfiguration } from "./load.ts";
import { good, goodEnvironment } from "./testing/good.ts";
import { testProtocol } from "./testing/protocol.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-configuration-"));
  await mkdir(join(folder, "a-folder"));
  await writeFile(join(folder, "not-pem.txt"), "hello\n");
  await writeFile(join(folder, "empty.txt"), "\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * One broken configuration: `from` of the good file is replaced by `to`, in which § marks the place that the
 * problem must point at. It must be the only problem.
 */
type Bad = readonly [from: string, to: string, message: string, hint?: string];

const secretRule = "a secret is named, never written: { env: NAME } or { file: PATH }";
const notStarted = "remove it: a configuration is not started with what it cannot keep";
const nameRule =
  "a name is lower-case letters, digits and hyphens, starts with a letter and has at most 63 characters";
const storeRule = "this must be sqlite:PATH, postgres://USER@HOST/DATABASE or { postgres: { env: NAME } }";
const wholeUrl = "write store: { postgres: { env: NAME } } and put the whole URL into that variable";

const issuer = "  agents:\n    issuer: https://example.okta.com/oauth2/aus4x2kq\n";

const cases: Readonly<Record<string, readonly Bad[]>> = {
  "unknown members": [
    ["audit: {", "§audt: {}\naudit: {", "audt is not known here", "did you mean audit?"],
    [
      "groups_claim: groups",
      "§group_claim: groups",
      "group_claim is not known here",
      "did you mean groups_claim?",
    ],
    ["owner: owner@", "§ownr: owner@", "ownr is not known here", "did you mean owner?"],
    ["every: 30s", "§evry: 30s", "evry is not known here", "did you mean every?"],
    ["reviewer: [", "§reviewers: [", "reviewers is not known here", "did you mean reviewer?"],
    ["user: mayfly", "user: mayfly, §prt: 1", "prt is not known here", "did you mean port?"],
    ["timeout: 30s", "§timout: 30s", "timout is not known here", "did you mean timeout?"],
    ["risk: high", "§rsik: high", "rsik is not known here", "did you mean risk?"],
    ["ttl: 10m", "ttl: 10m\n    §wen: true", "wen is not known here", "did you mean when?"],
    [
      "by: [support-leads]",
      "by: [support-leads], §with: 3m",
      "with is not known here",
      "did you mean within?",
    ],
    ["sync: always", "§snc: always", "snc is not known here", "did you mean sync?"],
    ["connections: 100", "§conections: 100", "conections is not known here", "did you mean connections?"],
    ["https: 0.0.0.0:8443", "§htps: 0.0.0.0:8443", "htps is not known here", "did you mean https?"],
    ["clients: [cli]", "§xxxxxxxxxx: [cli]", "xxxxxxxxxx is not known here", "known here: clients, oidc"],
    ["default: 5m", "default: 5m, §maxx: 1h", "maxx is not known here", "did you mean max?"],
  ],
  "missing members": [
    ["# A shop\nurl: https://mayfly.internal:8443\n", "§", "url is missing"],
    [issuer + "    audience: api://mayfly\n", issuer.replace("agents", "§agents"), "audience is missing"],
    ["  - name: support agents read orders\n    groups", "  - §groups", "name is missing"],
    [
      "  - name: a refund",
      "  - §name: no ttl\n    groups: [a]\n    connection: orders-db\n    operations: [read-orders]\n  - name: a refund",
      "ttl is missing",
      "write ttl: 5m, or ttl: { default: 5m, max: 15m }",
    ],
    ["approval: { by: [support-leads] }", "§approval: { count: 1 }", "by is missing"],
    [
      "postgres: { host: db.internal, database: shop, ",
      "§postgres: { host: db.internal, ",
      "database is missing",
    ],
    [
      "read-orders:\n        description: Read orders\n        statements: [select]\n",
      "§read-orders:\n",
      "statements is missing",
    ],
    ["0oa1b2c3d4: { name: support-bot, ", "§0oa1b2c3d4: { ", "name is missing"],
    ["introspection: { client_id: gw, ", "§introspection: { ", "client_id is missing"],
    ["ttl: { default: 5m, max: 15m }", "§ttl: { default: 5m }", "max is missing"],
  ],
  secrets: [
    ["{ env: ORDERS_PASSWORD }", "§hunter2", secretRule],
    ["{ env: ORDERS_PASSWORD }", "§12345678", secretRule],
    ["{ env: ORDERS_PASSWORD }", "§{ hunter2 }", secretRule],
    ["{ env: ORDERS_PASSWORD }", "§{ env: ORDERS_PASSWORD, value: hunter2 }", secretRule],
    ["{ env: ORDERS_PASSWORD }", "§[hunter2]", secretRule],
    ["{ env: ORDERS_PASSWORD }", "{ env: §hunter2! }", "this is not the name of an environment variable"],
    ["{ env: GATEWAY_SECRET }", "§hunter2", secretRule],
    ["{ env: OKTA_SECRET }", '§"hunter2"', secretRule],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ env: §ABSENT }",
      "the environment variable ABSENT is not set",
      "set ABSENT in the environment of mayflyd",
    ],
    [
      "{ env: GATEWAY_SECRET }",
      "{ env: §EMPTY }",
      "the environment variable EMPTY is empty",
      "set EMPTY in the environment of mayflyd",
    ],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ env: §constructor }",
      "the environment variable constructor is not set",
      "set constructor in the environment of mayflyd",
    ],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ file: §hunter2 }",
      "the file does not exist",
      "relative paths start at the folder of the configuration file",
    ],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ file: §a-folder }",
      "this is a folder, not a file",
      "relative paths start at the folder of the configuration file",
    ],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ file: §/dev/zero }",
      "this is not a regular file",
      "relative paths start at the folder of the configuration file",
    ],
    ["{ env: ORDERS_PASSWORD }", "{ file: §empty.txt }", "the file is empty"],
    [
      "sqlite:data/mayfly.db",
      "§postgres://mayfly:hunter2@db/mayfly",
      "a password stands in this URL, and a secret is named, never written",
      wholeUrl,
    ],
    [
      "sqlite:data/mayfly.db",
      "§postgres://mayfly:hunt#er/2@db/mayfly",
      "a password stands in this URL, and a secret is named, never written",
      wholeUrl,
    ],
    [
      "sqlite:data/mayfly.db",
      "§postgres://mayfly@db/mayfly?password=hunter2",
      "a password stands in this URL, and a secret is named, never written",
      wholeUrl,
    ],
    ["sqlite:data/mayfly.db", "{ postgres: §postgres://mayfly:hunter2@db/mayfly }", secretRule],
    [
      "sqlite:data/mayfly.db",
      "{ postgres: §{ env: NOT_A_URL } }",
      "this secret is not a URL of the form postgres://USER:PASSWORD@HOST/DATABASE",
    ],
    [
      "limits:",
      "tls: { certificate: not-pem.txt, key: §'-----BEGIN PRIVATE KEY----- hunter2' }\nlimits:",
      "this must be the path of a file, not its contents",
      "put the contents into a file and write its path",
    ],
    [
      "limits:",
      "tls: { certificate: §not-pem.txt, key: not-pem.txt }\nlimits:",
      "the file holds no certificate in PEM",
    ],
    [
      "limits:",
      "tls: { certificate: not-pem.txt, key: §absent.pem }\nlimits:",
      "the file does not exist",
      "relative paths start at the folder of the configuration file",
    ],
  ],
  "the gateway itself": [
    ["url: https://mayfly.internal:8443", "url: §http://mayfly.internal", "this must start with https://"],
    ["url: https://mayfly.internal:8443", "url: §http://127.0.0.1:8443", "this must start with https://"],
    ["url: https://mayfly.internal:8443", "url: §mayfly", "this is not a URL", "write https://HOST"],
    [
      "url: https://mayfly.internal:8443",
      "url: §https://mayfly.internal/path",
      "this URL takes no path",
      "end it after host and port",
    ],
    [
      "url: https://mayfly.internal:8443",
      "url: §https://mayfly.internal/?a=1",
      "this URL takes no query and no fragment",
    ],
    [
      "url: https://mayfly.internal:8443",
      "url: §https://me:hunter2@mayfly.internal",
      "a user name or password does not belong in this URL",
    ],
    [
      "url: https://mayfly.internal:8443",
      "url: §8443",
      "this must be a text, and is a number",
      "put it between quotes",
    ],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: §0.0.0.0",
      "this is not an address",
      "write HOST:PORT, for example 0.0.0.0:8443",
    ],
    ["postgres: 0.0.0.0:6432", "postgres: §0.0.0.0:70000", "a port is a number up to 65535"],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: §0.0.0:6432",
      "this address names no host",
      "write an IP address or a host name",
    ],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: §6432",
      "this must be HOST:PORT, or { address: HOST:PORT, allow_insecure_loopback: true }",
    ],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: §0.0.0.0:8443",
      "this is the address that https listens on",
      "give each its own port",
    ],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: { address: 0.0.0.0:6432, allow_insecure_loopback: §1 }",
      "this must be true or false, and is a number",
    ],
    [
      "sqlite:data/mayfly.db",
      "§mysql://db/mayfly",
      storeRule,
      "write sqlite:data/mayfly.db for a store in a file",
    ],
    [
      "sqlite:data/mayfly.db",
      '§"sqlite:"',
      "sqlite: must be followed by the path of a file",
      "write sqlite:data/mayfly.db",
    ],
    [
      "sqlite:data/mayfly.db",
      '§"sqlite::memory:"',
      "sqlite: must be followed by the path of a file",
      "write sqlite:data/mayfly.db",
    ],
    ["sync: always", "sync: §alway", "this must be one of batched, always", "did you mean always?"],
    ["checkpoint_every: 20s", "checkpoint_every: §20", "this must be a duration such as 30s, 5m or 8h"],
    ["checkpoint_every: 20s", "checkpoint_every: §2d", "this is longer than 1h"],
    ["sync: always", "name: §my log", "a log's name holds no spaces and no plus sign"],
    ["connections: 100", "connections: §0", "this must be at least 1"],
    ["connections: 100", "connections: §1.5", "this must be a whole number"],
    [
      "connections: 100",
      'connections: §"100"',
      "this must be a number, and is a text",
      "write it without quotes and units",
    ],
    ["limits: { connections: 100 }", "limits: §no", "this must be a mapping, and is a text"],
    ["limits:", "data: §[a]\nlimits:", "this must be a text, and is a list"],
  ],
  identity: [
    [
      "issuer: https://example.okta.com/oauth2",
      "issuer: §http://example.okta.com/oauth2",
      "this must start with https://",
    ],
    ["outage: 2h", "outage: §30d", "this is longer than 7d"],
    ["outage: 2h", "outage: §soon", "this is not a duration", "write 30s, 5m or 8h"],
    ["outage: 2h", "algorithms: [§HS256]", "this must be one of RS256, ES256", "did you mean RS256?"],
    ["outage: 2h", "algorithms: §[]", "this must not be empty"],
    [
      "outage: 2h",
      "algorithms: §RS256",
      "this must be a list, and is a text",
      "put it between brackets: [ … ]",
    ],
    ["outage: 2h", "ca: §not-pem.txt", "the file holds no certificate in PEM"],
    ["every: 30s", "every: §1s", "this is shorter than 5s"],
    [
      "groups: [support-agents] }\n    outage",
      "groups: [a, §a] }\n    outage",
      "this stands twice in the list",
    ],
    [
      "    clients: [cli]",
      "    §saml: { metadata: okta.xml }",
      "saml cannot be enforced yet",
      "people sign in through oidc, or come with tokens of identity.people.clients",
    ],
    ["reviewer: [support-leads, sre]", 'reviewer: [support-leads, §""]', "this must not be empty"],
    [
      "issuer: https://example.okta.com,",
      "issuer: §ftp://example.okta.com,",
      "this must start with https://",
    ],
  ],
  connections: [
    ["    postgres: {", "    §postgrse: {", "postgrse is not known here", "did you mean postgres?"],
    [
      "    operations:\n      read",
      "    §http: { url: https://x }\n    operations:\n      read",
      "http connections cannot be enforced yet",
      "remove the connection",
    ],
    [
      "    postgres: {",
      "    §kubernetes: {",
      "kubernetes connections cannot be enforced yet",
      "remove the connection",
    ],
    [
      "user: mayfly,",
      "user: mayfly, tls: §verify-ful,",
      "this must be one of disable, require, verify-full",
      "did you mean verify-full?",
    ],
    ["user: mayfly,", "user: mayfly, port: §70000,", "this must be at most 65535"],
    [
      "user: mayfly,",
      "user: mayfly, ca: §absent.pem,",
      "the file does not exist",
      "relative paths start at the folder of the configuration file",
    ],
    [
      "statements: [select]",
      "statements: [§selct]",
      "this must be one of select, insert, update, delete",
      "did you mean select?",
    ],
    ["public.customers: [id, name]", "public.customers: §3", "this must be all or a list"],
    [
      "public.customers: [id, name]",
      "public.customers: [§3]",
      "this must be a text, and is a number",
      "put it between quotes",
    ],
    [
      "public.customers: [id, name]",
      "customers: §[id, name]",
      "a table needs its schema",
      "write public.customers",
    ],
    ["timeout: 30s", "§mask: { public.customers.email: email }", "mask cannot be enforced yet", notStarted],
    ["risk: high", "§rows: 1", "rows cannot be enforced yet", notStarted],
    ["risk: high", "risk: §hgh", "this must be one of low, medium, high", "did you mean high?"],
    ["description: Read orders", "description: §[a]", "this must be a text, and is a list"],
    ["policies:\n", "  more: §x\npolicies:\n", "this must be a mapping with a protocol and operations"],
    [
      "policies:\n",
      "  §more: { operations: { a: {} } }\npolicies:\n",
      "this connection names no protocol",
      "add one of: postgres",
    ],
  ],
  policies: [
    [
      "connection: orders-db\n    operations: [read-orders]",
      "connection: §order-db\n    operations: [read-orders]",
      "there is no connection of this name",
      "did you mean orders-db?",
    ],
    [
      "operations: [read-orders]",
      "operations: [§read-order]",
      "orders-db has no operation of this name",
      "did you mean read-orders?",
    ],
    [
      "operations: [read-orders]",
      "operations: [§everything-else]",
      "orders-db has no operation of this name",
      "known here: read-orders, refund-order",
    ],
    ["operations: [read-orders]", "operations: §[]", "this must not be empty"],
    [
      "name: a refund needs a person",
      "name: §support agents read orders",
      "another policy has this name already",
      "give each policy its own",
    ],
    ["default: 5m", "default: §20m", "the default is longer than max (15m)"],
    ["ttl: 10m", "ttl: §25h", "this is longer than 1d"],
    ["ttl: 10m", "ttl: §500ms", "this is shorter than 1s"],
    ["ttl: 10m", "ttl: §10 minutes", "this is not a duration", "write 30s, 5m or 8h"],
    ["ttl: 10m", "ttl: §300", "this must be a duration such as 5m, or { default: 5m, max: 15m }"],
    ["forbid: true", "forbid: true\n    §ttl: 5m", "a policy that forbids has no ttl", "remove it"],
    [
      "forbid: true",
      "forbid: true\n    §approval: { by: [sre] }",
      "a policy that forbids has no approval",
      "remove it",
    ],
    ["forbid: true", 'forbid: §"true"', "this must be true or false, and is a text"],
    ["by: [support-leads]", "by: §[]", "this must not be empty"],
    ["by: [support-leads]", "by: [support-leads], count: §0", "this must be at least 1"],
    ["by: [support-leads]", "by: [support-leads], within: §8d", "this is longer than 7d"],
    ["ttl: 10m", "ttl: 10m\n    §escalate: { after: 5m }", "escalate cannot be enforced yet", notStarted],
    ["ttl: 10m", "ttl: 10m\n    §fresh_sign_in: 5m", "fresh_sign_in cannot be enforced yet", notStarted],
    ["when: context.hour < 6", "when: §6", "this must be a text, and is a number", "put it between quotes"],
    ["audit: {", "  - §just a text\naudit: {", "this must be a mapping that says who may request what"],
  ],
  YAML: [
    [
      "limits:",
      "§url: https://other\nlimits:",
      "this key stands twice in the same mapping",
      "keep one of them",
    ],
    [
      "risk: high",
      "risk: high\n        §risk: low",
      "this key stands twice in the same mapping",
      "keep one of them",
    ],
    [
      "risk: high",
      "risk: §!secret high",
      "YAML tags (words that start with !) are not used here",
      "quote a text that starts with !",
    ],
    [
      "description: Read orders",
      "description: §*nowhere",
      "this alias names nothing before it",
      "quote a text that starts with *",
    ],
    ["limits:", "§__proto__: { a: 1 }\nlimits:", "__proto__ is not allowed as a key"],
    ["limits:", "§<<: { a: 1 }\nlimits:", "<< is not allowed as a key"],
    [
      "description: Read orders",
      "description: Read §\u202eorders",
      "the character U+202E is not allowed in a configuration",
    ],
    [
      "description: Read orders",
      "description: Read §\u0000orders",
      "the character U+0000 is not allowed in a configuration",
    ],
  ],
};

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

describe.each(Object.entries(cases))("%s", (_, rows) => {
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
  });
});

test("aliases that expand without bounds are refused quickly", async () => {
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i += 1) bomb.push(`a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`);
  const problems = await problemsOf(`${bomb.join("\n")}\n`);
  expect(problems.map(([, message]) => message)).toEqual(["the aliases expand to too many values"]);
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
