// tier: full
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createJudging } from "./relay/judging.ts";
import { createScoped, every, outcomes, type Scoped } from "./testing/scoped.ts";
import { targetOf } from "./testing/target.ts";
import { makeCertificate, type TestCertificate } from "./testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let scoped: Scoped;
const judging = createJudging();
const target = () => targetOf(postgres, { database: "shop" });
const under = async (scope: object = {}): Promise<pg.Client> =>
  (await scoped.under({ temporary_tables: true, ...scope })).client;

async function direct<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: postgres.url("shop") });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
const asked = (sql: string): Promise<unknown[]> =>
  direct(async (client) => (await client.query({ text: sql, rowMode: "array" })).rows);

type Statement = string | readonly [text: string, values: unknown[]];

/** All that a client reads of its statements: commands, rows and errors. */
async function told(client: pg.Client, statements: readonly Statement[]): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const statement of statements) {
    const [text, values] = typeof statement === "string" ? [statement, []] : statement;
    const asking: Promise<pg.QueryArrayResult> = client.query({
      text,
      rowMode: "array",
      ...(values.length === 0 ? {} : { values }),
    });
    all.push(
      await asking.then(
        ({ command, rowCount, rows, fields }) => [
          text,
          command,
          rowCount,
          rows,
          fields?.map(({ name }) => name),
        ],
        ({ code, message, detail, position }: pg.DatabaseError) => [text, code, message, detail, position],
      ),
    );
  }
  return all;
}

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  scoped = createScoped(target, certificate, judging);
});
beforeEach(async () => {
  await postgres.run("DROP DATABASE IF EXISTS shop (FORCE)");
  await postgres.run("CREATE DATABASE shop");
  await postgres.run(
    "CREATE TABLE notes (id int PRIMARY KEY, note text); INSERT INTO notes VALUES (1, 'one'); CREATE TABLE kept AS SELECT 7 AS id",
    "shop",
  );
});
afterEach(() => scoped.close());
afterAll(async () => {
  judging.stop();
  await postgres.stop();
  certificate.remove();
});

const notes = { tables: { "public.notes": "all" } };

