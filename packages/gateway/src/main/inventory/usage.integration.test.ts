// tier: full
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "@mayfly/testing/gateway.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { jsonLine } from "../../protocols/postgres/testing/json-log.ts";

// The real command where it is asked wrongly, and where what it reads is damaged.

const example = join(root, "examples/postgres.yaml");
let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "mayfly-inventory-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `mayflyd inventory` says. */
const inventory = (...given: string[]): Promise<Ran> => runMayflyd(["inventory", ...given]);

let files = 0;
function fileOf(content: string | Uint8Array): string {
  files += 1;
  const file = join(folder, `${files}.log`);
  writeFileSync(file, content);
  return file;
}

/** What is taken for a log of Mayfly's own. */
function ownLog(): string {
  const own = join(folder, "audit");
  mkdirSync(join(own, "records"), { recursive: true });
  return own;
}

const select = jsonLine("select id from public.orders where note = 'Zanzibar'");
const update = jsonLine("update public.orders set status = 'Zanzibar' where id = 424242");
const named = ["--connection", "orders-db"];

describe("what is asked wrongly is refused with a hint, and nothing stands on standard output", () => {
  const good = (): string => fileOf(`${select}\n`);

  test.each([
    ["no connection", () => [good()], 2, "required option '--connection <name>'", "mayflyd --help"],
    ["no source", () => [...named], 2, "missing required argument 'source'", "mayflyd --help"],
    [
      "a name that is none",
      () => ["--connection", "Orders", good()],
      1,
      '"Orders" is no connection',
      "lower-case",
    ],
    [
      "a least count of none",
      () => [...named, "--min-seen", "0", good()],
      2,
      "a whole number from 1",
      "mayflyd --help",
    ],
    [
      "a least count that is none",
      () => [...named, "--min-seen", "1.5", good()],
      2,
      "a whole number from 1",
      "mayflyd --help",
    ],
    [
      "a time that is none",
      () => [...named, "--since", "yesterday", good()],
      1,
      "--since yesterday is no duration",
      "90d",
    ],
    [
      "a check of nothing",
      () => [...named, "--check", good()],
      1,
      "--check needs a configuration",
      "say which: -c",
    ],
    [
      "what is unused of nothing",
      () => [...named, "--unused", good()],
      1,
      "--unused needs a configuration",
      "say which: -c",
    ],
    [
      "two questions",
      () => [...named, "-c", example, "--check", "--unused", good()],
      1,
      "two questions",
      "one at a time",
    ],
    [
      "a format that is none",
      () => [...named, "--format", "mysql", good()],
      1,
      "there is no format mysql",
      "known are postgres-json",
    ],
    [
      "a source of no format",
      () => [...named, fileOf("once upon a time\n")],
      1,
      "does not begin as any known",
      "known are postgres-json",
    ],
    ["no file", () => [...named, join(folder, "none.log")], 1, "cannot read", "there is no such file"],
    ["a folder of something else", () => [...named, folder], 1, "cannot read", "it is a folder"],
    [
      "two databases",
      () => [...named, fileOf([select, jsonLine("select 1", { database: "bench" }), ""].join("\n"))],
      1,
      "databases shop and bench",
      "--database shop",
    ],
    [
      "no structure",
      () => [...named, "--schema", join(folder, "none.sql"), good()],
      1,
      "cannot read",
      "pg_dump --schema-only",
    ],
    [
      "no configuration",
      () => [...named, "-c", join(folder, "none.yaml"), good()],
      1,
      "none.yaml:1:1: the file does not exist",
      "",
    ],
    [
      "a connection that it has not",
      () => ["--connection", "order-db", "-c", example, good()],
      1,
      "has no connection order-db",
      "orders-db",
    ],
    [
      "a connection of another kind",
      () => ["--connection", "tickets", "-c", join(root, "examples/mcp.yaml"), good()],
      1,
      "does not begin as any known format does",
      "known are mcp-messages, mcp-har",
    ],
    [
      "a kind that is none",
      () => [...named, "--kind", "mysql", good()],
      1,
      "no inventory is made of mysql",
      "postgres",
    ],
    [
      "a kind that is not the connection's",
      () => [...named, "--kind", "http", "-c", example, good()],
      1,
      "orders-db is a connection of postgres, not of http",
      "leave --kind out",
    ],
    ["a host of a database", () => [...named, "--host", "a", good()], 1, "--host is not for", "--database"],
    [
      "no kind of what does not tell it",
      () => [...named, fileOf(""), ownLog()],
      1,
      "do not tell of what kind orders-db is",
      "say which: --kind postgres",
    ],
  ] as const)("%s", async (_, given, code, why, hint) => {
    const ran = await inventory(...given());
    expect([ran.code, ran.stdout]).toEqual([code, ""]);
    expect(ran.stderr).toContain(why);
    expect(ran.stderr).toMatch(new RegExp(`(?:^|hint: .*)${hint}`));
    expect(ran.stderr).not.toMatch(/Zanzibar|424242/);
  });
});

describe("of a log that is damaged the rest is proposed, and what could not be read is counted and shown", () => {
  const operations = (stdout: string): readonly string[] =>
    Object.keys(
      (parse(stdout) as { connections: { "orders-db": { operations: object } } }).connections["orders-db"]
        .operations,
    );

  test("where its last line is cut", async () => {
    const log = fileOf([select, update.slice(0, -40)].join("\n"));
    const { code, stdout, stderr } = await inventory(...named, log);
    expect([code, stderr]).toEqual([
      3,
      `mayflyd: 1 statement counted; 1 could not be read\n  ${log}:2: it is not JSON\n`,
    ]);
    expect(stdout).toContain("\n# 1 line could not be read: what it holds is not covered.\n");
    expect(operations(stdout)).toEqual(["read-orders"]);
  });

  test("where something else stands among its lines, and no more than ten of them are shown", async () => {
    const garbage = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7919) % 256));
    const torn = Array.from({ length: 30 }, () => '{"message": "Zanzibar').join("\n");
    const log = fileOf(
      Buffer.concat([Buffer.from(`${select}\n${torn}\n`), garbage, Buffer.from(`\n${update}\n`)]),
    );
    const { code, stdout, stderr } = await inventory(...named, log);
    expect(code).toBe(3);
    expect(operations(stdout)).toEqual(["read-orders", "update-orders"]);
    const [head, ...lines] = stderr.trimEnd().split("\n");
    expect(head).toMatch(/^mayflyd: 2 statements counted; \d+ could not be read$/);
    expect(lines).toEqual(Array.from({ length: 10 }, (_, at) => `  ${log}:${at + 2}: it is not JSON`));
    expect(stdout + stderr).not.toMatch(/Zanzibar|424242/);
  });

  test("where its packed data is cut", async () => {
    const packed = gzipSync(`${select}\n`.repeat(20_000));
    const log = fileOf(packed.subarray(0, packed.length - 20));
    const { code, stdout, stderr } = await inventory(...named, log);
    expect(code).toBe(3);
    expect(operations(stdout)).toEqual(["read-orders"]);
    expect(stderr).toContain(`\n  ${log}: its gzip data is damaged: `);
  });

  test("where nothing counts, what may be amiss is said", async () => {
    const { code, stdout, stderr } = await inventory(...named, "--by", "nobody", fileOf(`${select}\n`));
    expect([code, parse(stdout)]).toEqual([3, null]);
    expect(stderr).toMatch(
      /^mayflyd: 0 statements counted; 1 was not asked for\nhint: the sources hold what others did, or .* --by, --since and --database\n$/,
    );
  });
});
