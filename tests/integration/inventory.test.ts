// tier: full
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { root } from "@mayfly/testing/gateway.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { jsonLog } from "../../packages/gateway/src/protocols/postgres/testing/json-log.ts";

const example = path.join(root, "examples/postgres.yaml");
let folder = "";
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), "mayfly-inventory-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `mayflyd inventory` says of orders-db. */
const inventory = (...given: string[]): Promise<Ran> =>
  runMayflyd(["inventory", "--connection", "orders-db", ...given]);

let files = 0;
function fileOf(content: string | Uint8Array, name = "log"): string {
  files += 1;
  const file = path.join(folder, `${files}.${name}`);
  writeFileSync(file, content);
  return file;
}

/** What no command may say: values of statements. */
const marker = "Zanzibar";
const statements = [
  `select id, total from public.orders where note = '${marker}'`,
  `select id, total from public.orders where note = '${marker}-2'`,
  "select name from public.customers where id = 424242",
  `update public.orders set status = '${marker}' where id = 424242`,
  "begin",
];
const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`;
function csvLog(texts: readonly string[]): string {
  const lines = texts.map((text, line) => {
    const fields = Array.from({ length: 26 }, () => "");
    const set = (at: number, value: string): void => void (fields[at - 1] = value);
    for (const [at, value] of [
      [1, "2026-11-01 12:00:00.000 UTC"],
      [2, quoted("app")],
      [3, quoted("shop")],
      [4, "77"],
      [6, "65a.1"],
      [7, String(line + 1)],
      [12, "LOG"],
      [13, "00000"],
      [14, quoted(`statement: ${text}`)],
      [23, quoted("psql")],
      [24, quoted("client backend")],
    ] as const)
      set(at, value);
    return fields.join(",");
  });
  return `${lines.join("\n")}\n`;
}
const counts = (texts: readonly string[]): string =>
  ["rolname,datname,query,calls", ...texts.map((text) => `app,shop,${quoted(text)},1`), ""].join("\n");

const { connections: _, ...rest } = parse(readFileSync(example, "utf8")) as Record<string, unknown>;
/** A configuration whose connection is what an inventory printed. */
function configured(printed: string): string {
  files += 1;
  const own = path.join(folder, `configuration-${files}`);
  mkdirSync(own);
  writeFileSync(path.join(own, "inv.yaml"), printed);
  const file = path.join(own, "mayfly.yaml");
  writeFileSync(file, stringify({ ...rest, include: ["inv.yaml"], policies: [] }));
  return file;
}

type Operations = Readonly<Record<string, { readonly tables: Readonly<Record<string, unknown>> }>>;
const operationsOf = (stdout: string): Operations =>
  (parse(stdout) as { connections: Record<string, { operations: Operations }> }).connections["orders-db"]
    ?.operations ?? {};

/** Nothing that any of these printed holds a value of a statement. */
function expectNoValues(...all: readonly Ran[]): void {
  for (const { stdout, stderr } of all) expect(stdout + stderr).not.toMatch(/Zanzibar|424242/);
}

describe("what was done", () => {
  test.each([
    ["JSON", jsonLog(statements)],
    ["CSV", csvLog(statements)],
    ["a table of pg_stat_statements", counts(statements)],
  ])("as %s is proposed as a configuration that passes, and that covers it", async (_, content) => {
    const log = fileOf(content);
    const proposed = await inventory(log);
    expect([proposed.code, proposed.stderr]).toEqual([0, "mayflyd: 5 statements counted\n"]);
    const tables = Object.values(operationsOf(proposed.stdout)).flatMap((each) => Object.keys(each.tables));
    expect(new Set(tables)).toEqual(new Set(["public.orders", "public.customers"]));
    const file = configured(proposed.stdout);
    const [checked, covered, again] = await Promise.all([
      runMayflyd(["check", file]),
      inventory("-c", file, "--check", log),
      inventory("-c", file, log),
    ]);
    expect(checked.code).toBe(0);
    expect([covered.code, covered.stdout]).toEqual([
      0,
      "orders-db: 5 statements, 5 covered, 0 refused (0.00 %)\n",
    ]);
    expect([again.code, parse(again.stdout)]).toEqual([0, null]);
    expect(again.stdout).toContain("5 statements are covered by orders-db's operations already.");
    expectNoValues(proposed, covered, again);
  });

  test("is the same packed, from standard input, and in several files", async () => {
    const json = jsonLog(statements);
    const [whole, ...others] = await Promise.all([
      inventory(fileOf(json)),
      inventory(fileOf(gzipSync(json))),
      inventory(fileOf(zstdCompressSync(csvLog(statements)))),
      runMayflyd(["inventory", "--connection", "orders-db", "-"], json),
      runMayflyd(["inventory", "--connection", "orders-db", "-"], gzipSync(csvLog(statements))),
      inventory(fileOf(jsonLog(statements.slice(0, 2))), fileOf(csvLog(statements.slice(2)))),
    ]);
    expect(whole?.code).toBe(0);
    for (const other of others) expect(other).toEqual(whole);
  });

  test("is proposed as JSON with what it rests on", async () => {
    const { code, stdout } = await inventory("--json", fileOf(jsonLog(statements)));
    const {
      operations,
      read,
      covered,
      left_out: leftOut,
    } = JSON.parse(stdout) as {
      operations: { name: string; evidence: unknown }[];
      read: unknown;
      covered: number;
      left_out: number;
    };
    expect([code, covered, leftOut]).toEqual([0, 0, 0]);
    expect(read).toEqual({ acts: 5, failed: 0, others: 0, untimed: 0, unread: 0, unread_lines: [] });
    expect(operations.find(({ name }) => name === "read-orders")?.evidence).toMatchObject({
      times: 2,
      by: { app: 2 },
      first: "2026-11-01T12:00:00.000Z",
      last: "2026-11-01T12:00:00.000Z",
    });
    expectNoValues({ code, stdout, stderr: "" });
  });

  test("counts by whom, since when and in which database it is asked for", async () => {
    const log = fileOf(
      [
        jsonLog(statements.slice(0, 1)),
        jsonLog(statements.slice(2, 3), {
          user: "bot",
          at: new Date().toISOString().replace("T", " ").replace("Z", " UTC"),
        }),
        jsonLog(["select id from public.parcels"], { database: "bench" }),
      ].join(""),
    );
    const [byApp, recent, bench] = await Promise.all([
      inventory("--database", "shop", "--by", "app", log),
      inventory("--database", "shop", "--since", "1h", log),
      inventory("--database", "bench", log),
    ]);
    expect([byApp, recent, bench].map((each) => each.stderr)).toEqual([
      "mayflyd: 1 statement counted; 2 were not asked for\n",
      "mayflyd: 1 statement counted; 2 were not asked for\n",
      "mayflyd: 1 statement counted; 2 were not asked for\n",
    ]);
    expect([byApp, recent, bench].map((each) => Object.keys(operationsOf(each.stdout)))).toEqual([
      ["read-orders"],
      ["read-customers"],
      ["read-parcels"],
    ]);
    expect(bench.stdout).toContain("      database: bench\n");
  });

  test("counts of several who are named together or one by one, and its tables are where the search path says", async () => {
    const log = fileOf(
      ["app", "bot", "root"].map((user) => jsonLog([`select id from ${user}_parcels`], { user })).join(""),
    );
    const [together, apart] = await Promise.all([
      inventory("--search-path", "depot,public", "--by", "app,bot", log),
      inventory("--search-path", "depot,public", "--by", "app", "--by", "bot", log),
    ]);
    expect(together.stderr).toBe("mayflyd: 2 statements counted; 1 was not asked for\n");
    const operations = Object.values(operationsOf(together.stdout));
    expect(operations.flatMap(({ tables }) => Object.keys(tables)).toSorted()).toEqual([
      "depot.app_parcels",
      "depot.bot_parcels",
    ]);
    expect(apart).toEqual(together);
  });

  test("and is seen seldom is set apart where that is asked for", async () => {
    const { stdout } = await inventory("--min-seen", "2", fileOf(jsonLog(statements)));
    expect(Object.keys(operationsOf(stdout))).toEqual(["read-orders"]);
    expect(stdout).toContain("# Not proposed: each kind of statement was seen fewer than 2 times\n");
  });
});
