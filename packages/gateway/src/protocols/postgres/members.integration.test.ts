// tier: full
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { computingExtensions } from "./guard/found/computing.ts";
import { createScoped, every, outcomes, type Scoped } from "./testing/scoped.ts";
import { targetOf } from "./testing/target.ts";
import { makeCertificate, type TestCertificate } from "./testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let scoped: Scoped;

const target = () => targetOf(postgres, { database: "shop" });
const under = async (scope: object): Promise<pg.Client> => (await scoped.under(scope)).client;
const rows = async (client: pg.Client, sql: string): Promise<unknown[]> =>
  (await client.query({ text: sql, rowMode: "array" })).rows;

/** What the database itself says, asked directly. */
async function asked<Row>(sql: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: postgres.url("shop") });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  scoped = createScoped(target, certificate);
});
beforeEach(async () => {
  await postgres.run("DROP DATABASE IF EXISTS shop (FORCE)");
  await postgres.run("CREATE DATABASE shop");
  await postgres.run(
    `CREATE TABLE orders (id serial, status text); INSERT INTO orders VALUES (1, 'open');
     CREATE TABLE lines (id int); INSERT INTO lines VALUES (1); CREATE TABLE kept (id int); INSERT INTO kept VALUES (1);
     CREATE UNIQUE INDEX one ON orders (id); CREATE TABLE refers (id int REFERENCES orders (id));
     CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM lines; CREATE MATERIALIZED VIEW other AS SELECT 1;
     CREATE PROCEDURE bump(by int, OUT n int) LANGUAGE plpgsql AS $$BEGIN INSERT INTO lines VALUES (by); n := by; END$$;
     CREATE PROCEDURE wipe() LANGUAGE sql AS 'DELETE FROM kept';
     CREATE FUNCTION bump2() RETURNS int LANGUAGE sql AS 'SELECT 1';
     CREATE FUNCTION overhear() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'LISTEN secrets'; END$$`,
    "shop",
  );
});
afterEach(() => scoped.close());
afterAll(async () => {
  await postgres.stop();
  certificate.remove();
});

describe("CALL", () => {
  it("runs the procedures that are granted, and returns what they do", async () => {
    const client = await under({ statements: ["call"], procedures: ["public.bump"] });
    expect(await rows(client, "CALL bump(2, NULL)")).toEqual([[2]]);
    expect((await client.query("CALL public.bump($1, NULL)", [3])).rows).toEqual([{ n: 3 }]);
    const refused = [
      "CALL wipe()",
      "CALL public.wipe()",
      "SELECT bump2()",
      "CALL bump((SELECT id FROM kept), NULL)",
    ];
    expect(await outcomes(client, refused)).toEqual(every(refused, "42501"));
    expect(await asked("SELECT count(*)::int AS n FROM lines")).toEqual([{ n: 3 }]);
  });
});

describe("TRUNCATE", () => {
  it("empties the tables that say so, and no others", async () => {
    const tables = {
      "public.lines": { truncate: true },
      "public.orders": { truncate: true },
      "public.kept": "all",
    };
    const client = await under({ statements: ["select", "truncate"], tables });
    const refused = [
      "TRUNCATE kept",
      "TRUNCATE lines, kept",
      "TRUNCATE orders CASCADE",
      "TRUNCATE pg_catalog.pg_class",
      "TRUNCATE refers",
      "DELETE FROM lines",
      "SELECT * FROM lines",
    ];
    expect(await outcomes(client, refused)).toEqual(every(refused, "42501"));
    // A table that others refer to is the database's to refuse.
    expect(await outcomes(client, ["TRUNCATE orders"])).toEqual({ "TRUNCATE orders": "0A000" });
    expect(await outcomes(client, ["TRUNCATE ONLY public.lines RESTART IDENTITY RESTRICT"])).toEqual({
      "TRUNCATE ONLY public.lines RESTART IDENTITY RESTRICT": "ok",
    });
    expect(await asked("SELECT * FROM lines")).toEqual([]);
  });
});

describe("REFRESH MATERIALIZED VIEW", () => {
  it("refreshes those that say so, with data", async () => {
    const tables = { "public.totals": { select: "all", refresh: true }, "public.other": { select: "all" } };
    const client = await under({ statements: ["select", "refresh"], tables });
    await postgres.run("INSERT INTO lines VALUES (2)", "shop");
    const refused = [
      "REFRESH MATERIALIZED VIEW other",
      "REFRESH MATERIALIZED VIEW totals WITH NO DATA",
      "REFRESH MATERIALIZED VIEW public.nothing",
    ];
    expect(await outcomes(client, refused)).toEqual(every(refused, "42501"));
    expect(await rows(client, "SELECT n FROM totals")).toEqual([["1"]]);
    await client.query("REFRESH MATERIALIZED VIEW totals");
    expect(await rows(client, "SELECT n FROM totals")).toEqual([["2"]]);
  });
});

