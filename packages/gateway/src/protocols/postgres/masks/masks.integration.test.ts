// tier: full
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { createJudging } from "../relay/judging.ts";
import { scopeSchema } from "../scope.ts";
import { createFakeGate, type FakeGate } from "../testing/fake-gate.ts";
import { dialGateway, dialServer } from "../testing/steps.ts";
import { targetOf } from "../testing/target.ts";
import { scopeFindings } from "../upstream/scope-findings.ts";
import {
  errorOf,
  frame,
  frames,
  listenWire,
  makeCertificate,
  type Listening,
  type Message,
  type RawClient,
  type TestCertificate,
} from "../testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
const wires: Listening[] = [];
const clients: RawClient[] = [];
const judging = createJudging();

const CANARY = "canary";

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  await postgres.run(`
    CREATE EXTENSION citext;
    CREATE TYPE plan AS ENUM ('free', 'canary plan');
    CREATE DOMAIN address AS text CHECK (length(VALUE) < 100000);
    CREATE DOMAIN nested AS address;
    CREATE TABLE customers (id int PRIMARY KEY, email text, phone varchar(40), code char(12), name name, handle citext,
      street nested, born date, seen timestamp, created timestamptz, plan plan, level int4, big int8, small int2, active bool,
      ref uuid, doc json, body jsonb, amount numeric, tags text[], raw bytea);
    INSERT INTO customers SELECT n, m, left(m, 40), left(m, 12), left(m, 20), m, m, '2000-01-01'::date + n * 97, '1999-12-31 23:59:59.999'::timestamp + n * interval '41 days 7 hours',
      '1901-06-15 12:00+00'::timestamptz + n * interval '211 days', CASE n % 2 WHEN 0 THEN 'free' ELSE 'canary plan' END::plan, n, n, n, n % 2 = 0, md5(m)::uuid,
      json_build_object('canary', m), jsonb_build_object('canary', m), n / 7.0, ARRAY[m, m], m::bytea
      FROM (SELECT n, CASE n % 7 WHEN 0 THEN 'canary' || n || '@example.com' WHEN 1 THEN 'canary' WHEN 2 THEN '' WHEN 3 THEN 'canär€😀' || n
        WHEN 4 THEN 'a@canary@b.example' WHEN 5 THEN repeat('canary ', n) ELSE '@' END AS m FROM generate_series(1, 200) n) s;
    INSERT INTO customers (id) VALUES (201);
    INSERT INTO customers (id, born, seen, created, email) VALUES (202, 'infinity', '-infinity', 'infinity', 'x'), (203, '-infinity', 'infinity', '-infinity', 'é'),
      (204, '0044-03-15 BC', '0044-03-15 12:30 BC', '0044-03-15 12:30+00 BC', '😀😀😀'), (205, '5874897-12-31', '294276-12-31', '12024-02-29 00:00+00', 'canary'),
      (206, '2000-02-29', '2000-01-01', '2000-12-31 23:59:59.999999+00', 'canary'), (207, '1900-03-01', '4713-01-01 BC', '1970-01-01 00:00+00', 'canary');
    CREATE TABLE orders (id int PRIMARY KEY, customer int, note text);
    INSERT INTO orders SELECT n, n, 'note ' || n FROM generate_series(1, 207) n;
    CREATE TABLE wide (id int PRIMARY KEY, secret text, filler text);
    INSERT INTO wide VALUES (1, repeat('canary', 3000000), 'a'), (2, 'canary', repeat('x', 1500000)), (3, repeat('canary', 200000), repeat('x', 1048000)), (4, NULL, 'b');
    CREATE TABLE parent (id int, secret text) PARTITION BY LIST (id);
    CREATE TABLE part PARTITION OF parent FOR VALUES IN (1);
    INSERT INTO parent VALUES (1, 'canary');
  `);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const wire of wires.splice(0)) wire.close();
});
afterAll(async () => {
  await postgres.stop();
  certificate.remove();
});

