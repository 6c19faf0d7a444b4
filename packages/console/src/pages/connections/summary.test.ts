import type { Connection } from "@mayfly/sdk/browser";
import { expect, test } from "vitest";
import { byNeed, fittingConnections, healthWords, overview, protocolName, wrongWords } from "./summary.ts";

const now = Date.UTC(2026, 10, 24);
const ago = (ms: number): string => new Date(now - ms).toISOString();

const connection = (name: string, health: Connection["health"]): Connection => ({
  name,
  protocol: "postgres",
  address: "db.internal:5432",
  health,
  operations: [],
  recent: { grants: 0, acts: 0, denied: 0 },
});

test.each([
  [{ state: "up", checked_at: ago(15_000), milliseconds: 3.4 }, "answered in 3 ms, checked 15 s ago", false],
  [{ state: "up", checked_at: ago(15_000), milliseconds: 0.2 }, "answered in 1 ms, checked 15 s ago", false],
  [{ state: "down", checked_at: ago(1000), milliseconds: 5000 }, "checked just now", false],
  [{ state: "up", checked_at: ago(180_000) }, "checked 3 min ago", true],
  [{ state: "unknown" }, "not checked yet", false],
] as const)("%j reads %j", (health, text, stale) => {
  expect(healthWords(connection("x", health), now)).toEqual({ state: health.state, text, stale });
});

test("what is down comes first, then what nobody knows", () => {
  const all = [
    connection("b", { state: "up" }),
    connection("c", { state: "down" }),
    connection("a", { state: "up" }),
    connection("d", { state: "unknown" }),
  ];
  expect(byNeed(all).map(({ name }) => name)).toEqual(["c", "d", "a", "b"]);
  expect(overview(all)).toBe("4 connections: 1 down, 1 unknown, 2 up");
  expect(overview(all.slice(0, 1))).toBe("1 connection: 1 up");
});

test("what is wrong is said in words, to whoever may read them", () => {
  const down = (detail?: string): string | undefined =>
    wrongWords(connection("x", { state: "down", ...(detail === undefined ? {} : { detail }) }));
  expect(down("nothing listens there (ECONNREFUSED)")).toBe("Down: nothing listens there (ECONNREFUSED).");
  expect(down()).toBe("Down. An operator can see why.");
  expect(wrongWords(connection("x", { state: "up" }))).toBeUndefined();
});

test("words find a connection by its name, address, protocol and operations", () => {
  const all = [
    connection("orders-db", { state: "up" }),
    { ...connection("billing", { state: "down" }), protocol: "http", address: "https://billing.internal" },
  ];
  const names = (filter: Parameters<typeof fittingConnections>[1]): readonly string[] =>
    fittingConnections(all, filter).map(({ name }) => name);
  expect(names({})).toEqual(["orders-db", "billing"]);
  expect(names({ text: "API internal" })).toEqual(["billing"]);
  expect(names({ state: "up" })).toEqual(["orders-db"]);
  expect(names({ text: "billing", state: "up" })).toEqual([]);
  expect(protocolName("ssh")).toBe("ssh");
});
