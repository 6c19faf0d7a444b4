import { and, asc, count, eq, gt, inArray, relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import {
  boolean,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  text,
  timestamp,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import pg from "pg";
import { main, place, step, tls } from "./steps.ts";

const mood = pgEnum("mood", ["sad", "ok", "happy"]);
const customer = pgTable("customer", {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  email: varchar({ length: 120 }).notNull(),
  name: text(),
});
const item = pgTable("item", {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  customerId: integer("customer_id"),
  sku: varchar({ length: 40 }).notNull(),
  price: numeric({ precision: 10, scale: 2 }),
  tags: text().array(),
  data: jsonb(),
  made: timestamp({ withTimezone: true }),
  token: uuid(),
  feeling: mood(),
  active: boolean().default(true),
});
const customerRelations = relations(customer, ({ many }) => ({ items: many(item) }));
const itemRelations = relations(item, ({ one }) => ({
  customer: one(customer, { fields: [item.customerId], references: [customer.id] }),
}));

const pool = new pg.Pool({ ...place, ...(tls === undefined ? {} : { ssl: tls }), max: 2 });
pool.on("error", () => undefined);
const database = drizzle(pool, { schema: { customer, item, customerRelations, itemRelations } });

async function work(): Promise<void> {
  await step("select", () =>
    database
      .select()
      .from(item)
      .where(inArray(item.id, [1, 2]))
      .orderBy(asc(item.id)),
  );
  await step("relations", () =>
    database.query.customer.findMany({
      with: { items: { columns: { sku: true, price: true } } },
      orderBy: asc(customer.id),
    }),
  );
  await step("join and group", () =>
    database
      .select({ email: customer.email, n: count(item.id) })
      .from(customer)
      .leftJoin(item, eq(item.customerId, customer.id))
      .groupBy(customer.email)
      .orderBy(customer.email),
  );
  await step("insert returning", () =>
    database
      .insert(item)
      .values([
        { sku: "cup", price: "1.50", tags: ["a", 'b"c'], data: { a: [1] }, made: new Date(0), feeling: "ok" },
        { sku: "mug", token: "6f1f4c1e-7a42-4d5e-9a53-0d8c5b1a2f12" },
      ])
      .returning(),
  );
  await step("upsert", () =>
    database
      .insert(item)
      .values({ sku: "cup", price: "9" })
      .onConflictDoUpdate({ target: item.sku, set: { price: sql`excluded.price` } })
      .returning({ price: item.price }),
  );
  await step("update", () =>
    database
      .update(item)
      .set({ active: false })
      .where(eq(item.sku, "cup"))
      .returning({ sku: item.sku, active: item.active }),
  );
  await step("prepared", () => {
    const query = database
      .select()
      .from(customer)
      .where(eq(customer.id, sql.placeholder("id")))
      .prepare("by_id");
    return Promise.all([query.execute({ id: 1 }), query.execute({ id: 2 })]);
  });
  await step("transaction and savepoint", () =>
    database.transaction(
      async (all) => {
        await all.insert(customer).values({ email: "eve@example.com" });
        const failed = await all
          .transaction((one) => one.insert(customer).values({ email: "eve@example.com" }))
          .catch(() => "refused");
        const emails = await all.select({ email: customer.email }).from(customer).orderBy(customer.id);
        await all.delete(customer).where(and(eq(customer.email, "eve@example.com"), gt(customer.id, 0)));
        return [failed, emails];
      },
      { isolationLevel: "repeatable read" },
    ),
  );
  await step("count", () => database.$count(item));
  await step("delete", () =>
    database
      .delete(item)
      .where(inArray(item.sku, ["cup", "mug"]))
      .returning({ sku: item.sku }),
  );
  await step("unique violation", () => database.insert(item).values({ sku: "pan" }));
}

await main(
  work,
  () => database.execute(sql`select 1`),
  () => pool.end(),
);