/** A session under these operations, by their names. */
async function under(
  operations: Readonly<Record<string, object>>,
): Promise<{ client: RawClient; gate: FakeGate }> {
  const scopes = Object.entries(operations).map(([name, scope]) => ({
    name: `shop/${name}`,
    scope: scopeSchema.parse({ statements: ["select"], ...scope }),
  }));
  const gate = createFakeGate({ target: targetOf(postgres), scopes, isGuarded: true });
  const wire = await listenWire(gate, certificate, { judging });
  wires.push(wire);
  const client = await dialGateway(wire);
  clients.push(client);
  return { client, gate };
}

const columns = [
  "id",
  "email",
  "phone",
  "code",
  "name",
  "handle",
  "street",
  "born",
  "seen",
  "created",
  "plan",
  "level",
  "big",
  "small",
  "active",
  "ref",
  "doc",
  "body",
  "amount",
  "tags",
  "raw",
];
const masking = (mask: Readonly<Record<string, unknown>>) => ({
  tables: { "public.customers": { select: columns }, "public.orders": "all" },
  mask: Object.fromEntries(
    Object.entries(mask).map(([column, method]) => [`public.customers.${column}`, method]),
  ),
});
const email = masking({ email: "redact" });

const rowsOf = (messages: readonly Message[]): readonly string[] =>
  messages.filter(({ type }) => type === "D").map(({ body }) => body.toString("hex"));

/** All that comes of a text as the extended protocol runs it, in pieces of 50 rows. */
async function extended(client: RawClient, sql: string, format: 0 | 1): Promise<readonly Message[]> {
  const bound = frame("B", "p", "", 0, 0, 1, format);
  client.send(frames.query("BEGIN"));
  await client.until("Z");
  client.send(frames.parse("", sql), bound, frames.describe("P", "p"));
  for (let piece = 0; piece < 5; piece += 1) client.send(frames.execute("p", 50));
  client.send(frames.sync, frames.query("COMMIT"));
  return [...(await client.until("Z")), ...(await client.until("Z"))];
}

async function simple(client: RawClient, sql: string): Promise<readonly Message[]> {
  client.send(frames.query(sql));
  return client.until("Z");
}

/** What PostgreSQL itself makes of each method, as an expression of the column. */
const text = (column: string, type: string) => ({
  redact: `'***'::${type}`,
  email: `('***' || coalesce(substring(${column}::text from '@[^@]*$'), ''))::${type}`,
  "partial last 4": `('***' || right(${column}::text, least(4, length(${column}::text) / 2)))::${type}`,
  "partial first 2": `(left(${column}::text, least(2, length(${column}::text) / 2)) || '***')::${type}`,
});
const year = (column: string, type: string): string =>
  `CASE WHEN isfinite(${column}) THEN date_trunc('year', ${column})::${type} ELSE ${column} END`;

