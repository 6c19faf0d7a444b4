import { type ColumnType, type Generated, Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import Cursor from "pg-cursor";
import { main, place, step, tls } from "./steps.ts";

interface Tables {
  customer: { id: Generated<number>; email: string; name: string | null };
  item: {
    id: Generated<number>;
    customer_id: number | null;
    sku: string;
    price: ColumnType<string | null, number | string | undefined, number | string>;
    tags: string[] | null;
    data: unknown;
    active: Generated<boolean>;
  };
}

const pool = new pg.Pool({ ...place, ...(tls === undefined ? {} : { ssl: tls }), max: 2 });
pool.on("error", () => undefined);
const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });

async function work(): Promise<void> {
  await step("select", () =>
    database.selectFrom("item").selectAll().where("id", "in", [1, 2]).orderBy("id").execute(),
  );
  await step("join", () =>
    database
      .selectFrom("customer as c")
      .leftJoin("item as i", "i.customer_id", "c.id")
      .select(["c.email", "i.sku", (e) => e.fn.coalesce("i.price", sql<string>`0`).as("price")])
      .orderBy("c.id")
      .execute(),
  );
  await step("aggregate", () =>
    database
      .selectFrom("item")
      .select((e) => [e.fn.countAll().as("n"), e.fn.sum("price").as("s")])
      .executeTakeFirst(),
  );
  await step("insert returning", () =>
    database
      .insertInto("item")
      .values([
        { sku: "cup", price: 1.5, tags: ["a"], data: JSON.stringify({ a: 1 }), customer_id: 1 },
        { sku: "mug", price: 2, tags: null, data: null, customer_id: null },
      ])
      .returningAll()
      .execute(),
  );
  await step("upsert", () =>
    database
      .insertInto("item")
      .values({ sku: "cup", price: 9, tags: null, data: null, customer_id: null })
      .onConflict((on) => on.column("sku").doUpdateSet((e) => ({ price: e.ref("excluded.price") })))
      .returning("price")
      .execute(),
  );
  await step("update", () =>
    database
      .updateTable("item")
      .set({ active: false })
      .where("sku", "=", "cup")
      .returning(["sku", "active"])
      .execute(),
  );
  await step("rollback", async () => {
    const failed = await database
      .transaction()
      .setIsolationLevel("serializable")
      .execute(async (all) => {
        await all.insertInto("customer").values({ email: "eve@example.com", name: null }).execute();
        throw new Error("changed my mind");
      })
      .catch(String);
    return [failed, await database.selectFrom("customer").select("email").orderBy("id").execute()];
  });
  await step("savepoint", async () => {
    const all = await database.startTransaction().execute();
    const one = await all.savepoint("one").execute();
    const failed = await one
      .insertInto("customer")
      .values({ email: "ada@example.com", name: null })
      .execute()
      .catch((error: Error) => error.message);
    await one.rollbackToSavepoint("one").execute();
    const emails = await all.selectFrom("customer").select("email").orderBy("id").execute();
    await all.commit().execute();
    return [failed, emails];
  });
  await step("stream", async () => {
    const all = [];
    for await (const row of database.selectFrom("item").select("sku").orderBy("id").stream(1)) all.push(row);
    return all;
  });
  await step("delete", async () => {
    const { numDeletedRows } = await database
      .deleteFrom("item")
      .where("sku", "in", ["cup", "mug"])
      .executeTakeFirst();
    return numDeletedRows;
  });
  await step("unique violation", () =>
    database.insertInto("customer").values({ email: "ada@example.com", name: null }).execute(),
  );
  await step("introspection", async () =>
    (await database.introspection.getTables()).map(({ name, columns }) => [name, columns]),
  );
}

await main(
  work,
  () => sql`select 1`.execute(database),
  () => database.destroy(),
);
