import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it, test } from "vitest";
import { isClosed } from "../web/schema/closed.ts";
import { compileSchema, type SchemaCheck } from "../web/schema/json-schema.ts";
import { anyJson, anyRecord } from "./testing/json-values.ts";
import { mergedShape, schemaOf, shapeKey, shapeOf } from "./value-shape.ts";

function schemaFor(values: readonly unknown[]): object | undefined {
  const [first, ...rest] = values.map(shapeOf);
  return first === undefined ? undefined : schemaOf(rest.reduce(mergedShape, first));
}

function checkFor(...values: readonly unknown[]): SchemaCheck {
  const compiled = compileSchema(JSON.stringify(schemaFor(values)));
  if ("why" in compiled) throw new Error(compiled.why);
  return compiled.check;
}

const numRuns = 4;

describe("a schema", () => {
  test("takes every value that it was made from", () => {
    fc.assert(
      fc.property(fc.array(anyJson, { minLength: 1, maxLength: 3 }), (values) => {
        const check = checkFor(...values);
        expect(values.map((each) => check(each))).toEqual(values.map(() => undefined));
      }),
      { numRuns },
    );
  });

  test("takes no other member, lacks none, and takes no other type", () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, (one, other) => {
        const check = checkFor(one, other);
        expect(check({ ...one, another: 1 })).toMatch(/must NOT have additional properties: another/);
        for (const name of Object.keys(one)) {
          if (!Object.hasOwn(other, name)) continue;
          const { [name]: _, ...without } = one as Readonly<Record<string, unknown>>;
          expect(check(without)).toContain("must have required property");
        }
        expect(check([one])).toBeDefined();
        expect(check("text")).toBeDefined();
        expect(check(null)).toBeDefined();
      }),
      { numRuns },
    );
  });

  it("says types, bounds, formats and what is required", () => {
    const id = "9f8b6c1d-6f2e-4b6e-9d55-0d6c2f0b7a11";
    const first = { id, cents: 5, note: "a".repeat(65), at: "2024-01-31", tags: [], deep: { on: true } };
    const second = { id, cents: 5, note: null, at: "soon", tags: ["a", 1.5], deep: [] };
    expect(schemaFor([first, second, { ...second, extra: 1 }, { ...second, extra: 0.5 }])).toEqual({
      type: "object",
      properties: {
        at: { type: "string", maxLength: 64 },
        cents: { type: "integer" },
        deep: {
          type: ["object", "array"],
          properties: { on: { type: "boolean" } },
          required: ["on"],
          additionalProperties: false,
          items: false,
          maxItems: 0,
        },
        extra: { type: "number" },
        id: { type: "string", format: "uuid", maxLength: 64 },
        note: { type: ["string", "null"], maxLength: 128 },
        tags: { type: "array", items: { type: ["string", "number"], maxLength: 64 }, maxItems: 16 },
      },
      required: ["at", "cents", "deep", "id", "note", "tags"],
      additionalProperties: false,
    });
  });

  it("refuses a changed type, a longer text or list, another format, a fraction", () => {
    const check = checkFor({ to: "ana@example.com", text: "a", count: 1, list: [1], none: [], on: null });
    const like = { to: "bo@example.org", text: "b", count: 2, list: [3, 4], none: [], on: null };
    expect(check(like)).toBeUndefined();
    for (const changed of [
      { to: "ana" },
      { text: "a".repeat(65) },
      { text: 1 },
      { count: 1.5 },
      { count: "1" },
      { list: Array.from({ length: 17 }, () => 1) },
      { list: [null] },
      { none: [1] },
      { on: false },
      { on: {} },
    ])
      expect(check({ ...like, ...changed }), JSON.stringify(changed)).toBeDefined();
  });

  it("holds no names that are data, but how many they are and what they lead to", () => {
    expect(schemaFor([{ "ana@example.com": 1, "bo@example.com": 2 }, { id: 1.5 }, {}])).toEqual({
      type: "object",
      propertyNames: { maxLength: 64 },
      additionalProperties: { type: "number" },
      maxProperties: 64,
    });
  });

  it("takes more than fifty names at one place for data, of one value or of several", () => {
    const named = (from: number, count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [nameOf(from + at), at]));
    expect(schemaFor([named(0, 50)])).toMatchObject({ additionalProperties: false });
    expect(schemaFor([named(0, 51)])).toMatchObject({ additionalProperties: { type: "integer" } });
    expect(schemaFor([named(0, 50), named(40, 20)])).toEqual(schemaFor([named(0, 51)]));
    expect(schemaFor([named(0, 65)])).toMatchObject({ maxProperties: 128 });
  });

  it.each([[{ a: 1 }], [[{ a: 1 }]], [[]], ["text"]])("of %j lists its members", (value) =>
    expect(isClosed(schemaFor([value]))).toBe(true),
  );

  it.each([
    '{"__proto__":1}',
    '{"a":[{"constructor":1}]}',
    '{"prototype":{}}',
    '{"_method":"DELETE"}',
    '{"a":{"X-HTTP-Method-Override":"PUT"}}',
    '{"4711":{"constructor":1}}',
    "[1e999]",
    `${"[".repeat(21)}${"]".repeat(21)}`,
  ])("is none for %s", (text) => {
    expect(schemaOf(shapeOf(JSON.parse(text)))).toBeUndefined();
    expect(schemaOf(mergedShape(shapeOf({ a: 1 }), shapeOf(JSON.parse(text))))).toBeUndefined();
  });

  it("is none where nobody would read it", () => {
    const wide = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`${nameOf(at)}_${"n".repeat(40)}`, 1]),
    );
    const wider = Object.fromEntries(Object.keys(wide).map((name) => [name, wide]));
    expect(shapeOf(wider)).not.toBe("anything");
    expect(schemaOf(shapeOf(wider))).toBeUndefined();
  });
});

/** A word of letters alone. */
const nameOf = (at: number): string =>
  `word_${String.fromCharCode(103 + Math.floor(at / 20), 103 + (at % 20))}`;

describe("a key", () => {
  const like = { id: 1, note: "a", at: "2024-01-31", rows: [{ a: 1 }, { a: 2 }], by: { "4711": "x" } };

  it("is the same for values that say something else alone", () => {
    const other = { by: { "12": "y", "13": "z" }, rows: [{ a: 7 }], at: "2023-12-01", note: "", id: 2 };
    expect(shapeKey(shapeOf(other))).toBe(shapeKey(shapeOf(like)));
  });

  it.each([{ id: "1" }, { note: "a".repeat(65) }, { at: "soon" }, { rows: [] }, { more: 1 }, { by: {} }])(
    "is another with %j",
    (changed) => expect(shapeKey(shapeOf({ ...like, ...changed }))).not.toBe(shapeKey(shapeOf(like))),
  );

  test("says which schema there is, in few characters", () => {
    fc.assert(
      fc.property(anyJson, anyJson, (one, other) => {
        const [a, b] = [shapeOf(one), shapeOf(other)];
        expect(shapeKey(a).length).toBeLessThanOrEqual(200);
        expect(shapeKey(a) === shapeKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});