/** A column, a method, and the expression that PostgreSQL shows the same for. */
const cases: readonly (readonly [column: string, method: unknown, expression: string])[] = [
  ...(
    [
      ["email", "text"],
      ["phone", "varchar"],
      ["street", "text"],
      ["handle", "citext"],
    ] as const
  ).flatMap(([column, type]) => {
    const as = text(column, type);
    return [
      [column, "redact", as.redact],
      [column, "email", as.email],
      [column, { partial: { keep: "last 4" } }, as["partial last 4"]],
      [column, { partial: { keep: "first 2" } }, as["partial first 2"]],
      [column, { constant: "hidden ü" }, `'hidden ü'::${type}`],
    ] as const;
  }),
  ["code", "redact", "'***'::text::bpchar"],
  [
    "code",
    "email",
    `CASE WHEN code LIKE '%@%' THEN '***' || substring(trim(trailing from code) from '@[^@]*$') ELSE '***' END`,
  ],
  ["code", { partial: { keep: "first 6" } }, "left(code::text, least(6, length(code::text) / 2)) || '***'"],
  ["code", { partial: { keep: "last 6" } }, "'***' || right(code::text, least(6, length(code::text) / 2))"],
  ["name", "redact", "'***'::name"],
  [
    "born",
    "year",
    `CASE WHEN isfinite(born) THEN make_date(extract(year FROM born)::int, 1, 1) ELSE born END`,
  ],
  ["seen", "year", year("seen", "timestamp")],
  ["created", "year", year("created", "timestamptz")],
  ["plan", { constant: "free" }, "'free'::plan"],
  ["level", { constant: -7 }, "-7"],
  ["big", { constant: 9_007_199_254_740_991 }, "9007199254740991::int8"],
  ["small", { constant: 3 }, "3::int2"],
  ["active", { constant: false }, "false"],
  ["active", { constant: true }, "true"],
  [
    "ref",
    { constant: "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11" },
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
  ],
  ["doc", "redact", `'"***"'::json`],
  ["body", "redact", `'"***"'::jsonb`],
  ["body", { constant: "none" }, `'"none"'::jsonb`],
  ...["email", "born", "plan", "level", "ref", "body", "amount", "tags", "raw"].map(
    (column) => [column, null, `NULL`] as const,
  ),
];

