import { describe, expect, it } from "vitest";
import { createApi } from "../server.ts";
import { connectionsOf, type ConnectionsFacts } from "./connections.ts";
import { fakes } from "../testing/fakes.ts";

const hour = 3_600_000;
const facts: ConnectionsFacts = {
  connections: [
    {
      name: "orders-db",
      protocol: "postgres",
      address: "db.internal:5432/shop",
      health: { state: "down", checkedAt: 0, detail: "the database refused the gateway (SQLSTATE 28P01)" },
    },
    { name: "new-db", protocol: "postgres", address: "new:5432/new", health: { state: "unknown" } },
  ],
  inventory: fakes().grants.inventory,
  recent: [
    { connection: "orders-db", grants: 2, acts: 0, denied: 3 },
    { connection: "orders-db", operation: "read-orders", grants: 0, acts: 5, denied: 0, lastAt: hour },
  ],
  usage: [
    { connection: "orders-db", operation: "read-orders", grants: 0, acts: 5, denied: 0, lastAt: hour },
    { connection: "orders-db", operation: "gone", grants: 0, acts: 5, denied: 0, lastAt: 2 * hour },
  ],
  showsDetail: false,
};

describe("connections", () => {
  it("say how each target is, what can be done on it and how it was used", () => {
    const [orders, fresh] = connectionsOf(facts).connections;
    expect(orders).toEqual({
      name: "orders-db",
      protocol: "postgres",
      address: "db.internal:5432/shop",
      health: { state: "down", checked_at: "1970-01-01T00:00:00.000Z" },
      operations: [
        {
          name: "read-orders",
          description: "Read orders and who placed them",
          risk: "low",
          last_used_at: "1970-01-01T01:00:00.000Z",
        },
        { name: "refund-order", description: "Set one order's status", risk: "high" },
      ],
      recent: { grants: 2, acts: 5, denied: 3, last_used_at: "1970-01-01T02:00:00.000Z" },
    });
    expect(fresh).toMatchObject({
      health: { state: "unknown" },
      operations: [],
      recent: { grants: 0, acts: 0, denied: 0 },
    });
  });

  it("say until when one is observed", () => {
    const until = Date.parse("2027-01-31T00:00:00Z");
    const entry = { description: "", risk: "high", digest: "", scope: [], until } as const;
    const inventory = new Map([["orders-db", new Map([["observe", entry]])]]);
    const [orders, fresh] = connectionsOf({ ...facts, inventory }).connections;
    expect(orders?.observed_until).toBe("2027-01-31T00:00:00.000Z");
    expect(fresh).not.toHaveProperty("observed_until");
  });

  it("tell operators alone why a target is down", async () => {
    const { services } = fakes({ connections: () => facts.connections });
    const app = createApi(services);
    for (const who of ["reviewer", "auditor", "operator"]) {
      const answer = await app.inject({
        url: "/v1/connections",
        headers: { authorization: `Bearer token-${who}` },
      });
      expect(answer.statusCode).toBe(200);
      expect(answer.body.includes("28P01")).toBe(who === "operator");
    }
    await app.close();
  });
});
