import { expect, it } from "vitest";
import { isClosed } from "./closed.ts";

const open = { type: "object", properties: { a: true } };
const shut = { ...open, additionalProperties: false };

it.each<[boolean, unknown]>([
  [true, shut],
  [true, false],
  [true, { type: "object", maxProperties: 0 }],
  [true, { type: ["string", "null"] }],
  [true, { const: { a: 1 } }],
  [true, { enum: [{ a: 1 }] }],
  [true, { type: "array", items: shut }],
  [true, { $ref: "#/$defs/a", $defs: { a: shut } }],
  [true, { allOf: [open, shut] }],
  [true, { oneOf: [shut, { type: "null" }] }],
  [true, { anyOf: [shut, shut] }],
  [false, open],
  [false, true],
  [false, {}],
  [false, { additionalProperties: false }],
  [false, { ...shut, patternProperties: { ".*": true } }],
  [false, { ...open, additionalProperties: { type: "string" } }],
  [false, { type: "array" }],
  [false, { type: "array", items: open }],
  [false, { type: "array", prefixItems: [open], items: shut }],
  [false, { type: ["object", "array"], additionalProperties: false }],
  [false, { $ref: "#/$defs/a", $defs: { a: open } }],
  [false, { allOf: [open] }],
  [false, { anyOf: [shut, open] }],
  [false, { anyOf: [] }],
  [false, { $ref: "#/$defs/a", $defs: { a: { anyOf: [{ $ref: "#/$defs/a" }] } } }],
])("%j: %j", (closed, schema) => {
  expect(isClosed(schema)).toBe(closed);
});
