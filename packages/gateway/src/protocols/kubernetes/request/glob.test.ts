import { expect, test } from "vitest";
import { argumentMatches } from "./glob.ts";

test.each([
  ["/var/log/*", "/var/log/.."],
  ["/var/log/*/x", "/var/log/../x"],
  ["*", "../etc/passwd"],
  ["--directory=*", "--directory=.."],
  ["*", "--directory=../etc"],
  ["--copy=*", "--copy=a:.."],
  ["--copy=*", "--copy=a,.."],
  ["-C*", "-C.."],
  ["*", String.raw`C:\logs\..\secrets`],
  ["*", "a\0b"],
])("%j does not stand for %j, which climbs", (pattern, argument) => {
  expect(argumentMatches(pattern, argument)).toBe(false);
  expect(argumentMatches(argument, argument)).toBe(true);
});

test.each([
  ["*", "main..feature"],
  ["*", "v1.."],
  ["--range=*", "--range=1...3"],
  ["/var/log/*", "/var/log/..data"],
])("%s stands for %s", (pattern, argument) => {
  expect(argumentMatches(pattern, argument)).toBe(true);
});
