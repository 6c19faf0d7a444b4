import { expect, test } from "vitest";
import { affordableSessions, parseAvailable } from "./idle.ts";
import { readPgbench, secondsFor, spanOf } from "./pgbench.ts";
import { chosen, scenarios } from "./scenarios.ts";

const printed = `duration: 2 s
number of transactions actually processed: 21008
latency average = 0.762 ms
initial connection time = 66.123 ms
tps = 10444.700000 (without initial connection time)
`;

test("what pgbench prints is read", () => {
  expect(readPgbench(printed)).toEqual({ tps: 10_444.7, latency: 0.762, connecting: 66.123 });
  const reconnecting = printed
    .replace("initial connection time = 66.123", "average connection time = 5.0")
    .replace("without initial connection time", "including reconnection times");
  expect(readPgbench(reconnecting)).toEqual({ tps: 10_444.7, latency: 0.762, connecting: 0 });
});

test("a run without a transaction is none", () => {
  expect(readPgbench(printed.replace(/tps = .*/, ""))).toBeUndefined();
  expect(readPgbench(printed.replace(/latency.*/, ""))).toBeUndefined();
});

test("what is counted begins after all are in, and ends with pgbench's time", () => {
  expect(spanOf({ tps: 1, latency: 1, connecting: 400 }, 2)).toEqual({ from: 500, to: 2000 });
});

test("loads are chosen by whole names first, then by parts", () => {
  const names = (only: string): string[] => chosen(scenarios, only).map(({ name }) => name);
  expect(names("")).toHaveLength(20);
  expect(names("simple, 8 clients")).toEqual(["simple, 8 clients"]);
  expect(names("simple, 8; large")).toEqual(["simple, 8 clients", "simple, 8 clients, TLS", "large result"]);
  expect(() => names("simple, 9 clients")).toThrow('no load is named "simple, 9 clients"');
});

test("pgbench is given whole seconds, of which enough are left when all clients are in", () => {
  expect(secondsFor(2, 0)).toBe(3);
  expect(secondsFor(2, 850)).toBe(3);
  expect(secondsFor(2, 950)).toBe(4);
});

test("idle sessions take half of the memory that is free, and no more than wanted", () => {
  const gibibyte = 1024 ** 3;
  expect(affordableSessions(5000, 100 * gibibyte)).toBe(5000);
  expect(affordableSessions(5000, 8 * gibibyte)).toBe(1024);
  expect(parseAvailable("MemTotal: 9 kB\nMemAvailable:    1024 kB\n")).toBe(1_048_576);
  expect(() => parseAvailable("MemTotal: 9 kB\n")).toThrow("no MemAvailable");
});