describe("a temporary table", () => {
  it("is made, filled, read and dropped as on a direct connection", async () => {
    const statements: readonly Statement[] = [
      "CREATE TEMP TABLE work (id serial PRIMARY KEY, note text NOT NULL DEFAULT 'x', twice int GENERATED ALWAYS AS (id * 2) STORED, UNIQUE (note))",
      ["INSERT INTO work (note) VALUES ($1), ($2) RETURNING id, work.note, twice", ["a", "b"]],
      "INSERT INTO work (note) VALUES ('a')",
      "INSERT INTO work (note) VALUES (NULL)",
      ["UPDATE work SET note = 'c' WHERE id = $1", [2]],
      "CREATE TEMPORARY TABLE IF NOT EXISTS work (id int)",
      "SELECT w.note, n.note FROM work w JOIN notes n USING (id)",
      "SELECT nothing FROM work",
      "CREATE TEMP TABLE copied AS SELECT id, note FROM notes; INSERT INTO copied SELECT id, note FROM work ON CONFLICT DO NOTHING; SELECT count(*) FROM copied",
      "CREATE TEMP TABLE like_notes (LIKE notes); INSERT INTO like_notes SELECT * FROM notes; TABLE like_notes",
      "CREATE TEMP TABLE part (id int PRIMARY KEY, whole int REFERENCES part ON DELETE CASCADE)",
      "INSERT INTO part VALUES (1, 1), (2, 1)",
      "DELETE FROM part WHERE id = 1",
      "SELECT count(*) FROM pg_temp.part",
      "MERGE INTO part USING (VALUES (5)) v (id) ON part.id = v.id WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)",
      "WITH gone AS (DELETE FROM part RETURNING id) SELECT * FROM gone",
      "TRUNCATE work, copied",
      "BEGIN; CREATE TEMP TABLE brief (id int) ON COMMIT DROP; INSERT INTO brief VALUES (1); SELECT * FROM brief; COMMIT",
      "DROP TABLE brief",
      "DROP TABLE IF EXISTS brief, work CASCADE",
      "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM like_notes",
      "FETCH ALL FROM c",
      "DISCARD ALL",
      "DROP TABLE like_notes",
      "SELECT id, 'ä' FROM notes, Nowhere",
      "INSERT INTO nowhere VALUES (1)",
      "TRUNCATE nowhere",
    ];
    expect(await told(await under(notes), statements)).toEqual(
      await direct((client) => told(client, statements)),
    );
  });

  it("stands in for no other table, whatever it is called", async () => {
    const client = await under(notes);
    expect(
      await outcomes(client, [
        "CREATE TEMP TABLE kept (id int)",
        "INSERT INTO kept VALUES (1)",
        "UPDATE kept SET id = 2",
      ]),
    ).not.toContain("42501");
    expect((await client.query("SELECT id FROM kept")).rows).toEqual([{ id: 2 }]);
    expect(await outcomes(client, ["SELECT id FROM public.kept", "DROP TABLE public.kept"])).toEqual(
      every(["SELECT id FROM public.kept", "DROP TABLE public.kept"], "42501"),
    );
    await client.query("DROP TABLE kept");
    const gone = [
      "SELECT id FROM kept",
      "DELETE FROM kept",
      "DROP TABLE kept",
      "TRUNCATE kept",
      "TABLE kept",
    ];
    expect(await outcomes(client, gone)).toEqual(every(gone, "42P01"));
    expect(await asked("SELECT id FROM kept")).toEqual([[7]]);
  });

  it("is what LOCK TABLE means by a name that is not granted", async () => {
    const client = await under(notes);
    // Without any temporary table there is no such schema either, and LOCK says so.
    const locks = ["BEGIN", "LOCK TABLE kept IN ACCESS SHARE MODE", "ROLLBACK"];
    expect(await outcomes(client, locks)).toMatchObject({ [locks[1] ?? ""]: "3F000" });
    await client.query("CREATE TEMP TABLE kept (id int); BEGIN; LOCK TABLE kept IN ACCESS SHARE MODE");
    expect(
      await asked(
        "SELECT count(*)::int FROM pg_locks WHERE relation = 'public.kept'::regclass AND pid <> pg_backend_pid()",
      ),
    ).toEqual([[0]]);
    await client.query("COMMIT");
  });

  it("is what a prepared statement reads, also when a real table of its name comes and it goes", async () => {
    const client = await under(notes);
    await client.query("CREATE TEMP TABLE late (id int); INSERT INTO late VALUES (1)");
    await client.query("PREPARE later AS SELECT id FROM late");
    await asked("CREATE TABLE late AS SELECT 9 AS id");
    expect((await client.query("EXECUTE later")).rows).toEqual([{ id: 1 }]);
    await client.query("DROP TABLE late");
    expect(await outcomes(client, ["EXECUTE later", "SELECT id FROM late"])).toEqual(
      every(["EXECUTE later", "SELECT id FROM late"], "42P01"),
    );
    expect(await asked("SELECT id FROM late")).toEqual([[9]]);
  });

  it("ends with its session, and is nobody else's", async () => {
    const client = await under(notes);
    await client.query("CREATE TEMP TABLE mine (id int)");
    const other = await under(notes);
    expect(await outcomes(other, ["SELECT * FROM mine"])).toEqual({ "SELECT * FROM mine": "42P01" });
    await scoped.close();
    await expect
      .poll(() => asked("SELECT count(*)::int FROM pg_class WHERE relpersistence = 't'"))
      .toEqual([[0]]);
  });

  it("needs names to be looked up along the path", async () => {
    const client = await under(notes);
    const refused = ["SET search_path = ''", "SELECT set_config('search_path', '', false)"];
    expect(await outcomes(client, refused)).toEqual(every(refused, "42501"));
    expect((await client.query("SHOW search_path")).rows).toEqual([{ search_path: '"public", pg_temp' }]);
  });
});

