import { expect, it } from "vitest";
import { postgresInventory } from "./inventory.ts";

it("names the database that a connection's statements are done in", () => {
  expect(postgresInventory.within({ database: "shop" })).toBe("shop");
});

it.each([
  ["orders-db", "shop", "shop", "ORDERS_DB_PASSWORD"],
  ["orders-db", undefined, "orders-db", "ORDERS_DB_PASSWORD"],
  ["a--b.c", undefined, "a--b.c", "A_B_C_PASSWORD"],
])("drafts the target of %s in %s", (connection, within, database, env) => {
  expect(postgresInventory.targetDraft(connection, within, undefined)).toEqual({
    postgres: { host: "db.internal", database, user: "mayfly", password: { env } },
  });
});

it("says in a draft where names without a schema are, where that is known", () => {
  expect(postgresInventory.targetDraft("a", "b", { search_path: ["app", "public"] })).toMatchObject({
    postgres: { search_path: ["app", "public"] },
  });
});

it("calls its acts statements", () => {
  expect(postgresInventory.act).toBe("statement");
});
