import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { expect, test } from "vitest";
import { addressesOf } from "./addresses.ts";

const clock = fakeClock();
const answer =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address }));

test("an address is itself, and nobody is asked", async () => {
  const ask = async (): Promise<never> => Promise.reject(new Error("asked"));
  expect(await addressesOf("10.0.0.7", clock, ask)).toEqual(["10.0.0.7"]);
  expect(await addressesOf("2001:db8::7", clock, ask)).toEqual(["2001:db8::7"]);
});

test("a name has its addresses once each, without an interface", async () => {
  const ask = answer("10.0.0.8", "fe80::1%eth0", "10.0.0.7", "10.0.0.8");
  expect(await addressesOf("db", clock, ask)).toEqual(["10.0.0.7", "10.0.0.8", "fe80::1"]);
});

test("a name that is unknown, or whose answer does not come, has none", async () => {
  expect(await addressesOf("db", clock, async () => Promise.reject(new Error("ENOTFOUND")))).toEqual([]);
  const silent = addressesOf("db", clock, () => new Promise(() => {}));
  clock.advance(5000);
  expect(await silent).toEqual([]);
});