describe("where code of the database's own could find one", () => {
  /** Looks a table up by name, in a path that leaves temporary ones their usual place: the first. */
  const lookup = `CREATE SCHEMA app; CREATE TABLE app.audit (id int);
    CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql SET search_path = app AS
      $$BEGIN INSERT INTO audit VALUES (1); RETURN NULL; END$$;`;
  const attempts = ["CREATE TEMP TABLE audit (id int)", "SELECT * FROM audit", "SELECT * FROM pg_temp.audit"];

  it.each([
    ["a trigger", `${lookup} CREATE TRIGGER t AFTER INSERT ON notes EXECUTE FUNCTION app.note()`],
    [
      "a trigger that an event runs",
      `CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION watch()`,
    ],
    [
      "a cast between built-in types",
      "CREATE FUNCTION dated(int) RETURNS date LANGUAGE sql AS 'SELECT now()::date'; CREATE CAST (int AS date) WITH FUNCTION dated(int)",
    ],
    [
      "a cast of a column's type",
      `CREATE TYPE mood AS ENUM ('well'); ALTER TABLE notes ADD m mood;
       CREATE FUNCTION told(mood) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'; CREATE CAST (mood AS text) WITH FUNCTION told(mood)`,
    ],
    [
      "an operator class of a column's type",
      `CREATE TYPE pair AS (a int); ALTER TABLE notes ADD p pair;
       CREATE FUNCTION cmp(pair, pair) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 0; END';
       CREATE OPERATOR CLASS pairs DEFAULT FOR TYPE pair USING btree AS OPERATOR 1 <(record, record), FUNCTION 1 cmp(pair, pair)`,
    ],
    ["a row security policy", "ALTER TABLE notes ENABLE ROW LEVEL SECURITY"],
  ])("none is made: %s", async (_, sql) => {
    await postgres.run(sql, "shop");
    const client = await under({ ...notes, statements: ["select", "insert"] });
    expect(await outcomes(client, attempts)).toEqual(every(attempts, "42501"));
    expect((await client.query("SELECT note FROM notes")).rows).toHaveLength(1);
  });

  it("shadows what a trigger looks up on a direct connection", async () => {
    await postgres.run(
      `${lookup} CREATE TRIGGER t AFTER INSERT ON notes EXECUTE FUNCTION app.note()`,
      "shop",
    );
    await asked("CREATE TEMP TABLE audit (id int); INSERT INTO notes VALUES (2, 'two')");
    expect(await asked("SELECT count(*)::int FROM app.audit")).toEqual([[0]]);
  });
});

describe("what a session has prepared and opened", () => {
  const statements = [
    "PREPARE one AS SELECT $1::int",
    "BEGIN; DECLARE c CURSOR FOR SELECT 1",
    "SELECT name, statement, parameter_types::text, from_sql FROM pg_prepared_statements",
    "SELECT name, statement, is_holdable FROM pg_cursors",
    "SELECT * FROM pg_catalog.pg_cursors WHERE name = 'none'",
    "ROLLBACK",
    "DEALLOCATE one",
    "SELECT count(*) FROM pg_prepared_statements",
  ];

  it("reads as on a direct connection, and is nobody else's", async () => {
    const other = await under(notes);
    await other.query("PREPARE theirs AS SELECT 1");
    const client = (await scoped.under(notes)).client;
    expect(await told(client, statements)).toEqual(await direct((each) => told(each, statements)));
  });

  it("is not shown where functions of the database's own may have opened more", async () => {
    await postgres.run("CREATE FUNCTION report() RETURNS int LANGUAGE sql AS 'SELECT 1'", "shop");
    const reads = ["SELECT * FROM pg_cursors", "SELECT name FROM pg_prepared_statements"];
    const lists = (await scoped.under({ ...notes, functions: ["public.report"] })).client;
    expect(await outcomes(lists, reads)).toEqual(every(reads, "42501"));
    await postgres.run("ALTER TABLE notes ENABLE ROW LEVEL SECURITY", "shop");
    const hides = (await scoped.under({ tables: { "public.kept": "all", "public.notes": "all" } })).client;
    expect(await outcomes(hides, reads)).toEqual(every(reads, "42501"));
  });
});
