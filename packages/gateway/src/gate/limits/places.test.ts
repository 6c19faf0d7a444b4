import { expect, test } from "vitest";
import { addressKey, createPlaces } from "./places.ts";

test("one key takes no more than its places, and leaves the others theirs", () => {
  const places = createPlaces(() => ({ perKey: 2, total: 3 }));
  const first = places.acquire("a");
  expect(first).toBeDefined();
  expect(places.acquire("a")).toBeDefined();
  expect(places.acquire("a")).toBeUndefined();
  expect(places.acquire("b")).toBeDefined();
  expect(places.acquire("c")).toBeUndefined();
  expect(places.inUse).toBe(3);
  first?.();
  first?.();
  expect(places.inUse).toBe(2);
  expect(places.of("a")).toBe(1);
  expect(places.acquire("c")).toBeDefined();
});

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["10.1.2.3", "10.1.2.3"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
  ["2001:db8:1:2:ffff:ffff:ffff:fffe", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["1::", "1:0:0:0::/64"],
  ["64:ff9b::192.0.2.33", "64:ff9b:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", ""],
])("%s counts as %s", (address, key) => expect(addressKey(address)).toBe(key));
