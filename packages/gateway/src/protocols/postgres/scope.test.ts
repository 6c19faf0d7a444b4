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
      mask: {},
      procedures: [],
      except: [],
      types: [],
      extensions: [],
      channels: [],
      settings: [],
      catalog: "granted",
      require_where: false,
      temporary_tables: false,
      timeout: 30_000,
    });
  });

  it.each([
    ["an unknown member", { statements: ["select"], table: {} }],
    ["an unknown statement", { statements: ["vacuum"] }],
    ["no statement", { statements: [] }],
    ["an unqualified table", { statements: ["select"], tables: { orders: "all" } }],
    ["three parts", { statements: ["select"], tables: { "a.b.c": "all" } }],
    ["no columns", { statements: ["select"], tables: { "a.b": [] } }],
    ["an unknown use", { statements: ["select"], tables: { "a.b": { read: "all" } } }],
    ["a star in the middle", { statements: ["select"], tables: { "a.b*c": "all" } }],
    ["two stars", { statements: ["select"], tables: { "a.**": "all" } }],
    ["a star for the schema", { statements: ["select"], tables: { "*.b": "all" } }],
    ["a star alone", { statements: ["select"], tables: { "*": "all" } }],
    ["a use that is refused", { statements: ["truncate"], tables: { "a.b": { truncate: false } } }],
    ["a pattern of types", { statements: ["select"], types: ["a.*"] }],
    ["a setting of the server's", { statements: ["select"], settings: ["search_path"] }],
    ["a setting in capitals", { statements: ["select"], settings: ["App.tenant"] }],
    ["a setting that is none", { statements: ["select"], settings: ["app."] }],
    ["a channel without a name", { statements: ["listen"], channels: [""] }],
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

  it.each([
    [
      "a pattern",
      { tables: { "a.*": "all", "a.b": ["x"] }, functions: ["a.f*"], except: ["a.c", "a.d_*"] },
      [],
    ],
    ["call without procedures", { statements: ["call"], tables: { "a.b": "all" } }, ["statements"]],
    ["procedures without call", { tables: { "a.b": "all" }, procedures: ["a.p"] }, ["procedures"]],
    ["listen without channels", { statements: ["listen"], tables: { "a.b": "all" } }, ["statements"]],
    ["channels alone", { statements: ["listen"], channels: ["c"] }, []],
    ["channels without listen", { tables: { "a.b": "all" }, channels: ["c"] }, ["channels"]],
    ["truncate of nothing", { statements: ["truncate"], tables: { "a.b": "all" } }, ["statements"]],
    ["refresh of nothing", { statements: ["refresh"], tables: { "a.b": "all" } }, ["statements"]],
    [
      "a table's truncate alone",
      { tables: { "a.b": { select: "all", truncate: true } } },
      ["tables.a.b.truncate"],
    ],
    ["partitions alone", { tables: { "a.b": { partitions: true } } }, ["tables.a.b"]],
    [
      "truncate with require_where",
      {
        statements: ["truncate", "delete"],
        tables: { "a.b": { truncate: true, delete: true } },
        require_where: true,
      },
      ["require_where"],
    ],
    [
      "a pattern of the catalogue",
      { tables: { "a.b": "all" }, functions: ["pg_catalog.pg_*"] },
      ["functions.0"],
    ],
    ["a pattern of temporary tables", { tables: { "pg_temp.*": "all" } }, ["tables.pg_temp.*"]],
    ["temporary tables alone", { temporary_tables: true }, []],
    [
      "temporary tables beside code of the database's own",
      { temporary_tables: true, functions: ["a.f", "pg_catalog.nextval"], types: ["a.t"] },
      ["functions.0", "types.0"],
    ],
    [
      "what a view may tell",
      { tables: { "a.v": { select: "all", leaky_view: "accepted" }, "a.*": "all" } },
      [],
    ],
    [
      "what every view may tell",
      { tables: { "a.*": { select: "all", leaky_view: "accepted" } } },
      ["tables.a.*.leaky_view"],
    ],
    ["an exception from nothing", { tables: { "a.b": "all" }, except: ["a.c"] }, ["except.0"]],
    ["an exception in another schema", { tables: { "a.*": "all" }, except: ["b.c"] }, ["except.0"]],
    [
      "an exception that is listed too",
      { tables: { "a.*": "all", "a.b": "all" }, except: ["a.b"] },
      ["except.0"],
    ],
    ["an exception of everything", { tables: { "a.b*": "all" }, except: ["a.*"] }, ["except.0"]],
    ["an extension that runs SQL", { tables: { "a.b": "all" }, extensions: ["tablefunc"] }, ["extensions.0"]],
    [
      "a setting of a module's",
      { tables: { "a.b": "all" }, settings: ["plpgsql.check_asserts"] },
      ["settings.0"],
    ],
    [
      "a setting of one's own",
      { tables: { "a.b": "all" }, settings: ["app.tenant", "request.jwt.claims"] },
      [],
    ],
  ])("judges %s", (_, scope, found) => {
    expect(paths({ statements: ["select"], ...scope })).toEqual(found);
  });
});
