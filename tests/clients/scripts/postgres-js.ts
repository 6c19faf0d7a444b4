import postgres from "postgres";
import { main, step, tls } from "./steps.ts";

// The rest is in PGHOST and its like, which postgres.js reads itself.
const sql = postgres({
  ...(tls === undefined ? { ssl: false } : { ssl: tls }),
  max: 2,
  onnotice: () => undefined,
});

async function work(): Promise<void> {
  await step("simple", () => sql`select 1 as one, ${"ünï"} as text`);
  await step(
    "parameters",
    () => sql`select ${1}::int + 1 as n, ${"1.50"}::numeric as d, ${sql.json({ a: [1] })} as j`,
  );
  await step("all types", () => sql`select * from item order by id`);
  await step("arrays", () => sql`select sku from item where id = any (${[1, 2]}) and tags @> ${["red"]}`);
  await step("in", () => sql`select sku from item where sku in ${sql(["pan", "kettle"])} order by sku`);
  await step("insert returning", () => {
    const rows = [
      { sku: "cup", price: "3.10", tags: ["a", 'b"c'], feeling: "ok" },
      { sku: "mug", price: "4.10", tags: [], feeling: null },
    ];
    return sql`insert into item ${sql(rows)} returning *`;
  });
  await step(
    "an array of an enum",
    () => sql`update item set feelings = ${["ok", "sad"]} where sku = 'mug' returning feelings`,
  );
  await step(
    "update",
    () => sql`update item set ${sql({ price: "5.00" })} where sku = 'cup' returning price`,
  );
  await step("transaction and savepoint", () =>
    sql.begin(async (all) => {
      await all`insert into customer (email) values ('eve@example.com')`;
      const failed = await all
        .savepoint((one) => one`insert into customer (email) values ('eve@example.com')`)
        .catch(String);
      return [failed, await all`select email from customer order by id`];
    }),
  );
  await step("rollback", async () => {
    const failed = await sql
      .begin(async (all) => {
        await all`delete from customer where email = 'eve@example.com'`;
        throw new Error("changed my mind");
      })
      .catch(String);
    return [failed, await sql`select email from customer order by id`];
  });
  await step("unique violation", () => sql`insert into item (sku) values ('pan')`);
  await step("syntax error", () => sql`selec 1`);
  await step("unknown column", () => sql`select colour from item`);
  await step("simple protocol, several statements", () => sql`select 1 as a; select 2 as b`.simple());
  await step("cursor", async () => {
    const all: unknown[] = [];
    await sql`select id from item order by id`.cursor(2, (rows) => void all.push(rows));
    return all;
  });
  await step("copy out", async () => {
    const readable = await sql`copy (select sku from item order by sku) to stdout`.readable();
    let text = "";
    for await (const part of readable) text += String(part);
    return text;
  });
  await step("copy in", async () => {
    const writable = await sql`copy item (sku, price) from stdin`.writable();
    await new Promise((resolve, reject) => {
      writable.once("finish", resolve).once("error", reject);
      writable.end("jug\t1.00\nvase\t2.00\n");
    });
    return sql`select sku, price from item where sku in ('jug', 'vase') order by sku`;
  });
  await step("describe", () =>
    sql`select sku, price from item where id = ${1}`.describe().then(({ types, string }) => [types, string]),
  );
  await step("delete", () =>
    sql`delete from item where sku in ('cup', 'mug', 'jug', 'vase')`.then(({ count }) => count),
  );
}

await main(
  work,
  () => sql`select 1 as one`,
  () => sql.end({ timeout: 1 }),
);
