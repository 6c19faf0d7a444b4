import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { schemaWords } from "./schema-words.ts";

const words = (schema: unknown): readonly string[] => schemaWords(JSON.stringify(schema));

it("shows a refund's schema as its reviewer checks it", () => {
  const file = new URL("../../../../../examples/schemas/refund.json", import.meta.url);
  expect(schemaWords(readFileSync(file, "utf8"))).toEqual([
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
  [{ type: "string", format: "email" }, ["text; called email, which is not checked"]],
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
