import { describe, expect, test } from "vitest";
import { begunKind, toldKind } from "./kind.ts";
import { fakeKind } from "./testing/fake-kind.ts";

const postgres = fakeKind("postgres", "database", ["pg-json", "pg-csv"]);
const http = fakeKind("http", "host", ["http-json", "pg-json-2"]);
const kinds = [postgres, http];
const connection = "orders";

describe("the kind of a connection", () => {
  test.each([
    ["is what the configuration says", { configured: "http" }, http],
    ["is that of both where they agree", { configured: "http", kind: "http" }, http],
    [
      "is the configuration's, whatever a format's name tells",
      { configured: "http", format: "pg-csv" },
      http,
    ],
    ["is what the option says", { kind: "http" }, http],
    ["is the option's, whatever a format's name tells", { kind: "postgres", format: "http-json" }, postgres],
    ["is that of the format that is named", { format: "http-json" }, http],
    ["is told by nothing but the sources otherwise", {}, undefined],
  ])("%s", (_, told, kind) => {
    expect(toldKind(kinds, { connection, ...told })).toBe(kind);
  });

  test.each([
    [
      { configured: "postgres", kind: "http" },
      "bad_options",
      "orders is a connection of postgres, not of http",
      "leave --kind out: the configuration says it",
    ],
    [
      { configured: "kubernetes" },
      "no_inventory",
      "orders is a connection of kubernetes, of which no inventory is made yet",
      "it is made of postgres, http",
    ],
    [{ kind: "mysql" }, "no_inventory", "no inventory is made of mysql", "it is made of postgres, http"],
    [
      { format: "mysql" },
      "unknown_format",
      "there is no format mysql",
      "known are pg-json, pg-csv, http-json, pg-json-2",
    ],
  ])("is refused with a hint: %j", (told, code, message, hint) => {
    expect(() => toldKind(kinds, { connection, ...told })).toThrow(
      expect.objectContaining({ code, message, hint }),
    );
  });
});

describe("the kind of sources", () => {
  test.each([
    ["pg-csv and more", postgres],
    ["http-json and more", http],
    ["pg-json-2 may be either: the first that recognizes it", postgres],
  ])("is that which recognizes how they begin: %s", (beginning, kind) => {
    expect(begunKind(kinds, connection, { path: "a.log", beginning })).toBe(kind);
  });

  test("that none recognizes is refused with all formats that there are", () => {
    expect(() => begunKind(kinds, connection, { path: "a.log", beginning: "once upon a time" })).toThrow(
      expect.objectContaining({
        code: "unknown_format",
        message: "a.log does not begin as any known format does",
        hint: "known are pg-json, pg-csv, http-json, pg-json-2, and the folder of Mayfly's own audit log; --format says which it is; postgres writes one; http writes one",
      }),
    );
  });

  test("that hold nothing, or acts of every kind, is asked for", () => {
    expect(() => begunKind(kinds, connection, undefined)).toThrow(
      expect.objectContaining({
        code: "unknown_kind",
        message: "the sources do not tell of what kind orders is",
        hint: "say which: --kind postgres or --kind http",
      }),
    );
  });
});
