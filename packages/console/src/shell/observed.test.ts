import type { Connection } from "@mayfly/sdk/browser";
import { expect, test } from "vitest";
import { observedNow } from "./observed.ts";

const connection = (name: string, until?: string): Connection =>
  ({ name, ...(until === undefined ? {} : { observed_until: until }) }) as Connection;

test("what is observed is named with its last day, and no longer when that is over", () => {
  const all = [
    connection("later", "2027-02-01T00:00:00.000Z"),
    connection("sooner", "2027-01-21T00:00:00.000Z"),
    connection("ordinary"),
  ];
  expect(observedNow(all, Date.parse("2027-01-20T23:59:59Z"))).toEqual([
    { name: "sooner", last: "2027-01-20" },
    { name: "later", last: "2027-01-31" },
  ]);
  expect(observedNow(all, Date.parse("2027-01-21T00:00:00Z")).map(({ name }) => name)).toEqual(["later"]);
  expect(observedNow(all, Date.parse("2027-02-01T00:00:00Z"))).toEqual([]);
});
