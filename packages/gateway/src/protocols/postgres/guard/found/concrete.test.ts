import { describe, expect, it } from "vitest";
import { scopeSchema } from "../../scope.ts";
import { concreteScope, matchesOf } from "./concrete.ts";
import { type Found, nothingFound } from "./found.ts";

const found: Found = {
  ...nothingFound,
  relations: new Set(["s.a", "s.a_b", "s.a_b_c", "s.pay", "s.view", "s.view2", "t.a", "s.constructor"]),
  reads: new Map([
    ["s.view", new Set(["s.pay"])],
    ["s.view2", new Set(["s.a"])],
  ]),
  functions: new Set(["s.f", "s.fg"]),
  procedures: new Set(["s.p"]),
  partitions: new Map([
    ["s.a", new Set(["s.a_1", "s.a_1_1"])],
    ["s.a_1", new Set(["s.a_1_1"])],
  ]),
};

const concrete = (scope: object, from = found): ReturnType<typeof concreteScope> =>
  concreteScope(scopeSchema.parse({ statements: ["select"], ...scope }), from);

describe("a scope without patterns", () => {
  it("names what each was found to match", () => {
    const { tables, functions, procedures } = concrete({
      tables: { "s.*": "all" },
      functions: ["s.f*", "x.y"],
      procedures: ["s.*"],
    });
    expect(Object.keys(tables).toSorted()).toEqual(
      ["s.a", "s.a_b", "s.a_b_c", "s.constructor", "s.pay", "s.view", "s.view2"].toSorted(),
    );
    expect(functions).toEqual(["x.y", "s.f", "s.fg"]);
    expect(procedures).toEqual(["s.p"]);
  });

  it("is what it was where there are none, whatever the database holds", () => {
    const { tables, functions } = concrete({ tables: { "s.a": "all", "s.gone": ["x"] }, functions: ["s.f"] });
    expect(tables).toEqual({ "s.a": "all", "s.gone": ["x"] });
    expect(functions).toEqual(["s.f"]);
  });

  it("has nothing of a pattern when the database was not asked", () => {
    expect(concrete({ tables: { "s.*": "all" }, functions: ["s.*"] }, nothingFound)).toMatchObject({
      tables: {},
      functions: [],
    });
  });

  it("keeps a table's own entry, and takes the longest pattern of others", () => {
    const { tables } = concrete({ tables: { "s.*": "all", "s.a_*": ["x"], "s.a_b": ["y"] } });
    expect(tables).toMatchObject({ "s.a": "all", "s.a_b": ["y"], "s.a_b_c": ["x"] });
  });

  it("leaves exceptions out, of whatever kind, with the views that read them", () => {
    const { tables, functions, procedures } = concrete({
      tables: { "s.*": "all" },
      functions: ["s.*"],
      procedures: ["s.*"],
      except: ["s.pay", "s.a_*", "s.f", "s.p"],
    });
    expect(Object.keys(tables).toSorted()).toEqual(["s.a", "s.constructor", "s.view2"]);
    expect(functions).toEqual(["s.fg"]);
    expect(procedures).toEqual([]);
  });

  it.each([
    ["in part", ["x"], false],
    ["for writing", { insert: "all" }, false],
    ["whole", "all", true],
    ["whole for reading", { select: "all", update: ["x"] }, true],
  ])("has a view of a table that is granted %s: %#", (_, entry, isMatched) => {
    const { tables } = concrete({ tables: { "s.*": "all", "s.pay": entry } });
    expect(Object.hasOwn(tables, "s.view")).toBe(isMatched);
  });

  it("has no view of what a longer pattern grants in part", () => {
    const { tables } = concrete({ tables: { "s.*": "all", "s.pa*": ["x"] } });
    expect(tables).toMatchObject({ "s.pay": ["x"], "s.view2": "all" });
    expect(Object.hasOwn(tables, "s.view")).toBe(false);
  });

  it("names partitions where the entry says so, the nearest table's entry first", () => {
    const parts = { select: "all", partitions: true };
    expect(Object.keys(concrete({ tables: { "s.a": "all" } }).tables)).toEqual(["s.a"]);
    expect(Object.keys(concrete({ tables: { "s.a": parts } }).tables)).toEqual(["s.a", "s.a_1", "s.a_1_1"]);
    expect(Object.keys(concrete({ tables: { "s.*": parts }, except: ["s.a_1_*"] }).tables)).toContain(
      "s.a_1",
    );
    expect(Object.keys(concrete({ tables: { "s.*": parts }, except: ["s.a_1_*"] }).tables)).not.toContain(
      "s.a_1_1",
    );
    const some = { select: ["x"], partitions: true };
    const { tables } = concrete({ tables: { "s.a": parts, "s.a_1": some } });
    expect(tables["s.a_1_1"]).toEqual(some);
  });
});

it("shows what each pattern matches, without what a longer one has", () => {
  const scope = scopeSchema.parse({
    statements: ["select"],
    tables: { "s.*": "all", "s.a_*": ["x"], "s.pay": ["y"] },
    except: ["s.f*", "s.none"],
    functions: ["s.*"],
  });
  expect(matchesOf(scope, found)).toEqual([
    { what: "tables: s.*", names: ["s.a", "s.constructor", "s.view2"] },
    { what: "tables: s.a_*", names: ["s.a_b", "s.a_b_c"] },
    { what: "functions: s.*", names: [] },
    { what: "except: s.f*", names: ["s.f", "s.fg"] },
    { what: "except: s.none", names: [] },
  ]);
});
