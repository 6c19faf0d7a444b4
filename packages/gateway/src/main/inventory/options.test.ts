import { expect, test } from "vitest";
import { checkOptions, type InventoryOptions, partOf, sinceOf } from "./options.ts";
import { fakeKind } from "./testing/fake-kind.ts";

const options = (more: Partial<InventoryOptions> = {}): InventoryOptions => ({
  connection: "orders-db",
  check: false,
  unused: false,
  by: [],
  minSeen: 1,
  json: false,
  ...more,
});

test.each([
  ["nothing but a connection", {}],
  ["a configuration", { config: "mayfly.yaml" }],
  ["what would be refused, by a configuration", { config: "mayfly.yaml", check: true }],
  ["what is unused, by a configuration", { config: "mayfly.yaml", unused: true }],
  ["the longest name", { connection: `a${"b".repeat(62)}` }],
] as const)("%s may be asked", (_, more) => {
  expect(() => checkOptions(options(more))).not.toThrow();
});

test.each([
  "",
  "Orders",
  "1orders",
  "-orders",
  "orders_db",
  "orders db",
  "orders\n",
  "a: {}\nb",
  "orders#",
  `a${"b".repeat(63)}`,
])("%j is no connection's name, and what one looks like is said", (connection) => {
  expect(() => checkOptions(options({ connection }))).toThrow(
    expect.objectContaining({
      code: "bad_name",
      message: `${JSON.stringify(connection)} is no connection's name`,
      hint: "lower-case letters, digits and hyphens, a letter first: orders-db",
    }),
  );
});

test("what would be refused and what is unused are not asked together", () => {
  expect(() => checkOptions(options({ config: "mayfly.yaml", check: true, unused: true }))).toThrow(
    expect.objectContaining({
      code: "bad_options",
      message: "--check and --unused are two questions",
      hint: "ask one at a time",
    }),
  );
});

test.each(["check", "unused"] as const)("--%s is refused without a configuration", (which) => {
  expect(() => checkOptions(options({ [which]: true }))).toThrow(
    expect.objectContaining({
      code: "bad_options",
      message: `--${which} needs a configuration`,
      hint: "say which: -c mayfly.yaml",
    }),
  );
});

test("a search path is refused beside a configuration, which says it", () => {
  expect(() => checkOptions(options({ searchPath: "app" }))).not.toThrow();
  expect(() => checkOptions(options({ searchPath: "app", config: "mayfly.yaml" }))).toThrow(
    expect.objectContaining({ code: "bad_options", hint: "the configuration says it: search_path" }),
  );
});

test.each(["check", "unused"] as const)("a least count is refused where --%s is asked", (which) => {
  const asked = { [which]: true, config: "mayfly.yaml" };
  expect(() => checkOptions(options({ config: "mayfly.yaml", minSeen: 2 }))).not.toThrow();
  expect(() => checkOptions(options({ ...asked, minSeen: 2 }))).toThrow(
    expect.objectContaining({ code: "bad_options", message: "--min-seen is about what is proposed" }),
  );
});

test("since when is a duration in milliseconds, and nothing where it is left out", () => {
  expect(sinceOf(options())).toBeUndefined();
  expect(sinceOf(options({ since: "90d" }))).toBe(7_776_000_000);
  expect(sinceOf(options({ since: "12h" }))).toBe(43_200_000);
  expect(sinceOf(options({ since: "0s" }))).toBe(0);
});

test.each(["", "90", "d", "90 d", "-90d", "2026-11-01", "90d\n", "9999999999d"])(
  "%j is no duration, and how one is written is said",
  (since) => {
    expect(() => sinceOf(options({ since }))).toThrow(
      expect.objectContaining({
        code: "bad_duration",
        message: `--since ${since} is no duration`,
        hint: "a number and a unit: 90d, 12h",
      }),
    );
  },
);

const databases = fakeKind("postgres", "database");
const hosts = fakeKind("http", "host");

test("the part of the target is what its own option says", () => {
  expect(partOf(options(), databases)).toBeUndefined();
  expect(partOf(options({ database: "shop", searchPath: "app" }), databases)).toBe("shop");
  expect(partOf(options({ host: "a.example" }), hosts)).toBe("a.example");
});

test.each([
  [{ database: "shop" }, hosts, "--database is not for http", "--host says which host"],
  [{ host: "a.example" }, databases, "--host is not for postgres", "--database says which database"],
  [{ host: "a.example" }, fakeKind("mcp", "tool"), "--host is not for mcp", "leave it out"],
  [{ searchPath: "app" }, hosts, "--search-path is for postgres, not for http", "leave it out"],
] as const)("an option of another kind of connection is refused: %j", (more, kind, message, hint) => {
  expect(() => partOf(options(more), kind)).toThrow(
    expect.objectContaining({ code: "bad_options", message, hint }),
  );
});
