// tier: gate
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { isLoopback, readBlock } from "./address-blocks.ts";

test.each([
  ["10.0.0.5", "10.0.0.5/32"],
  ["10.0.0.0/24", "10.0.0.0/24"],
  ["128.0.0.0/1", "128.0.0.0/1"],
  ["2001:DB8::5", "2001:db8::5/128"],
  ["2001:db8:0:0:0:0:0:0/32", "2001:db8::/32"],
  ["::1", "::1/128"],
])("%s is the block %s", (written, block) => {
  expect(readBlock(written)).toBe(block);
});

test.each([
  ["db.internal", "this is no address"],
  ["10.0.0", "this is no address"],
  ["10.0.0.5/", "this is no address"],
  ["10.0.0.5 accept; }", "this is no address"],
  ["fe80::1%eth0", "this is no address"],
  ["10.0.0.5/33", "a prefix has at most 32 bits"],
  ["::1/129", "a prefix has at most 128 bits"],
  ["0.0.0.0/0", "this is everybody"],
  ["::/0", "this is everybody"],
  ["10.0.0.5/24", "it has bits behind the first 24"],
  ["2001:db8::5/64", "it has bits behind the first 64"],
  ["::ffff:10.0.0.5", "this is an IPv4 address in IPv6's form"],
])("%s is refused: %s", (written, why) => {
  expect(() => readBlock(written)).toThrow(why);
});

test("a block is taken when it is its own first address, and only then", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 128n - 1n), fc.integer({ min: 1, max: 128 }), (value, bits) => {
      const rest = 128n - BigInt(bits);
      const text = (number: bigint): string =>
        Array.from({ length: 8 }, (_, at) =>
          ((number >> (112n - 16n * BigInt(at))) & 0xffffn).toString(16),
        ).join(":");
      const base = (value >> rest) << rest;
      fc.pre(base >> 32n !== 0xffffn);
      expect(readBlock(`${text(base)}/${bits}`)).toMatch(new RegExp(`/${bits}$`));
      const isRefused = (): boolean => {
        try {
          return readBlock(`${text(value)}/${bits}`) === "";
        } catch {
          return true;
        }
      };
      expect(isRefused()).toBe(value !== base);
    }),
  );
});

test("loopback addresses are told from others", () => {
  expect(["127.0.0.1/32", "127.8.0.0/16", "::1/128"].map(isLoopback)).toEqual([true, true, true]);
  expect(["10.127.0.1/32", "1270::/16", "::/127"].map(isLoopback)).toEqual([false, false, false]);
});