describe("a masked column", () => {
  it.each(cases)(
    "%s as %j is what PostgreSQL makes of it, in every format and protocol",
    async (column, method, expression) => {
      const { client } = await under({ read: masking({ [column]: method }) });
      const direct = await dialServer(postgres);
      clients.push(direct);
      const name = `customers.${column}`;
      const masked = `SELECT id, ${column} AS x, ${name}, id + 1 AS y FROM customers ORDER BY id`;
      const whole = `CASE WHEN ${name} IS NULL THEN NULL ELSE ${expression} END`;
      // A bare NULL would be text.
      const same = expression === "NULL" ? `NULLIF(${name}, ${name})` : whole;
      const wanted = column === "doc" ? whole : same;
      const oracle = `SELECT id, ${wanted} AS x, ${wanted}, id + 1 AS y FROM customers ORDER BY id`;
      for (const session of [client, direct]) {
        session.send(frames.query("SET timezone = 'UTC'"));
        await session.until("Z");
      }
      const said = rowsOf(await simple(client, masked));
      expect(said).toHaveLength(207);
      expect(said).toEqual(rowsOf(await simple(direct, oracle)));
      for (const format of [0, 1] as const)
        expect(rowsOf(await extended(client, masked, format))).toEqual(
          rowsOf(await extended(direct, oracle, format)),
        );
    },
  );

  it("comes masked from joins, orders of other columns, locks and limits, whatever it is called", async () => {
    const { client } = await under({ read: { ...email, statements: ["select"] } });
    const statements = [
      "SELECT email FROM customers WHERE id = 1",
      "SELECT email AS id, email, id FROM customers ORDER BY level DESC LIMIT 3 OFFSET 1",
      "SELECT public.customers.email FROM public.customers",
      "SELECT c.email FROM customers AS c JOIN orders o ON o.customer = c.id",
      "SELECT o.note, c.email FROM orders o LEFT JOIN customers c ON false",
      "SELECT c.email FROM (SELECT id FROM customers) x, customers c WHERE c.id = x.id",
      "WITH few AS (SELECT id FROM customers) SELECT c.email FROM customers c JOIN few ON few.id = c.id",
      "SELECT c.email, d.email FROM customers c JOIN customers d ON c.id = d.id + 1",
      "SELECT email, count(*) OVER () FROM customers TABLESAMPLE SYSTEM (100)",
      "SELECT email FROM ONLY customers; SELECT id, email FROM customers; SELECT 1",
    ];
    for (const sql of statements) {
      const all = await simple(client, sql);
      expect(rowsOf(all).length, sql).toBeGreaterThan(0);
      expect(
        all.filter(({ type }) => type === "E"),
        sql,
      ).toEqual([]);
      expect(JSON.stringify(all.map(({ body }) => body.toString("latin1"))), sql).not.toContain(CANARY);
    }
  });

  it("is refused in any other use", async () => {
    const { client } = await under({
      read: {
        ...email,
        statements: ["select", "copy_to", "delete"],
        tables: { ...email.tables, "public.customers": { select: columns, delete: true } },
        temporary_tables: true,
      },
    });
    const refused = [
      "SELECT * FROM customers",
      "SELECT c.* FROM customers c",
      "SELECT c FROM customers c",
      "SELECT row_to_json(c) FROM customers c",
      "SELECT to_jsonb(customers) FROM customers",
      "SELECT lower(email) FROM customers",
      "SELECT email || '' FROM customers",
      "SELECT email::varchar FROM customers",
      'SELECT (email) COLLATE "C" FROM customers',
      "SELECT coalesce(email, 'x') FROM customers",
      "SELECT CASE WHEN true THEN email END FROM customers",
      "SELECT email IS NULL FROM customers",
      "SELECT ARRAY[email] FROM customers",
      "SELECT ROW(email) FROM customers",
      "SELECT (customers).email FROM customers",
      "SELECT id FROM customers WHERE email = 'canary'",
      "SELECT id FROM customers WHERE email LIKE 'c%'",
      "SELECT id FROM customers WHERE EXISTS (SELECT FROM orders WHERE note = customers.email)",
      "SELECT id FROM customers ORDER BY email",
      "SELECT email FROM customers ORDER BY email",
      "SELECT email AS x FROM customers ORDER BY x",
      "SELECT email AS id, id AS y FROM customers ORDER BY id",
      "SELECT id, email FROM customers ORDER BY 2",
      "SELECT id, email FROM customers ORDER BY 1",
      "SELECT DISTINCT email FROM customers",
      "SELECT DISTINCT ON (id) id, email FROM customers",
      "SELECT email FROM customers GROUP BY email",
      "SELECT email FROM customers GROUP BY 1",
      "SELECT email FROM customers GROUP BY id",
      "SELECT max(email) FROM customers",
      "SELECT count(email) FROM customers",
      "SELECT count(*) FILTER (WHERE email = 'x') FROM customers",
      "SELECT row_number() OVER (ORDER BY email) FROM customers",
      "SELECT lag(email) OVER () FROM customers",
      "SELECT email FROM customers UNION ALL SELECT 'x'",
      "SELECT 'x' UNION SELECT email FROM customers",
      "SELECT id FROM customers INTERSECT SELECT id FROM customers WHERE email > 'a'",
      "SELECT email FROM (SELECT email FROM customers) x",
      "WITH x AS (SELECT email FROM customers) SELECT * FROM x",
      "WITH x AS MATERIALIZED (TABLE customers) SELECT * FROM x",
      "SELECT (SELECT email FROM customers LIMIT 1)",
      "SELECT ARRAY(SELECT email FROM customers)",
      "SELECT id FROM orders WHERE note IN (SELECT email FROM customers)",
      "SELECT x FROM customers, LATERAL (SELECT email AS x) y",
      "SELECT x FROM customers, unnest(ARRAY[email]) x",
      "SELECT x FROM customers, regexp_split_to_table(email, '') x",
      "SELECT o.id FROM orders o JOIN customers c ON c.email = o.note",
      "SELECT o.id FROM orders o JOIN customers c USING (email)",
      "SELECT o.id FROM orders o NATURAL JOIN customers c",
      "SELECT email FROM orders JOIN customers c USING (id)",
      "SELECT j.email FROM (orders o JOIN customers c ON o.id = c.id) j",
      "SELECT email FROM orders, customers",
      "SELECT e FROM customers AS c (i, e)",
      "VALUES ((SELECT email FROM customers LIMIT 1))",
      "TABLE customers",
      "EXPLAIN SELECT email FROM customers",
      "EXPLAIN ANALYZE SELECT email FROM customers",
      "EXPLAIN (FORMAT json) SELECT id FROM customers WHERE email = 'a'",
      "PREPARE p AS SELECT email FROM customers",
      "DECLARE c CURSOR FOR SELECT email FROM customers",
      "COPY customers TO STDOUT",
      "COPY customers (email) TO STDOUT",
      "COPY (SELECT email FROM customers) TO STDOUT",
      "CREATE TEMPORARY TABLE t AS SELECT email FROM customers",
      "SELECT email INTO TEMPORARY t FROM customers",
      "DELETE FROM customers WHERE email = 'canary'",
      "DELETE FROM customers WHERE id = -1 RETURNING email",
      "DELETE FROM customers WHERE id = -1 RETURNING *",
      "SELECT set_config('app.x', email, false) FROM customers",
      "SELECT pg_column_size(email) FROM customers",
      "SELECT email[1] FROM customers",
      "SELECT id FROM customers LIMIT (SELECT length(email) FROM customers LIMIT 1)",
    ];
    const outcomes: string[] = [];
    for (const sql of refused) {
      const all = await simple(client, sql);
      outcomes.push(
        `${all
          .filter(({ type }) => type === "E")
          .map((each) => errorOf(each).code)
          .join()} ${sql}`,
      );
      expect(rowsOf(all), sql).toEqual([]);
    }
    expect(outcomes).toEqual(refused.map((sql) => `42501 ${sql}`));
  });

  it("is as it is where another operation of the grant shows it, and alone there", async () => {
    const clear = { tables: { "public.customers": ["id", "email"] } };
    const { client, gate } = await under({ masked: email, clear });
    expect((await simple(client, "SELECT email FROM customers WHERE id = 1"))[1]?.body.toString()).toContain(
      CANARY,
    );
    const both = await simple(
      client,
      "SELECT email FROM customers WHERE id = 1; SELECT email, level FROM customers WHERE id = 1",
    );
    expect(both.filter(({ type }) => type === "D").map(({ body }) => body.includes(CANARY))).toEqual([
      true,
      false,
    ]);
    client.send(
      frames.query("BEGIN; DECLARE c CURSOR FOR SELECT email FROM customers WHERE id = 1; FETCH c; COMMIT"),
    );
    expect(
      (await client.until("Z")).filter(({ type }) => type === "D").map(({ body }) => body.includes(CANARY)),
    ).toEqual([true]);
    expect(gate.log.flatMap((entry) => (entry.what === "outcome" ? [entry.outcome.masked] : []))).toEqual([
      undefined,
      ["public.customers.email"],
      undefined,
    ]);
  });

  it("reaches its table's partitions", async () => {
    const { client } = await under({
      read: {
        tables: { "public.parent": { select: ["id", "secret"] } },
        mask: { "public.parent.secret": "redact" },
      },
    });
    expect(
      (await simple(client, "SELECT secret FROM parent")).map(({ body }) => body.toString()).join(),
    ).not.toContain(CANARY);
    expect((await simple(client, "SELECT secret FROM part")).map(({ type }) => type)).toEqual(["E", "Z"]);
  });
});

