/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
import fc from "@mayfly/testing/fast-check.ts";

/** Names of members: some that objects inherit, one that is empty, one that a pattern covers. */
const names = fc.constantFrom("a", "b", "c", "x-a", "constructor", "toString", "");
const leaves = JSON.parse(
  '[null, true, false, 0, 1, 2, 3, -1, 1.5, "", "a", "ab", "abc", "b", "A1", "😀"]',
) as readonly unknown[];
const leaf = fc.constantFrom(...leaves);

/** Values that come near what the schemas below are about. */
export const values: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    { weight: 2, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(tie("any"), { maxLength: 3 }) },
    { weight: 3, arbitrary: fc.dictionary(names, tie("any"), { maxKeys: 4 }) },
  ),
})).any;

const small = fc.integer({ min: 0, max: 3 });
const patterns = fc.constantFrom("^a", "b$", "^[a-z]*$", "\\d", "^x-", "^.$", "\\S");
const someNames = fc.uniqueArray(names, { maxLength: 2 });
const references = fc.constantFrom("#/$defs/one", "#/$defs/two", "#three", "#");

/** Keywords that combine schemas: any of them may stand beside any others. */
function combining(any: fc.Arbitrary<object | boolean>): Record<string, fc.Arbitrary<unknown>> {
  const some = fc.array(any, { minLength: 1, maxLength: 2 });
  return {
    allOf: some,
    anyOf: some,
    oneOf: some,
    not: any,
    if: fc.record({ if: any, then: any, else: any }, { requiredKeys: ["if"] }),
    $ref: references,
  };
}

/** Takes few of the members: with all of them no value would pass. `if` comes with what stands beside it. */
function few(members: Record<string, fc.Arbitrary<unknown>>, always: object): fc.Arbitrary<object> {
  const each = Object.entries(members).map(([name, member]) =>
    name === "if" ? (member as fc.Arbitrary<object>) : member.map((value) => ({ [name]: value })),
  );
  return fc
    .array(fc.oneof(...each), { minLength: 1, maxLength: 4 })
    .map((drawn) => Object.assign({}, always, ...drawn) as object);
}

const parts = fc.letrec<{ any: object | boolean }>((tie) => {
  const any = tie("any");
  const number = {
    minimum: small,
    maximum: small,
    exclusiveMinimum: small,
    exclusiveMaximum: small,
    multipleOf: fc.constantFrom(1, 2, 3, 0.5),
  };
  const text = { minLength: small, maxLength: small, pattern: patterns };
  const list = {
    minItems: small,
    maxItems: small,
    uniqueItems: fc.boolean(),
    items: any,
    contains: any,
    minContains: small,
    maxContains: small,
  };
  const object = {
    minProperties: small,
    maxProperties: small,
    required: someNames,
    properties: fc.dictionary(names, any, { maxKeys: 3 }),
    patternProperties: fc.dictionary(patterns, any, { maxKeys: 2 }),
    additionalProperties: any,
    propertyNames: fc.record({ type: fc.constant("string"), pattern: patterns }),
    dependentRequired: fc.dictionary(names, someNames, { maxKeys: 2 }),
    dependentSchemas: fc.dictionary(names, any, { maxKeys: 1 }),
    unevaluatedProperties: any,
  };
  const combined = combining(any);
  return {
    any: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.boolean(),
      few({ enum: fc.uniqueArray(leaf, { minLength: 1, maxLength: 3 }), const: values }, {}),
      few({ ...number, ...combined }, { type: "number" }),
      few({ ...text, ...combined }, { type: "string" }),
      few({ ...list, ...combined }, { type: "array" }),
      fc.array(any, { minLength: 1, maxLength: 2 }).map((first) => ({
        type: "array",
        prefixItems: first,
        minItems: first.length,
        maxItems: first.length,
      })),
      few({ ...object, ...combined }, { type: "object" }),
      few({ ...object, ...combined }, { type: "object" }),
      few(combined, {}),
      fc.record({
        type: fc.constantFrom("null", "boolean", "integer", ["string", "null"], ["number", "array"]),
      }),
    ),
  };
}).any;

/** Schemas of every keyword that is enforced, and of those that could be, in any combination. */
export const schemas: fc.Arbitrary<object | boolean> = fc
  .tuple(parts, parts, parts, parts)
  .map(([schema, one, two, three]) => {
    if (typeof schema === "boolean") return schema;
    const named = typeof three === "boolean" ? { $anchor: "three" } : { ...three, $anchor: "three" };
    return { ...schema, $defs: { one, two, three: named } };
  });
