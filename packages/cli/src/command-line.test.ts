import { describe, expect, test } from "vitest";
import { hoist, partCommandLine, wantsJson } from "./command-line.ts";
import { program } from "./program.ts";

describe("global flags stand anywhere", () => {
  test.each([
    ["--json status", "status --json"],
    [
      "--profile other --url=https://m.test audit --json search --text x",
      "audit search --profile other --url=https://m.test --json --text x",
    ],
    ["status --json", "status --json"],
    ["--ca ca.pem run orders-db/read --reason R", "run --ca ca.pem orders-db/read --reason R"],
    ["--help", "--help"],
    ["--json nothing-of-ours", "--json nothing-of-ours"],
    ["audit --help", "audit --help"],
    // What is not global belongs to its command.
    ["--reason x request a/b", "--reason x request a/b"],
  ])("%s", (from, to) => {
    expect(hoist(from.split(" "), program([])).join(" ")).toBe(to);
  });
});

describe("what stands behind --", () => {
  test.each([
    ["run a/b -- psql --json", "run a/b", "psql --json"],
    ["--profile run show -- req_1", "--profile run show -- req_1", ""],
    ["--profile x run a/b -- env -- y", "--profile x run a/b", "env -- y"],
    ["connect a/b -- -c select", "connect a/b", "-c select"],
    ["status", "status", ""],
  ])("%s", (line, own, behind) => {
    const parted = partCommandLine(line.split(" "));
    expect([parted.own.join(" "), parted.behind.join(" ")]).toEqual([own, behind]);
  });
});

test.each([
  ["status --json", true],
  ["grants -o json", true],
  ["grants --output=json", true],
  ["grants -o yaml", false],
  ["audit search --text json", false],
])("%s: errors as JSON: %s", (line, is) => {
  expect(wantsJson(line.split(" "))).toBe(is);
});
