// tier: full
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { jsonLog } from "../../protocols/postgres/testing/json-log.ts";

// The real command against a configuration: what it would refuse, lacks, and grants beyond what was done.

const example = join(root, "examples/postgres.yaml");
const { connections, ...rest } = parse(readFileSync(example, "utf8")) as {
  readonly connections: Readonly<Record<string, object>>;
};
let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "mayfly-inventory-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `mayflyd inventory` says of orders-db. */
const inventory = (...given: string[]): Promise<Ran> =>
  runMayflyd(["inventory", "--connection", "orders-db", ...given]);

let files = 0;
/** A log of these statements of app's. */
function logOf(texts: readonly string[], database = "shop"): string {
  files += 1;
  const file = join(folder, `${files}.json`);
  writeFileSync(file, jsonLog(texts, { database }));
  return file;
}

/** The example with these operations. */
function configured(operations: object): string {
  files += 1;
  const file = join(folder, `${files}.yaml`);
  const connection = { ...connections["orders-db"], operations };
  writeFileSync(file, stringify({ ...rest, connections: { "orders-db": connection }, policies: [] }));
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

describe("a configuration", () => {
  test.each(["--check", "--unused"])(
    "of an observed connection without operations has nothing to %s",
    async (asked) => {
      files += 1;
      const file = join(folder, `${files}.yaml`);
      const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
      const { operations: _, ...connection } = { operations: {}, ...connections["orders-db"] };
      const observed = { ...connection, observe: { until } };
      writeFileSync(file, stringify({ ...rest, connections: { "orders-db": observed }, policies: [] }));
      const ran = await inventory("-c", file, asked, logOf(statements));
      expect(ran.code).toBe(1);
      expect(ran.stdout).toBe("");
      expect(ran.stderr).toContain("orders-db has no operation but the one that is observed");
      expect(ran.stderr).toContain(`propose some first: mayflyd inventory --connection orders-db -c ${file}`);
    },
  );

  test("that covers less is said to refuse the rest, with its rule, its reason and its statements", async () => {
    const log = logOf([...statements, `delete from public.orders where id = 424242 and note = '${marker}'`]);
    const [text, json] = await Promise.all([
      inventory("-c", example, "--check", log),
      inventory("-c", example, "--check", "--json", log),
    ]);
    expect([text.code, json.code]).toEqual([3, 3]);
    expect(text.stderr).toContain("\nhint: --schema says which table has which column; ");
    const { refusals, ...others } = JSON.parse(json.stdout) as {
      refusals: { rule: string; message: string; evidence: unknown }[];
    };
    const read = { acts: 6, failed: 0, others: 0, untimed: 0, unread: 0, unread_lines: [] };
    expect(others).toEqual({ read, covered: 5, refused: 1 });
    const [{ rule, message } = { rule: "", message: "" }] = refusals;
    expect(rule).toMatch(/^orders-db\/\S+: statements$/);
    expect(text.stdout).toBe(
      `orders-db: 6 statements, 5 covered, 1 refused (16.67 %)

${rule}
  ${message}
  seen 1 time by app, 2026-11-01
    delete from public.orders where id = ? and note = ?
`,
    );
    for (const { stdout, stderr } of [text, json]) expect(stdout + stderr).not.toMatch(/Zanzibar|424242/);
  });

  test("that refuses nothing is not clean where lines could not be read, or where there is nothing to hold it against", async () => {
    const log = logOf(statements);
    const cut = logOf(statements);
    appendFileSync(cut, "{");
    const [damaged, nothing] = await Promise.all([
      inventory("-c", example, "--check", cut),
      inventory("-c", example, "--check", "--by", "nobody", log),
    ]);
    expect([damaged.code, damaged.stdout.split("\n")]).toEqual([
      3,
      [
        "orders-db: 5 statements, 5 covered, 0 refused (0.00 %)",
        "1 more could not be read: nobody knows what they would come to",
        "",
      ],
    ]);
    expect([nothing.code, nothing.stdout]).toEqual([
      3,
      "orders-db: 0 statements, 0 covered, 0 refused (0.00 %)\n",
    ]);
    for (const { stderr } of [damaged, nothing]) expect(stderr).not.toContain("--schema");
  });

  test("is held against what was done in its own database, unless another is named", async () => {
    const logs = [logOf(statements), logOf(["select 1 from public.parcels"], "bench")];
    const [own, other] = await Promise.all([
      inventory("-c", example, "--check", ...logs),
      inventory("-c", example, "--check", "--database", "bench", ...logs),
    ]);
    expect([own.code, own.stdout]).toEqual([0, "orders-db: 5 statements, 5 covered, 0 refused (0.00 %)\n"]);
    expect(own.stderr).toMatch(/^mayflyd: 5 statements counted; 1 /);
    expect([other.code, other.stdout.split("\n")[0]]).toEqual([
      3,
      "orders-db: 1 statement, 0 covered, 1 refused (100.00 %)",
    ]);
  });

  test("is proposed what it lacks alone, under no name that it has", async () => {
    const log = logOf(["select name, phone from public.customers", ...statements.slice(0, 2)]);
    const operation = {
      description: "Read what was ordered",
      statements: ["select"],
      tables: { "public.orders": ["id", "total", "note"] },
    };
    const narrow = configured({ "read-customers": operation });
    const lacking = await inventory("-c", narrow, log);
    expect(parse(lacking.stdout)).toEqual({
      connections: {
        "orders-db": {
          operations: {
            "read-customers-2": {
              description: "Read customers",
              risk: "medium",
              statements: ["select"],
              tables: { "public.customers": ["name", "phone"] },
            },
          },
        },
      },
    });
    expect(lacking.stdout).toContain("\n# 2 statements are covered by orders-db's operations already.\n");
  });

  test("that grants what nobody used is said to, and one that does not is not", async () => {
    const used = logOf([
      "select id, name, email from public.customers",
      // Each of the two operations covers one statement of it.
      "select * from public.orders; update public.orders set status = 'a' where id = 1",
    ]);
    const [all, some] = await Promise.all([
      inventory("-c", example, "--unused", used),
      inventory(
        "-c",
        example,
        "--unused",
        logOf(["select * from public.orders", "select id, name from public.customers"]),
      ),
    ]);
    expect([all.code, all.stdout]).toEqual([
      0,
      "orders-db/read-orders: all of it was used\norders-db/refund-order: all of it was used\n",
    ]);
    expect(some.code).toBe(3);
    expect(some.stdout).toMatch(
      /^orders-db\/read-orders: granted beyond what was used\n {2}.*email.*\norders-db\/refund-order: nobody used it\n$/,
    );
    const json = await inventory("-c", example, "--unused", "--json", used);
    expect(JSON.parse(json.stdout)).toMatchObject({
      operations: [
        { operation: "orders-db/read-orders", unused: [] },
        { operation: "orders-db/refund-order", unused: [] },
      ],
    });
  });

  test("is held against what --schema says of the tables, in both questions", async () => {
    const schema = join(folder, "schema.sql");
    writeFileSync(
      schema,
      "create table public.orders (id int primary key, total int, note text); create table public.customers (id int, name text);",
    );
    const file = configured({
      "read-orders": {
        description: "Read orders",
        risk: "low",
        statements: ["select"],
        tables: { "public.orders": "all", "public.customers": ["id", "name"] },
      },
    });
    // Whose column `name` is, the statement does not say.
    const log = logOf([
      "select o.total, name from public.orders o join public.customers c on c.id = o.id where note = 'a'",
    ]);
    const [bare, structured, unusedBare, unusedStructured] = await Promise.all([
      inventory("-c", file, "--check", log),
      inventory("-c", file, "--check", "--schema", schema, log),
      inventory("-c", file, "--unused", log),
      inventory("-c", file, "--unused", "--schema", schema, logOf(["select id, total from public.orders"])),
    ]);
    expect([bare.code, structured.code]).toEqual([3, 0]);
    expect(structured.stdout).toBe("orders-db: 1 statement, 1 covered, 0 refused (0.00 %)\n");
    // The statement is one of those that cannot be judged without it.
    expect(unusedBare.stdout).toBe("orders-db/read-orders: nobody used it\n");
    expect(unusedBare.stderr).toMatch(
      /\nhint: 1 statement would be refused, so that nothing counts as used by it: --check says why\n$/,
    );
    expect(unusedStructured.stdout).toMatch(/ select note\n/);
  });
});
