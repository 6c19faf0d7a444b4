// tier: gate
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createScoped, every, outcomes, type Scoped } from "../../testing/scoped.ts";
import { targetOf } from "../../testing/target.ts";
import { makeCertificate, type TestCertificate } from "../../testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let scoped: Scoped;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  // What is granted as a column of `moved` is one of `hidden` now.
  await postgres.run(`
    create table moved (id int primary key, note text); insert into moved values (1, 'plain');
    create table hidden (id int primary key, note text, email text, max text); insert into hidden values (1, 'plain', 'hush', 'hush');
    create function told(moved) returns text language sql as $$select 'hush'$$; create domain a_row as moved`);
  scoped = createScoped(() => targetOf(postgres), certificate);
});

afterAll(async () => {
  await scoped.close();
  await postgres.stop();
  certificate.remove();
});

test("a column that is listed and not there means no column of another table, and calls nothing", async () => {
  const { client } = await scoped.under({
    statements: ["select", "update"],
    tables: {
      "public.moved": ["id", "note", "email", "max", "told", "a_row", "ctid"],
      "public.hidden": ["id", "note"],
    },
    functions: ["public.told"],
  });
  const lost = [
    "select email from moved, hidden",
    "select email from moved join hidden on moved.id = hidden.id",
    "select (select email from moved limit 1) from hidden",
    "select z.e from hidden cross join lateral (select email as e from moved) z",
    "update moved set note = email from hidden where moved.id = hidden.id",
    "select moved.id from moved, hidden where email like 'h%'",
    "select moved.max from moved",
    "select moved.told from moved",
    "select m.a_row from moved m",
  ];
  expect(await outcomes(client, lost)).toEqual(every(lost, "42501"));
  const there = ["select moved.note, moved.id, moved.ctid from moved, hidden", "select note from moved"];
  expect(await outcomes(client, there)).toEqual(every(there, "ok"));
});

test("a column that is there is named with its table, whatever it is called", async () => {
  const { client } = await scoped.under({ tables: { "public.hidden": ["id", "max"] } });
  const named = ["select h.max from hidden h order by h.max", "select hidden.max, max from hidden"];
  expect(await outcomes(client, named)).toEqual(every(named, "ok"));
});