describe("LISTEN and NOTIFY", () => {
  const scope = { statements: ["select", "listen", "notify"], channels: ["orders", "Mixed Case"] };

  it("reach the channels that are granted", async () => {
    const client = await under(scope);
    const heard: string[] = [];
    client.on("notification", ({ channel, payload }) => heard.push(`${channel} ${payload}`));
    const permitted = [
      "LISTEN orders",
      'LISTEN "Mixed Case"',
      "NOTIFY orders, 'one'",
      "SELECT pg_notify('Mixed Case', 'two')",
      "SELECT pg_catalog.pg_notify('orders'::text, 'three')",
      "UNLISTEN orders",
      "NOTIFY orders, 'four'",
      "LISTEN orders",
      "DISCARD ALL",
      "NOTIFY orders, 'five'",
    ];
    const refused = [
      "LISTEN secrets",
      "LISTEN mixed",
      "NOTIFY secrets",
      "SELECT pg_notify('secrets', 'x')",
      "SELECT pg_notify('ord' || 'ers', 'x')",
      "SELECT pg_notify(NULL, 'x')",
      "SELECT public.pg_notify('orders', 'x')",
    ];
    expect(await outcomes(client, permitted)).toEqual(every(permitted, "ok"));
    expect(await outcomes(client, refused)).toEqual(every(refused, "42501"));
    expect(heard).toEqual(["orders one", "Mixed Case two", "orders three"]);
  });

  it("bring nothing of another channel, whatever a function listens to", async () => {
    const client = await under({ ...scope, functions: ["public.overhear"] });
    const heard: string[] = [];
    client.on("notification", ({ channel, payload }) => heard.push(`${channel} ${payload}`));
    await client.query("SELECT overhear(); LISTEN orders");
    await postgres.run("NOTIFY secrets, 'password'; NOTIFY orders, 'heard'", "shop");
    await expect.poll(() => heard).toEqual(["orders heard"]);
    // While nothing is asked, and in the middle of an answer.
    await postgres.run(`NOTIFY secrets, '${"x".repeat(7999)}'`, "shop");
    expect(await rows(client, "SELECT 1")).toEqual([[1]]);
    await postgres.run(`NOTIFY orders, '${"y".repeat(7999)}'`, "shop");
    await expect.poll(() => heard.at(-1)).toBe(`orders ${"y".repeat(7999)}`);
  });

  it("are each granted by their own kind", async () => {
    const listening = await under({ ...scope, statements: ["listen"] });
    expect(
      Object.values(
        await outcomes(listening, ["LISTEN orders", "NOTIFY orders", "SELECT pg_notify('orders', '')"]),
      ),
    ).toEqual(["ok", "42501", "42501"]);
    const notifying = await under({ ...scope, statements: ["notify"] });
    expect(Object.values(await outcomes(notifying, ["LISTEN orders", "NOTIFY orders"]))).toEqual([
      "42501",
      "ok",
    ]);
  });
});

describe("settings of one's own", () => {
  it("may be changed to anything, and read", async () => {
    const client = await under({ tables: { "public.orders": "all" }, settings: ["app.tenant"] });
    const permitted = [
      "SET app.tenant = '7'",
      "SET LOCAL APP.Tenant TO 7",
      "SHOW app.tenant",
      "SELECT current_setting('app.tenant', true)",
      "SELECT set_config('app.tenant', '8', false)",
      "RESET app.tenant",
    ];
    expect(await outcomes(client, permitted)).toEqual(every(permitted, "ok"));
    await client.query("SELECT set_config('app.tenant', $1, false)", ["x".repeat(5000)]);
    expect(await rows(client, "SHOW app.tenant")).toEqual([["x".repeat(5000)]]);
    await client.query("RESET ALL");
    expect(await rows(client, "SELECT current_setting('app.tenant', true)")).toEqual([[""]]);
    const refused = [
      "SET app.other = '7'",
      "SHOW app.other",
      "SET tenant = '7'",
      "SELECT set_config('app.' || 'tenant', '8', false)",
      "SELECT set_config('app.other', '8', false)",
      "SELECT current_setting('app.other', true)",
      "SET role = 'postgres'",
    ];
    expect(await outcomes(client, refused)).toEqual(every(refused, "42501"));
  });

  it("are none that a module of the server has taken", async () => {
    await postgres.run("ALTER DATABASE shop SET session_preload_libraries = 'pg_trgm'", "shop");
    const client = await under({
      tables: { "public.orders": "all" },
      settings: ["pg_trgm.similarity_threshold", "app.tenant"],
    });
    expect(
      Object.values(await outcomes(client, ["SET pg_trgm.similarity_threshold = 0", "SET app.tenant = 1"])),
    ).toEqual(["42501", "ok"]);
  });
});

