import { describe, expect, test } from "vitest";
import { nameMatches } from "../request/glob.ts";
import { baseOf, listedNames, patternOf } from "./names.ts";

test.each([
  ["a Deployment's pod", "web-6d4cf56db6-x2x9p", "web-*-*"],
  ["of a name of several parts", "shop-web-7b9f8c-zk4tq", "shop-web-*-*"],
  ["a CronJob's pod", "report-29012345-x7x2z", "report-*-*"],
  ["a Job's, a DaemonSet's, a ReplicaSet's pod", "proxy-x7x2z", "proxy-*"],
  ["a ReplicaSet", "web-6d4cf56db6", "web-*"],
  ["a CronJob's Job", "report-29012345", "report-*"],
  ["an event", "web-1.17a2b3c4d5e6f7a8", "web-1.*"],
  ["a date", "report-2026-12-02", "report-*"],
  ["a date within", "report-2026-12-02-shop", "report-*-shop"],
  ["a UUID", "job-0b5c1a52-6d0f-4a0e-9f5e-0c8f3c1f2a77", "job-*"],
  ["hexadecimal", "build-9fceb02d0ae5", "build-*"],
  ["a number", "order-20417", "order-*"],
])("%s: %s is one of %s", (_, name, pattern) => {
  expect(patternOf(name)).toBe(pattern);
  expect(nameMatches(pattern, name)).toBe(true);
});

test.each([
  "web",
  "web-1",
  "db-0",
  "redis-master",
  "kube-root-ca.crt",
  "app-config",
  "web-proxy",
  "cafe-decade",
  "system:basic-user",
  "v1.apps",
  // Nothing fixed would stand before.
  "20417",
  "2026-12-02",
  "0b5c1a52-6d0f-4a0e-9f5e-0c8f3c1f2a77",
  "x".repeat(300),
])("%s stays as it is", (name) => {
  expect(patternOf(name)).toBe(name);
});

test("a pattern's base is what it is about", () => {
  expect(["web-*-*", "web-1.*", "web", "report-*-shop"].map(baseOf)).toEqual([
    "web",
    "web-1",
    "web",
    "report",
  ]);
});

describe("names that an operation lists", () => {
  const counts = (size: number, times: number): ReadonlyMap<string, number> =>
    new Map(Array.from({ length: size }, (_, at) => [`n${at}`, times]));

  test.each([
    ["few, each seen once", 19, 1, true],
    ["20, each seen once: the next one is new", 20, 1, false],
    ["20, each seen often", 20, 50, true],
    ["200, each seen often", 200, 50, true],
    ["more", 201, 50, false],
  ])("%s", (_, size, times, isListed) => {
    expect(listedNames(counts(size, times)) !== undefined).toBe(isListed);
  });
});
