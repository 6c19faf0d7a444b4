import { expect, test } from "vitest";
import { isLoopbackAddress, isOwnMachine, plainAddress } from "./addresses.ts";

test.each([
  ["10.0.0.7", "10.0.0.7"],
  ["::ffff:10.0.0.7", "10.0.0.7"],
  ["::FFFF:a00:7", "10.0.0.7"],
  ["2001:DB8:0:0::7", "2001:db8::7"],
  ["fe80::1%eth0", "fe80::1"],
  ["::1", "::1"],
  ["::", "::"],
  ["0:0:0:0:0:0:0:0", "::"],
  ["0.0.0.0", "0.0.0.0"],
  ["::ffff:0.0.0.0", "0.0.0.0"],
  ["::ffff:0:0", "0.0.0.0"],
  ["db.internal", undefined],
  ["010.0.0.7", undefined],
  ["", undefined],
  [undefined, undefined],
])("%s is written %s", (written, plain) => {
  expect(plainAddress(written)).toBe(plain);
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::ffff:127.0.0.1", true],
  ["::1", true],
  ["10.0.0.7", false],
  ["128.0.0.1", false],
  ["localhost", false],
])("%s: %s", (written, expected) => {
  expect(isLoopbackAddress(written)).toBe(expected);
});

test.each([
  ["127.0.0.1", true],
  ["::ffff:7f00:1", true],
  ["::1", true],
  ["0.0.0.0", true],
  ["::ffff:0.0.0.0", true],
  ["::", true],
  ["0::0%eth0", true],
  ["0.0.0.1", false],
  ["::2", false],
  ["10.0.0.7", false],
  ["", false],
])("%s means the machine of whoever dials it: %s", (written, expected) => {
  expect(isOwnMachine(written)).toBe(expected);
});