describe("extensions", () => {
  const scope = { tables: { "public.goods": "all" }, extensions: ["hstore", "pg_trgm"] };

  beforeEach(async () => {
    await postgres.run(
      `CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm; CREATE EXTENSION ltree; CREATE EXTENSION citext;
       CREATE TABLE goods (id int, tags hstore, name text, path ltree); INSERT INTO goods VALUES (1, 'colour=>red', 'soap', 'a.b')`,
      "shop",
    );
  });

  it("lend their operators, functions and types", async () => {
    const client = await under(scope);
    const permitted = [
      "SELECT tags -> 'colour' FROM goods",
      "SELECT %% tags FROM goods",
      "SELECT tags OPERATOR(public.->) 'colour', %# tags FROM goods",
      "SELECT 'a=>1'::hstore, ARRAY['a=>1']::public.hstore[]",
      "SELECT akeys(tags), public.avals(tags) FROM goods",
      "SELECT e.key, e.value FROM goods, each(tags) e",
      "SELECT name <<-> 'soup', similarity(name, 'soup') FROM goods WHERE name <% 'soap bar'",
      "SELECT id FROM goods ORDER BY name <->> 'soup'",
    ];
    expect(await outcomes(client, permitted)).toEqual(every(permitted, "ok"));
  });

  it("lend nothing that another extension or nobody owns", async () => {
    const client = await under(scope);
    const refused = [
      "SELECT nlevel(path) FROM goods",
      "SELECT 'a'::ltree",
      "SELECT path ?~ 'a' FROM goods",
      "SELECT 'a'::citext",
      "SELECT bump2()",
    ];
    expect(await outcomes(client, refused)).toEqual(every(refused, "42501"));
    const none = await under({ tables: { "public.goods": "all" } });
    const lent = ["SELECT %% tags FROM goods", "SELECT similarity('a', 'b')", "SELECT 'a=>1'::hstore"];
    expect(await outcomes(none, lent)).toEqual(every(lent, "42501"));
  });

  it("lend no name that somebody else has put there too", async () => {
    await postgres.run(
      `CREATE FUNCTION spy(int, int) RETURNS text LANGUAGE sql AS $$SELECT 'spied'$$;
       CREATE OPERATOR %% (LEFTARG = int, RIGHTARG = int, FUNCTION = spy);
       CREATE FUNCTION similarity(int, int) RETURNS text LANGUAGE sql AS $$SELECT 'spied'$$`,
      "shop",
    );
    const client = await under(scope);
    const refused = [
      "SELECT 1 %% 1",
      "SELECT 1 OPERATOR(public.%%) 1",
      "SELECT similarity(1, 1)",
      "SELECT public.similarity(1, 1)",
    ];
    expect(await outcomes(client, refused)).toEqual(every(refused, "42501"));
    // Other names of the same extension stay.
    expect(await outcomes(client, ["SELECT word_similarity('a', 'b')"])).toEqual({
      "SELECT word_similarity('a', 'b')": "ok",
    });
  });

  it("lend nothing to a bare name that is looked up somewhere else", async () => {
    await postgres.run("CREATE SCHEMA ext; ALTER EXTENSION pg_trgm SET SCHEMA ext", "shop");
    const client = await under(scope);
    expect(
      Object.values(
        await outcomes(client, ["SELECT similarity('a', 'b')", "SELECT ext.similarity('a', 'b')"]),
      ),
    ).toEqual(["42501", "ok"]);
  });

  it("compute and nothing else, those of them that this server ships", async () => {
    const available = await asked<{ name: string }>("SELECT name FROM pg_available_extensions");
    const shipped = available.map(({ name }) => name).filter((name) => computingExtensions.has(name));
    expect(shipped.length).toBeGreaterThan(10);
    for (const name of shipped)
      await postgres.run(`CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`, "shop");
    const found = await asked<{ what: string }>(
      `SELECT e.extname || ' ' || p.proname AS what FROM pg_proc p
         JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
         JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_language l ON l.oid = p.prolang
       WHERE e.extname <> 'plpgsql' AND (p.provolatile = 'v' OR p.prosecdef OR l.lanname NOT IN ('c', 'sql', 'internal')
         OR p.prokind = 'p') AND p.prorettype <> 'trigger'::regtype
         AND NOT 'internal'::regtype = ANY (p.proargtypes) ORDER BY 1`,
    );
    // Chance, the clock, and how the session's own module compares: each looked at.
    expect([...new Set(found.map(({ what }) => what))]).toEqual([
      "isn isn_weak",
      "pg_trgm set_limit",
      "pgcrypto fips_mode",
      "pgcrypto gen_random_bytes",
      "pgcrypto gen_random_uuid",
      "pgcrypto gen_salt",
      "pgcrypto pgp_pub_encrypt",
      "pgcrypto pgp_pub_encrypt_bytea",
      "pgcrypto pgp_sym_encrypt",
      "pgcrypto pgp_sym_encrypt_bytea",
      "uuid-ossp uuid_generate_v1",
      "uuid-ossp uuid_generate_v1mc",
      "uuid-ossp uuid_generate_v4",
    ]);
  });
});
