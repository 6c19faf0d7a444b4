import { DataSource, EntitySchema, In } from "typeorm";
import { main, place, step, tls } from "./steps.ts";

interface Customer {
  id: number;
  email: string;
  name: string | null;
  items: Item[];
}
interface Item {
  id: number;
  sku: string;
  price: string | null;
  tags: string[] | null;
  data: unknown;
  made: Date | null;
  token: string | null;
  feeling: string | null;
  active: boolean | null;
  customer: Customer | null;
}
const customers = new EntitySchema<Customer>({
  name: "customer",
  columns: {
    id: { type: "int", primary: true, generated: true },
    email: { type: "varchar", length: 120 },
    name: { type: "text", nullable: true },
  },
  relations: { items: { type: "one-to-many", target: "item", inverseSide: "customer" } },
});
const items = new EntitySchema<Item>({
  name: "item",
  columns: {
    id: { type: "int", primary: true, generated: true },
    sku: { type: "varchar", length: 40 },
    price: { type: "numeric", precision: 10, scale: 2, nullable: true },
    tags: { type: "text", array: true, nullable: true },
    data: { type: "jsonb", nullable: true },
    made: { type: "timestamptz", nullable: true },
    token: { type: "uuid", nullable: true },
    feeling: { type: "enum", enum: ["sad", "ok", "happy"], enumName: "mood", nullable: true },
    active: { type: "boolean", nullable: true },
  },
  relations: {
    customer: {
      type: "many-to-one",
      target: "customer",
      joinColumn: { name: "customer_id" },
      inverseSide: "items",
    },
  },
});
const { user: username, ...rest } = place;
const source = new DataSource({
  type: "postgres",
  ...rest,
  username,
  ssl: tls ?? false,
  entities: [customers, items],
  poolSize: 2,
  // No connection is the pool's to complain about once its grant has ended.
  poolErrorHandler: () => undefined,
});

async function work(): Promise<void> {
  await step("initialize", async () => (await source.initialize()).isInitialized);
  const [all, buyers] = [source.getRepository(items), source.getRepository(customers)];
  await step("find", () => all.find({ relations: { customer: true }, order: { id: "ASC" } }));
  await step("findAndCount", () => all.findAndCount({ take: 1, order: { id: "ASC" } }));
  await step("save", () =>
    all.save([
      { sku: "cup", price: "1.50", tags: ["a", 'b"c'], data: { a: [1] }, made: new Date(0), feeling: "ok" },
      { sku: "mug", token: "6f1f4c1e-7a42-4d5e-9a53-0d8c5b1a2f12" },
    ]),
  );
  await step("save again", async () => {
    const cup = await all.findOneByOrFail({ sku: "cup" });
    return all.save({ ...cup, active: false });
  });
  await step(
    "upsert",
    async () => (await all.upsert({ sku: "cup", price: "9" }, ["sku"])).generatedMaps.length,
  );
  await step("query builder", () =>
    buyers
      .createQueryBuilder("c")
      .leftJoin("c.items", "i")
      .select(["c.email as email", "count(i.id) as n"])
      .groupBy("c.id")
      .orderBy("c.id")
      .getRawMany(),
  );
  await step("transaction and savepoint", () =>
    source.transaction("SERIALIZABLE", async (manager) => {
      await manager.insert(customers, { email: "eve@example.com" });
      const failed = await manager
        .transaction((one) => one.insert(customers, { email: "eve@example.com" }))
        .catch((error: Error) => error.name);
      const emails = await manager.find(customers, { order: { id: "ASC" } });
      await manager.delete(customers, { email: "eve@example.com" });
      return [failed, emails.map(({ email }) => email)];
    }),
  );
  await step("delete", async () => (await all.delete({ sku: In(["cup", "mug"]) })).affected);
  await step("raw", () => source.query("select $1::int as n", [1]));
  await step("unique violation", () => all.insert({ sku: "pan" }));
  await step("unknown column", () => source.query("select colour from item"));
  await step("tables", async () => {
    const runner = source.createQueryRunner();
    const table = await runner.getTable("item");
    await runner.release();
    return table?.columns.map(({ name, type }) => [name, type]);
  });
}

await main(
  work,
  async () => {
    if (!source.isInitialized) await source.initialize();
    return source.query<unknown>("select 1");
  },
  () => source.destroy(),
);
