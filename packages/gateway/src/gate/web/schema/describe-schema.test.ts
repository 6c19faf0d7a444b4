import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeSchema } from "./describe-schema.ts";

const words = (schema: unknown): readonly string[] => describeSchema(JSON.stringify(schema));

it("shows a refund's schema as its reviewer checks it", () => {
  const file = new URL("../../../../../../examples/schemas/refund.json", import.meta.url);
  expect(describeSchema(readFileSync(file, "utf8"))).toEqual([
    "an object; no other members",
    "/invoice: text; matching ^inv_[0-9a-z]+$; required",
    "/cents: a whole number; 1 to 50000; required",
    "/note: text; at most 200 characters",
  ]);
});

it.each([
  [{ type: ["string", "null"], minLength: 2 }, ["text or null; at least 2 characters"]],
  [{ enum: ["a", 1, null] }, ['one of "a", 1, null']],
  [{ const: { a: 1 } }, ['exactly {"a":1}']],
  [
    { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 9, multipleOf: 0.5 },
    ["a number; more than 0; less than 9; a multiple of 0.5"],
  ],
  [
    { type: "array", items: { type: "integer" }, maxItems: 3, uniqueItems: true },
    ["a list; at most 3 items; no item twice", "/*: a whole number"],
  ],
  [{ type: "object", properties: { a: true } }, ["an object; and any other member", "/a: anything"]],
  [{ type: "object", additionalProperties: { type: "string" } }, ["an object", "/(any other name): text"]],
  [
    { type: "object", required: ["b"], patternProperties: { "^x-": false } },
    ["an object; with b; and any other member", "/(names matching ^x-): nothing"],
  ],
  [{ prefixItems: [{ type: "string" }] }, ["anything", "/0: text"]],
  [
    { $defs: { id: { type: "string", maxLength: 9 } }, properties: { a: { $ref: "#/$defs/id" } } },
    ["and any other member", "/a: text; at most 9 characters"],
  ],
  [true, ["anything"]],
  [{ type: "string", format: "email" }, ["text; in the format email"]],
])("puts %j into words", (schema, lines) => {
  expect(words(schema)).toEqual(lines);
});

it("shows what it has no words for as it is written, and follows no reference round and round", () => {
  expect(words({ anyOf: [{ type: "string" }, { type: "null" }], not: { const: "x" } })).toEqual([
    'anyOf [{"type":"string"},{"type":"null"}]; not {"const":"x"}',
  ]);
  const tree = {
    $ref: "#/$defs/node",
    $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
  };
  expect(words(tree)).toEqual(["an object; and any other member", '/next: $ref "#/$defs/node"']);
});

it.each<[string, unknown, string]>([
  [
    "a reference beside other rules",
    { $ref: "#/$defs/a", minLength: 1 },
    "#/$defs/a: text; at most 77 characters",
  ],
  ["one in allOf", { allOf: [{ $ref: "#/$defs/a" }] }, "#/$defs/a: text; at most 77 characters"],
  ["one by its anchor", { not: { $ref: "#named" } }, "#named: text; at most 78 characters"],
  [
    "one from definition to definition",
    { anyOf: [{ $ref: "#/$defs/c" }] },
    "#/$defs/a: text; at most 77 characters",
  ],
])("explains what is referred to: %s", (_, schema, line) => {
  const $defs = {
    a: { type: "string", maxLength: 77 },
    b: { $anchor: "named", type: "string", maxLength: 78 },
    c: { oneOf: [{ $ref: "#/$defs/a" }] },
  };
  expect(words({ ...(schema as object), $defs })).toContain(line);
});

it("does not guess where a reference begins within a schema of its own name", () => {
  const schema = {
    $defs: { x: { maximum: 5 }, in: { $id: "https://x.invalid/in", $defs: { x: true }, $ref: "#/$defs/x" } },
    $ref: "#/$defs/in",
  };
  expect(words(schema).join("\n")).toContain('"x":true');
});

it("lets no name and no pattern look like other members or rules", () => {
  const names = [
    "a/b",
    "a: anything",
    "*",
    "(any other name)",
    "x; required",
    "",
    "с",
    "a\u200b",
    "a\n/b: nothing",
  ];
  const properties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  const lines = words({ type: "object", properties, required: ["a", "b, c"] });
  expect(lines[0]).toBe('an object; with a, "b, c"; and any other member');
  expect(lines.slice(1)).toEqual([
    String.raw`/"a\/b": text`,
    '/"a: anything": text',
    '/"*": text',
    '/"(any other name)": text',
    '/"x; required": text',
    '/"": text',
    '/"с": text',
    String.raw`/"a\u{200b}": text`,
    String.raw`/"a\n\/b: nothing": text`,
  ]);
  expect(words({ pattern: "x|.*; at most 5 characters" })).toEqual(['matching "x|.*; at most 5 characters"']);
});

it("shows the end of a long rule, which may be what lets everything through", () => {
  const anyOf = [...Array.from({ length: 60 }, (_, at) => ({ const: `exactly this ${at}` })), true];
  const lines = words({ anyOf });
  expect(lines.join("").endsWith("},true]")).toBe(true);
  expect(lines.slice(1).every((line) => line.startsWith("… "))).toBe(true);
});

it("is made in a moment however often it refers to itself", () => {
  const names = Array.from({ length: 20 }, (_, at) => `m${at}`);
  const levels = Array.from({ length: 8 }, (_, at) => [
    `d${at}`,
    {
      properties: Object.fromEntries(
        names.map((name) => [name, at === 7 ? true : { $ref: `#/$defs/d${at + 1}` }]),
      ),
    },
  ]);
  expect(words({ $ref: "#/$defs/d0", $defs: Object.fromEntries(levels) })).toHaveLength(61);
});

it("leaves no rule of a schema out", () => {
  const rules = {
    type: "object",
    minProperties: 11,
    maxProperties: 12,
    propertyNames: { maxLength: 13 },
    dependentRequired: { a14: ["b15"] },
    unevaluatedProperties: { const: 16 },
    if: { const: 17 },
    properties: {
      list: {
        contains: { const: 18 },
        minContains: 19,
        maxContains: 20,
        items: { allOf: [{ minimum: 21 }] },
      },
      deep: { properties: { er: { oneOf: [{ const: 22 }] } }, additionalProperties: false },
    },
  };
  const said = words(rules).join("\n");
  for (let number = 11; number <= 22; number += 1) expect(said).toContain(String(number));
});

it("is bounded, and says so", () => {
  const properties = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`, { type: "string" }]));
  const lines = words({ type: "object", properties, title: "x".repeat(5000) });
  expect(lines).toHaveLength(61);
  expect(lines.at(-1)).toBe("… and 41 more rules of the schema");
  const [long = ""] = words({ pattern: "x".repeat(5000) });
  expect(long.length).toBeLessThan(450);
  expect(words({ const: "a\u202eb\n" })[0]).not.toMatch(/\u202e|\n/u);
});
