import { DataTypes, QueryTypes, Sequelize, Transaction } from "sequelize";
import { main, place, step, tls } from "./steps.ts";

const { host, port, user: username, password, database } = place;
const sequelize = new Sequelize({
  dialect: "postgres",
  host,
  port,
  username,
  password,
  database,
  logging: false,
  pool: { max: 2 },
  dialectOptions: tls === undefined ? {} : { ssl: tls },
});
const define = { freezeTableName: true, timestamps: false };
const Customer = sequelize.define(
  "customer",
  { email: { type: DataTypes.STRING(120), allowNull: false }, name: DataTypes.TEXT },
  define,
);
const Item = sequelize.define(
  "item",
  {
    sku: { type: DataTypes.STRING(40), allowNull: false },
    price: DataTypes.DECIMAL(10, 2),
    tags: DataTypes.ARRAY(DataTypes.TEXT),
    data: DataTypes.JSONB,
    made: DataTypes.DATE,
    day: DataTypes.DATEONLY,
    token: DataTypes.UUID,
    feeling: DataTypes.ENUM("sad", "ok", "happy"),
    active: DataTypes.BOOLEAN,
  },
  define,
);
Customer.hasMany(Item, { foreignKey: "customer_id" });
Item.belongsTo(Customer, { foreignKey: "customer_id" });

async function work(): Promise<void> {
  await step("authenticate", () => sequelize.authenticate());
  await step("findAll", async () =>
    (await Item.findAll({ order: ["id"] })).map((item) => item.toJSON<unknown>()),
  );
  await step("include", async () =>
    (await Customer.findAll({ include: Item, order: ["id"] })).map((one) => one.toJSON<unknown>()),
  );
  await step("findAndCountAll", () => Item.findAndCountAll({ limit: 1, order: ["id"], raw: true }));
  await step("create", async () => {
    const made = await Item.create({
      sku: "cup",
      price: 1.5,
      tags: ["a", 'b"c'],
      data: { a: [1] },
      made: new Date(0),
      day: "2026-01-02",
      feeling: "ok",
    });
    return made.toJSON<unknown>();
  });
  await step("bulkCreate with upsert", async () =>
    (
      await Item.bulkCreate([{ sku: "cup", price: 9 }, { sku: "mug" }], {
        updateOnDuplicate: ["price"],
        conflictAttributes: ["sku"],
        returning: ["sku", "price"],
      })
    ).map((item) => item.toJSON<unknown>()),
  );
  await step("update", () =>
    Item.update({ active: false }, { where: { sku: "cup" }, returning: ["sku", "active"] }),
  );
  await step("increment", () => Item.increment("price", { where: { sku: "cup" } }));
  await step("transaction and savepoint", () =>
    sequelize.transaction(
      { isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE },
      async (transaction) => {
        const eve = await Customer.create({ email: "eve@example.com" }, { transaction });
        const failed = await sequelize
          .transaction({ transaction }, (one) =>
            Customer.create({ email: "eve@example.com" }, { transaction: one }),
          )
          .catch((error: Error) => error.name);
        const emails = await Customer.findAll({
          attributes: ["email"],
          order: ["id"],
          raw: true,
          transaction,
        });
        await eve.destroy({ transaction });
        return [failed, emails];
      },
    ),
  );
  await step("raw", () =>
    sequelize.query("select :n::int as n", { replacements: { n: 1 }, type: QueryTypes.SELECT }),
  );
  await step("bind", () => sequelize.query("select $1::int as n", { bind: [1], type: QueryTypes.SELECT }));
  await step("destroy", () => Item.destroy({ where: { sku: ["cup", "mug"] } }));
  await step("unique violation", () => Item.create({ sku: "pan" }));
  await step("database version", async () => (await sequelize.databaseVersion()).split(".")[0]);
  await step("showAllTables", () => sequelize.getQueryInterface().showAllTables());
  await step("describeTable", () => sequelize.getQueryInterface().describeTable("item"));
}

await main(
  work,
  () => sequelize.query("select 1"),
  () => sequelize.close(),
);