describe("a statement that gives masked columns", () => {
  const sql = "SELECT id, email FROM customers WHERE id = 1";

  it("is described before it is executed, once", async () => {
    const { client } = await under({ read: email });
    client.send(frames.parse("", sql), frames.bind("", ""), frames.execute(""), frames.sync);
    const refused = await client.until("Z");
    expect(errorOf(refused.find(({ type }) => type === "E"))).toMatchObject({
      code: "0A000",
      message: expect.stringContaining("described"),
    });
    client.send(frames.parse("s", sql), frames.describe("S", "s"), frames.sync);
    await client.until("Z");
    for (const format of [0, 1]) {
      client.send(frame("B", "", "s", 0, 0, 2, 0, format), frames.execute(""), frames.sync);
      const all = await client.until("Z");
      expect(all.map(({ type }) => type).join("")).toBe("2DCZ");
      expect(all[1]?.body.toString("latin1")).toContain("***");
    }
    client.send(frames.parse("t", sql), frames.bind("", "missing"), frames.describe("S", "t"), frames.sync);
    expect(await client.answers()).toBe("1 E26000 Z");
    client.send(frames.bind("", "t"), frames.execute(""), frames.sync);
    expect(await client.answers()).toBe("2 E0A000 Z");
    client.send(frames.bind("", "t"), frames.describe("P", ""), frames.execute(""), frames.sync);
    expect(await client.answers()).toBe("2 T D C Z");
    client.send(frames.query("EXECUTE s"));
    expect(errorOf((await client.until("Z"))[0])).toMatchObject({
      code: "0A000",
      message: expect.stringContaining("masked"),
    });
  });

  it("ends the session where the table has changed under it", async () => {
    await postgres.run(
      "CREATE TABLE moved (id int, email text, note text); INSERT INTO moved VALUES (1, 'canary', 'note')",
    );
    const scope = {
      tables: { "public.moved": { select: ["id", "email", "note"] } },
      mask: { "public.moved.email": "redact" },
    };
    const changes = [
      "ALTER TABLE moved RENAME email TO old; ALTER TABLE moved RENAME note TO email; ALTER TABLE moved RENAME old TO note",
      "ALTER TABLE moved ALTER email TYPE varchar",
      "ALTER TABLE moved RENAME TO was; CREATE TABLE moved AS SELECT * FROM was",
    ];
    for (const change of changes) {
      const { client } = await under({ read: scope });
      const { client: other } = await under({ read: scope });
      expect((await simple(client, "SELECT email FROM moved"))[1]?.body.toString()).toContain("***");
      await postgres.run(change);
      for (const [session, statement] of [
        [client, "SELECT email FROM moved"],
        [other, "SELECT note, email, id FROM moved"],
      ] as const) {
        const all = await simple(session, statement);
        expect(rowsOf(all), change).toEqual([]);
        expect(errorOf(all.find(({ type }) => type === "E"))).toMatchObject({
          severity: "FATAL",
          code: "55000",
        });
      }
      // A session that starts now masks it where it is.
      const { client: later } = await under({ read: scope });
      expect((await simple(later, "SELECT email FROM moved"))[1]?.body.toString()).toContain("***");
    }
  });

  it("has rows of a megabyte at most as they go to the client; what is not masked has no bound", async () => {
    const { client } = await under({
      read: {
        tables: { "public.wide": { select: ["id", "secret", "filler"] } },
        mask: { "public.wide.secret": "redact" },
      },
    });
    expect(
      (await simple(client, "SELECT filler FROM wide WHERE id = 2")).map(({ type }) => type).join(""),
    ).toBe("TDCZ");
    const long = await simple(
      client,
      "SELECT id, secret FROM wide WHERE id <> 2; SELECT secret, filler, id FROM wide WHERE id = 3",
    );
    expect(rowsOf(long).map((row) => row.length)).toEqual([28, 28, 22, 2 * (2 + 7 + 4 + 1_048_000 + 5)]);
    const all = await simple(client, "SELECT filler, secret FROM wide WHERE id = 2");
    expect(errorOf(all.find(({ type }) => type === "E"))).toMatchObject({ severity: "FATAL", code: "54000" });
    expect(rowsOf(all)).toEqual([]);
  });

  it("tells of no value's length by what is too long", async () => {
    const scope = {
      tables: { "public.wide": { select: ["id", "secret"] } },
      mask: { "public.wide.secret": "redact" },
    };
    // What goes to the client beside the filler: the row's head, three lengths, an id and three stars.
    const most = 1_048_576 - 7 - 12 - 1 - 3;
    for (const id of [1, 2]) {
      const { client, gate } = await under({ read: scope });
      const fits = await simple(client, `SELECT id, secret, repeat('x', ${most}) FROM wide WHERE id = ${id}`);
      expect(rowsOf(fits)).toHaveLength(1);
      expect(
        gate.log.flatMap((entry) => (entry.what === "outcome" ? [entry.outcome.bytes] : [])),
      ).toHaveLength(1);
      const over = await simple(
        client,
        `SELECT id, secret, repeat('x', ${most + 1}) FROM wide WHERE id = ${id}`,
      );
      expect(errorOf(over.find(({ type }) => type === "E")).message).toBe(
        "a row with masked columns is longer than 1048576 bytes; select fewer or shorter columns with them",
      );
    }
  });

  it("is recorded with what was masked, and no value", async () => {
    const { client, gate } = await under({ read: email });
    await simple(client, sql);
    await extended(client, "SELECT email, email AS again, id FROM customers", 1);
    expect(JSON.stringify(gate.log)).not.toContain("canary");
    const outcomes = gate.log.flatMap((entry) => (entry.what === "outcome" ? [entry.outcome] : []));
    expect(outcomes.filter(({ masked }) => masked !== undefined)).toMatchObject(
      Array.from({ length: 6 }, () => ({ masked: ["public.customers.email"] })),
    );
  });
});

