import { describe, expect, it } from "vitest";
import { type Atom, scopeOf, writtenScope } from "./atoms.ts";

const written = (atoms: readonly Atom[], requiresWhere = false): unknown =>
  writtenScope(scopeOf(atoms, requiresWhere));

describe("a scope of pieces", () => {
  it("grants nothing without any, not the catalogue either", () => {
    expect(scopeOf([], false)).toEqual({
      statements: [],
      tables: {},
      functions: [],
      procedures: [],
      types: [],
      channels: [],
      settings: [],
      except: [],
      extensions: [],
      temporary_tables: false,
      catalog: false,
      require_where: false,
      mask: {},
    });
  });

  it.each<readonly [readonly Atom[], boolean | "granted"]>([
    [[["catalog", "granted"]], "granted"],
    [[["catalog", "all"]], true],
    [
      [
        ["catalog", "granted"],
        ["catalog", "all"],
      ],
      true,
    ],
    [
      [
        ["catalog", "all"],
        ["catalog", "granted"],
      ],
      true,
    ],
  ])("opens as much of the catalogue as any of %j", (atoms, catalog) => {
    expect(scopeOf(atoms, false).catalog).toBe(catalog);
  });

  it.each<readonly [readonly Atom[]]>([
    [
      [
        ["whole", "a.t", "select"],
        ["column", "a.t", "select", "id"],
      ],
    ],
    [
      [
        ["column", "a.t", "select", "id"],
        ["whole", "a.t", "select"],
      ],
    ],
  ])("takes every column rather than some, in whatever order: %j", (atoms) => {
    expect(scopeOf([["statement", "select"], ...atoms], false).tables).toEqual({ "a.t": "all" });
  });

  it("lists the columns of what is read alone, and says each use where there are others", () => {
    const read: Atom = ["column", "a.t", "select", "id"];
    expect(scopeOf([["statement", "select"], read], false).tables).toEqual({ "a.t": ["id"] });
    expect(scopeOf([["statement", "copy_to"], read], false).tables).toEqual({ "a.t": ["id"] });
    expect(scopeOf([["statement", "update"], read], false).tables).toEqual({ "a.t": { select: ["id"] } });
    expect(scopeOf([["statement", "select"], read, ["key", "a.t", "k"]], false).tables).toEqual({
      "a.t": { select: ["id"], where: ["k"] },
    });
    expect(
      scopeOf(
        [["statement", "insert"], ["statement", "select"], read, ["column", "a.t", "insert", "b"]],
        false,
      ).tables,
    ).toEqual({ "a.t": { select: ["id"], insert: ["b"] } });
  });
});

describe("a scope as a configuration says it", () => {
  it("leaves out what is so by default", () => {
    expect(
      written([
        ["statement", "select"],
        ["column", "a.t", "select", "id"],
        ["catalog", "granted"],
      ]),
    ).toEqual({
      statements: ["select"],
      tables: { "a.t": ["id"] },
    });
    expect(
      written(
        [
          ["statement", "delete"],
          ["table", "a.t", "delete"],
          ["key", "a.t", "id"],
        ],
        true,
      ),
    ).toEqual({
      statements: ["delete"],
      tables: { "a.t": { delete: true } },
      require_where: true,
    });
  });

  it("says keys other than id alone", () => {
    const keyed = (...keys: string[]): unknown =>
      written([["table", "a.t", "delete"], ...keys.map((key): Atom => ["key", "a.t", key])]);
    expect(keyed("code")).toMatchObject({ tables: { "a.t": { where: ["code"] } } });
    expect(keyed("code", "id")).toMatchObject({ tables: { "a.t": { where: ["id", "code"] } } });
  });

  it("has everything else, in the order of its names", () => {
    const atoms: readonly Atom[] = [
      ["statement", "select"],
      ["column", "b.t", "select", "z"],
      ["column", "b.t", "select", "id"],
      ["column", "b.t", "select", "a"],
      ["column", "a.t", "select", "x"],
      ["name", "functions", "b.f"],
      ["name", "functions", "a.f"],
      ["name", "procedures", "a.p"],
      ["name", "types", "a.y"],
      ["name", "channels", "jobs"],
      ["name", "settings", "app.tenant"],
      ["temporary"],
      ["catalog", "all"],
    ];
    expect(JSON.stringify(written(atoms))).toBe(
      JSON.stringify({
        statements: ["select"],
        tables: { "a.t": ["x"], "b.t": ["id", "a", "z"] },
        functions: ["a.f", "b.f"],
        procedures: ["a.p"],
        types: ["a.y"],
        channels: ["jobs"],
        settings: ["app.tenant"],
        temporary_tables: true,
        catalog: true,
      }),
    );
  });
});
