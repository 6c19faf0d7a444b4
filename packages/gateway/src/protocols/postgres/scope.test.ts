import { describe, expect, it } from "vitest";
import { checkScope, scopeSchema } from "./scope.ts";

const parse = (scope: unknown): ReturnType<typeof scopeSchema.parse> => scopeSchema.parse(scope);
const paths = (scope: unknown): readonly string[] =>
  checkScope(parse(scope)).map(({ path }) => path.join("."));

describe("a scope's form", () => {
  it("fills in what is left out", () => {
    expect(parse({ statements: ["select"], tables: { "public.a": "all" }, timeout: "30s" })).toEqual({
      statements: ["select"],
      tables: { "public.a": "all" },
      functions: [],
      types: [],
      catalog: false,
      require_where: false,
      timeout: 30_000,
    });
  });

  it.each([
    ["an unknown member", { statements: ["select"], table: {} }],
    ["an unknown statement", { statements: ["truncate"] }],
    ["no statement", { statements: [] }],
    ["an unqualified table", { statements: ["select"], tables: { orders: "all" } }],
    ["three parts", { statements: ["select"], tables: { "a.b.c": "all" } }],
    ["no columns", { statements: ["select"], tables: { "a.b": [] } }],
    ["an unknown use", { statements: ["select"], tables: { "a.b": { read: "all" } } }],
    ["an unqualified function", { statements: ["select"], functions: ["f"] }],
    ["a bad duration", { statements: ["select"], timeout: "soon" }],
    ["no time at all", { statements: ["select"], timeout: "0s" }],
  ])("refuses %s", (_, scope) => {
    expect(scopeSchema.safeParse(scope).success).toBe(false);
  });
});

describe("a scope's sense", () => {
  it("finds members that contradict each other", () => {
    expect(paths({ statements: ["select"], tables: { "a.b": "all" } })).toEqual([]);
    expect(paths({ statements: ["select"], tables: { "a.b": "all" }, require_where: true })).toEqual([
      "require_where",
    ]);
    expect(paths({ statements: ["select"], tables: { "a.b": { update: ["x"] } } })).toEqual([
      "tables.a.b.update",
    ]);
    expect(paths({ statements: ["select"], tables: { "a.b": { where: ["x"] } } })).toEqual(["tables.a.b"]);
    expect(paths({ statements: ["select"], tables: { "pg_catalog.pg_class": "all" } })).toEqual([
      "tables.pg_catalog.pg_class",
    ]);
    expect(paths({ statements: ["select"] })).toEqual(["tables"]);
    expect(paths({ statements: ["select"], catalog: true })).toEqual([]);
  });

  it("refuses functions with which a list of tables means nothing", () => {
    expect(paths({ statements: ["select"], functions: ["pg_catalog.query_to_xml", "a.f"] })).toEqual([
      "functions.0",
    ]);
    expect(paths({ statements: ["select"], functions: ["pg_catalog.lo_export"] })).toEqual(["functions.0"]);
    expect(paths({ statements: ["select"], functions: ["pg_catalog.lower"] })).toEqual(["functions.0"]);
    expect(paths({ statements: ["select"], functions: ["pg_catalog.nextval"] })).toEqual([]);
  });
});