describe("a mask that the database cannot keep", () => {
  it.each([
    ["level", "redact"],
    ["level", "email"],
    ["email", "year"],
    ["born", { partial: { keep: "last 4" } }],
    ["plan", { constant: "gold" }],
    ["small", { constant: 40_000 }],
    ["ref", { constant: "none" }],
    ["amount", { constant: 1 }],
    ["active", { constant: "yes" }],
    ["tags", "redact"],
    ["raw", "redact"],
    ["missing", "redact"],
  ])("denies column %s as %j, and nothing else", async (column, method) => {
    const scope = {
      ...masking({ [column]: method }),
      tables: { "public.customers": { select: [...columns, "missing"] } },
    };
    const { client } = await under({ read: scope });
    const all = await simple(client, `SELECT ${column} FROM customers`);
    expect(errorOf(all[0])).toMatchObject({ code: "42501" });
    expect((await simple(client, "SELECT id FROM customers")).map(({ type }) => type)).not.toContain("E");
  });
});

it.each(["UTC", "Europe/Berlin", "AAA4:59BBB", "AAA-14BBB", "-0:29", "Pacific/Apia"])(
  "a year is that of UTC, in the time zone %s too",
  async (zone) => {
    const { client } = await under({ read: masking({ created: "year" }) });
    const direct = await dialServer(postgres);
    clients.push(direct);
    await simple(client, `SET timezone = '${zone}'`);
    await simple(direct, "SET timezone = 'UTC'");
    expect(rowsOf(await simple(client, "SELECT created FROM customers ORDER BY id"))).toEqual(
      rowsOf(
        await simple(
          direct,
          `SELECT CASE WHEN isfinite(created) THEN date_trunc('year', created) ELSE created END FROM customers ORDER BY id`,
        ),
      ),
    );
  },
);

