import knex from "knex";
import { main, place, step, tls } from "./steps.ts";

const database = knex({
  client: "pg",
  connection: { ...place, ...(tls === undefined ? {} : { ssl: tls }) },
  pool: { min: 0, max: 2 },
});

async function work(): Promise<void> {
  await step("raw", async () => (await database.raw<{ rows: unknown }>("select ?::int as n", [1])).rows);
  await step("select", () => database("item").select("*").whereIn("id", [1, 2]).orderBy("id"));
  await step("join", () =>
    database("item")
      .join("customer", "customer.id", "item.customer_id")
      .select("sku", "email")
      .orderBy("sku"),
  );
  await step("aggregate", () => database("item").count("* as n").sum("price as s").first());
  await step("insert returning", () =>
    database("item")
      .insert([{ sku: "cup", price: 1.5, tags: ["a"], data: JSON.stringify({ a: 1 }) }, { sku: "mug" }])
      .returning(["id", "sku", "price", "tags", "data"]),
  );
  await step("upsert", () =>
    database("item").insert({ sku: "cup", price: 9 }).onConflict("sku").merge(["price"]).returning("price"),
  );
  await step("update", () =>
    database("item").where({ sku: "cup" }).update({ active: false }, ["sku", "active"]),
  );
  await step("increment", () => database("item").where({ sku: "cup" }).increment("price", 1));
  await step("transaction and savepoint", () =>
    database.transaction(async (all) => {
      await all("customer").insert({ email: "eve@example.com" });
      const failed = await all
        .transaction((one) => one("customer").insert({ email: "eve@example.com" }))
        .catch((error: Error) => error.message);
      const emails = await all("customer").select("email").orderBy("id");
      await all("customer").where({ email: "eve@example.com" }).del();
      return [failed, emails];
    }),
  );
  await step("read-only transaction", () =>
    database.transaction((all) => all("item").count("* as n"), {
      readOnly: true,
      isolationLevel: "serializable",
    }),
  );
  await step("lock", () =>
    database.transaction((all) => all("item").where({ sku: "pan" }).forUpdate().select("sku")),
  );
  await step("delete", () => database("item").whereIn("sku", ["cup", "mug"]).del());
  await step("unique violation", () => database("item").insert({ sku: "pan" }));
  await step("unknown column", () => database("item").select("colour"));
  await step("hasTable", () => database.schema.hasTable("item"));
  await step("columnInfo", () => database("item").columnInfo());
}

await main(
  work,
  () => database.raw("select 1"),
  () => database.destroy(),
);