describe("what shows a masked column under another name", () => {
  const read = async (scope: object, statements: readonly string[]): Promise<readonly string[]> => {
    const { client } = await under({ read: scope });
    const all: string[] = [];
    for (const sql of statements) all.push((await simple(client, sql)).map(({ type }) => type).join(""));
    return all;
  };

  it("is refused: a parent, whether a pattern or its name grants it, and a part", async () => {
    const tables = { "public.part": { select: ["id", "secret"] } };
    const mask = { "public.part.secret": "redact" };
    const statements = ["SELECT secret FROM part", "SELECT secret FROM parent", "SELECT id FROM parent"];
    expect(await read({ tables: { ...tables, "public.*": "all" }, mask }, statements)).toEqual([
      "TDCZ",
      "EZ",
      "EZ",
    ]);
    expect(
      await read({ tables: { ...tables, "public.parent": ["id", "secret"] }, mask }, statements),
    ).toEqual(["TDCZ", "EZ", "EZ"]);
    // Its other columns are nobody's secret, and another mask is as good.
    expect(await read({ tables: { ...tables, "public.parent": ["id"] }, mask }, statements)).toEqual([
      "TDCZ",
      "EZ",
      "TDCZ",
    ]);
    const both = {
      tables: { ...tables, "public.parent": ["id", "secret"] },
      mask: { ...mask, "public.parent.secret": null },
    };
    expect(await read(both, statements)).toEqual(["TDCZ", "TDCZ", "TDCZ"]);
    const down = {
      tables: { "public.parent": ["id", "secret"], "public.part": "all" },
      mask: { "public.parent.secret": "redact" },
    };
    expect(await read(down, statements)).toEqual(["EZ", "TDCZ", "TDCZ"]);
  });

  it("is refused: a view, through another one and a partition too, unless its columns are listed or masked", async () => {
    await postgres.run(`CREATE VIEW direct AS SELECT id, secret AS s FROM part; CREATE VIEW behind AS SELECT s AS x FROM direct;
      CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n FROM parent`);
    const tables = { "public.parent": ["id", "secret"] };
    const mask = { "public.parent.secret": "redact" };
    const views = ["SELECT 1 FROM direct", "SELECT x FROM behind", "SELECT n FROM kept"];
    const granted = (entry: unknown) => ({
      "public.direct": entry,
      "public.behind": entry,
      "public.kept": entry,
    });
    expect(await read({ tables: { ...tables, ...granted("all") }, mask }, views)).toEqual(["EZ", "EZ", "EZ"]);
    expect(
      await read(
        {
          tables: {
            ...tables,
            "public.direct": ["id"],
            "public.behind": { select: ["x"] },
            "public.kept": ["n"],
          },
          mask,
        },
        views,
      ),
    ).toEqual(["TDCZ", "TDCZ", "TDCZ"]);
    await postgres.run("DROP VIEW direct CASCADE; DROP MATERIALIZED VIEW kept");
  });
});

it("what a session would be denied is found before, by check --online", async () => {
  await postgres.run("CREATE VIEW emails AS SELECT email FROM customers");
  const scope = scopeSchema.parse({
    statements: ["select"],
    tables: { "public.customers": { select: columns }, "public.emails": "all" },
    mask: {
      "public.customers.email": "email",
      "public.customers.level": "redact",
      "public.customers.gone": "redact",
      "public.customers.plan": { constant: "gold" },
    },
  });
  const found = await scopeFindings(targetOf(postgres), scope, systemClock, AbortSignal.timeout(60_000));
  await postgres.run("DROP VIEW emails");
  const words = found.map((each) => ("problem" in each ? `${each.what}: ${each.problem}` : each.what));
  expect(words).toEqual([
    "mask: public.customers.gone cannot be masked: the database has no such column",
    "mask: public.customers.level cannot be masked: redact gives text or JSON, and the column is of type int4",
    'mask: public.customers.plan cannot be masked: "gold" is a constant, and the column is of type plan',
    "tables: public.emails could show public.customers.email, which is masked",
  ]);
});

it("dates that are not ISO's end the session instead of showing more", async () => {
  const { client } = await under({ read: masking({ born: "year" }) });
  await simple(client, "SET datestyle = 'German'");
  const all = await simple(client, "SELECT born FROM customers WHERE id = 1");
  expect(rowsOf(all)).toEqual([]);
  expect(errorOf(all.find(({ type }) => type === "E"))).toMatchObject({
    severity: "FATAL",
    message: expect.stringContaining("SET datestyle"),
  });
});
