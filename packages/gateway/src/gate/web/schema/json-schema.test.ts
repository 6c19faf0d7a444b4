/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { compileSchema } from "./json-schema.ts";
import { FORMATS } from "./formats.ts";
import { ENFORCED_KEYWORDS } from "./keywords.ts";
import { compilePattern } from "./patterns.ts";

function why(schema: unknown, value: unknown): string | undefined {
  const compiled = compileSchema(JSON.stringify(schema));
  if ("why" in compiled) throw new Error(compiled.why);
  return compiled.check(value);
}

function check(schema: unknown, value: unknown): boolean {
  return why(schema, value) === undefined;
}

/** For each keyword a schema, values that it alone refuses, and their twins that pass. */
const keywords: Readonly<Record<string, readonly [schema: unknown, good: unknown, bad: unknown][]>> = {
  $ref: [[{ $ref: "#/$defs/a", $defs: { a: { type: "string" } } }, "x", 1]],
  type: [
    [{ type: "integer" }, 1, 1.5],
    [{ type: ["string", "null"] }, null, 0],
  ],
  enum: [[{ enum: ["a", 1, { b: [1] }] }, { b: [1] }, { b: [2] }]],
  const: [
    [{ const: { a: 1 } }, { a: 1 }, { a: 1, b: 1 }],
    // What a comparison would ask objects for is the sender's to say.
    [{ const: {} }, {}, { toString: {}, valueOf: null }],
  ],
  multipleOf: [
    [{ type: "number", multipleOf: 0.01 }, 19.99, 19.995],
    [{ type: "integer", multipleOf: 3 }, 9, 10],
  ],
  maximum: [[{ type: "number", maximum: 100 }, 100, 100.5]],
  exclusiveMaximum: [[{ type: "number", exclusiveMaximum: 100 }, 99, 100]],
  minimum: [[{ type: "number", minimum: 0 }, 0, -1]],
  exclusiveMinimum: [[{ type: "number", exclusiveMinimum: 0 }, 1, 0]],
  maxLength: [[{ type: "string", maxLength: 2 }, "😀😀", "abc"]],
  minLength: [[{ type: "string", minLength: 2 }, "ab", "😀"]],
  pattern: [
    [{ type: "string", pattern: "^INV-[0-9]{4}$" }, "INV-0007", "7"],
    [
      {
        type: "object",
        properties: { a: { type: "string", pattern: "^a$" }, b: { type: "string", pattern: "^b$" } },
      },
      { a: "a", b: "b" },
      { a: "a", b: "a" },
    ],
  ],
  format: [[{ type: "string", format: "date" }, "2026-02-28", "2026-02-29"]],
  maxItems: [[{ type: "array", maxItems: 1 }, [1], [1, 2]]],
  minItems: [[{ type: "array", minItems: 1 }, [1], []]],
  uniqueItems: [
    [{ type: "array", uniqueItems: true }, [1, "1"], [{ a: 1 }, { a: 1 }]],
    [
      { type: "array", uniqueItems: true },
      [{ constructor: 1 }, { constructor: 2 }],
      [{ constructor: {} }, { constructor: {} }],
    ],
  ],
  maxContains: [[{ type: "array", contains: { const: 1 }, maxContains: 1 }, [1, 2], [1, 1]]],
  minContains: [[{ type: "array", contains: { const: 1 }, minContains: 2 }, [1, 1], [1, 2]]],
  maxProperties: [[{ type: "object", maxProperties: 1 }, { a: 1 }, { a: 1, b: 1 }]],
  minProperties: [[{ type: "object", minProperties: 1 }, { a: 1 }, {}]],
  required: [
    [{ type: "object", required: ["a"] }, { a: 1 }, { b: 1 }],
    // What every object inherits is no member of it.
    [{ type: "object", required: ["constructor", "toString"] }, { constructor: 1, toString: 1 }, {}],
  ],
  dependentRequired: [[{ type: "object", dependentRequired: { a: ["b"] } }, { a: 1, b: 1 }, { a: 1 }]],
  allOf: [[{ allOf: [{ type: "number" }, { type: "integer" }] }, 1, 1.5]],
  anyOf: [[{ anyOf: [{ type: "null" }, { type: "string" }] }, null, 1]],
  oneOf: [[{ oneOf: [{ type: "number" }, { type: "integer" }] }, 1.5, 1]],
  not: [[{ not: { type: "string" } }, 1, "x"]],
  if: [[{ if: { const: 1 }, then: false, else: true }, 2, 1]],
  then: [[{ if: { type: "number" }, then: { type: "integer" } }, 1, 1.5]],
  else: [[{ if: { type: "number" }, else: { type: "string" } }, "x", null]],
  dependentSchemas: [
    [
      { type: "object", dependentSchemas: { a: { type: "object", maxProperties: 1 } } },
      { a: 1 },
      { a: 1, b: 1 },
    ],
  ],
  prefixItems: [
    [{ type: "array", minItems: 1, prefixItems: [{ type: "string" }], items: false }, ["a"], [1]],
  ],
  items: [[{ type: "array", items: { type: "string" } }, ["a"], ["a", 1]]],
  contains: [[{ type: "array", contains: { type: "string" } }, [1, "a"], [1]]],
  properties: [[{ type: "object", properties: { a: { type: "string" } } }, { a: "x" }, { a: 1 }]],
  patternProperties: [
    [
      { type: "object", patternProperties: { "^x-": { type: "string" } } },
      { "x-a": "1", y: 1 },
      { "x-a": 1 },
    ],
    [
      {
        type: "object",
        patternProperties: { "^a": { type: "string" }, "^b": { type: "number" } },
        additionalProperties: false,
      },
      { a: "1", b: 1 },
      { a: "1", b: "1" },
    ],
  ],
  additionalProperties: [
    [{ type: "object", properties: { a: {} }, additionalProperties: false }, { a: 1 }, { a: 1, b: 1 }],
    [
      { type: "object", patternProperties: { "^a": {} }, additionalProperties: false },
      { ab: 1 },
      { ab: 1, c: 1 },
    ],
  ],
  propertyNames: [
    [{ type: "object", propertyNames: { type: "string", pattern: "^[a-z]+$" } }, { a: 1 }, { A: 1 }],
  ],
};

describe("every keyword that is taken bites", () => {
  it("has a case", () => {
    expect(Object.keys(keywords).toSorted()).toEqual(Object.keys(ENFORCED_KEYWORDS).toSorted());
  });

  it.each(Object.entries(keywords).flatMap(([name, cases]) => cases.map((each) => [name, ...each] as const)))(
    "%s: %j takes %j and refuses %j",
    (keyword, schema, good, bad) => {
      expect(check(schema, good)).toBe(true);
      expect(check(schema, bad)).toBe(false);
      expect(JSON.stringify(schema)).toContain(JSON.stringify(keyword));
    },
  );

  const formats: Readonly<Record<string, readonly [good: unknown, bad: unknown]>> = {
    "date-time": ["2026-11-25T01:02:03.5+01:00", "2026-11-25 01:02:03"],
    date: ["2024-02-29", "2023-02-29"],
    time: ["23:59:60Z", "24:00:00Z"],
    duration: ["P1Y2M3DT4H", "P1YT"],
    email: ["ada@example.com", "ada@"],
    hostname: ["a.example", "a_b.example"],
    ipv4: ["192.0.2.1", "192.0.2.01"],
    ipv6: ["2001:db8::1", "fe80::1%eth0"],
    uri: ["https://a.example/x?y#z", "/x"],
    uuid: ["123e4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"],
    "json-pointer": ["/a~1b", "a"],
    byte: ["aGk=", "a"],
    int32: [2_147_483_647, 2_147_483_648],
    int64: [1e15, 1e19],
    float: [1.5, 1e39],
    double: [1e300, "1"],
  };
  it.each(Object.keys(FORMATS))("format %s", (format) => {
    const [good, bad] = formats[format] ?? [];
    const schema = { type: FORMATS[format]?.type, format };
    expect(check(schema, good)).toBe(true);
    expect(check(schema, bad)).toBe(false);
  });
});

describe("a URI is one to readers by RFC 3986 and by the URL Standard alike", () => {
  it.each([
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https://a.example:99999/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://%65vil.example/",
    "http://[::::]/",
    "http://[fe80::1%25eth0]/",
    "https://a.example\\@b.example/",
    " https://a.example/",
    "https://a.example/\t",
    "https://",
  ])("not %j", (value) => expect(check({ type: "string", format: "uri" }, value)).toBe(false));
  it.each([
    "https://a.example:443/x?y=z%20#f",
    "https://Ada@A.example/",
    "http://[2001:db8::7]:8080/",
    "mailto:ada@a.example",
    "urn:isbn:0451450523",
    "custom://Host_x/y",
    "file:///etc/hosts",
  ])("but %j", (value) => expect(check({ type: "string", format: "uri" }, value)).toBe(true));
});

describe("what is not enforced is refused where it is written", () => {
  it.each([
    ["a keyword of no vocabulary", { type: "string", patern: "^a$" }],
    ["contentEncoding", { type: "string", contentEncoding: "base64" }],
    ["contentMediaType", { type: "string", contentMediaType: "application/json" }],
    ["contentSchema", { type: "string", contentSchema: {} }],
    ["readOnly", { type: "object", properties: { a: { readOnly: true } } }],
    ["discriminator", { discriminator: { propertyName: "a" }, oneOf: [{ type: "string" }] }],
    ["nullable", { type: "string", nullable: true }],
    ["unevaluatedItems", { type: "array", unevaluatedItems: false }],
    ["$dynamicRef", { $dynamicRef: "#a" }],
    ["dependencies", { type: "object", dependencies: { a: ["b"] } }],
    ["a format that nothing checks", { type: "string", format: "idn-email" }],
    ["a format's name in another case", { type: "string", format: "Date" }],
    ["a pattern that looks around", { type: "string", pattern: "^(?=a)a$" }],
    ["a pattern that refers back", { type: "string", pattern: "^(a)\\1$" }],
    ["a pattern with a flag", { type: "string", pattern: "(?i)a" }],
    ["a property's pattern that is none", { type: "object", patternProperties: { "(": {} } }],
    [
      "unevaluatedProperties, on which validators do not agree",
      {
        type: "object",
        properties: { kind: { type: "string" } },
        if: { properties: { kind: { const: "small" }, cents: { type: "integer", maximum: 500 } } },
        then: true,
        unevaluatedProperties: false,
      },
    ],
    ["an empty name that is required", { type: "object", required: ["a", ""] }],
    ["an empty name that another one requires", { type: "object", dependentRequired: { a: [""] } }],
    ["an if with nothing beside it", { if: { const: 1 } }],
    ["a reference into an annotation", { $ref: "#/examples/0", examples: [{ contentEncoding: "base64" }] }],
    ["a reference into a constant", { $ref: "#/const", const: { unevaluatedProperties: false } }],
    ["a reference to the schema of schemas", { $ref: "https://json-schema.org/draft/2020-12/schema" }],
    ["a reference to itself", { $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" }],
    [
      "a reference to what refers back",
      { $defs: { a: { not: { $ref: "#" } } }, anyOf: [{ $ref: "#/$defs/a" }] },
    ],
    [
      "__proto__ among the properties",
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
    ],
    ["__proto__ among what is required", { type: "object", required: ["__proto__"] }],
    ["a reference to elsewhere", { $ref: "https://evil.example/schema" }],
    ["a keyword in a definition", { $defs: { a: { contentEncoding: "base64" } }, $ref: "#/$defs/a" }],
    ["a rule for a type that is not said", { maxLength: 3 }],
    ["another draft", { $schema: "http://json-schema.org/draft-07/schema#", type: "string" }],
  ])("%s", (_, schema) => {
    expect(compileSchema(JSON.stringify(schema))).toHaveProperty("why");
  });

  it("a keyword twice", () => {
    expect(compileSchema('{"type":"string","maxLength":1,"maxLength":10}')).toHaveProperty("why");
  });
  it("and annotations are taken", () => {
    const schema = {
      type: "string",
      title: "a",
      description: "b",
      default: "c",
      examples: ["d"],
      deprecated: true,
    };
    expect(check(schema, "x")).toBe(true);
  });
});

describe("patterns are ECMAScript's", () => {
  const atoms = fc.constantFrom(
    ..."a b Z 0 - _ . \\d \\D \\w \\W \\s \\S \\. \\- \\/ \\u00e9 \\u{1f600} \\x41 \\t \\cJ [a-c] [^a-c] [\\s\\d] [^\\s] [\\Sx] [[] [^] \\p{Lu} \\P{L} (?:ab|c) (b) [\\b]".split(
      " ",
    ),
  );
  const pattern = fc
    .array(fc.tuple(atoms, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}", "+?")), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.map(([atom, times]) => atom + times).join(""));
  const whole = fc
    .tuple(fc.boolean(), pattern, fc.boolean())
    .map(([a, p, z]) => `${a ? "^" : ""}${p}${z ? "$" : ""}`);
  const text = fc.string({
    unit: fc.constantFrom(...Array.from("aabbcZ09-_./é😀A\n\t\r\v\u00a0\u2028\ufeff [\b")),
    maxLength: 5,
  });

  it("as V8 reads them", () => {
    fc.assert(
      fc.property(whole, text, (source, value) => {
        // What Unicode mode would not take, escaped all the same.
        const native = new RegExp(source.replaceAll("\\-", "-"), "u");
        expect([source, value, compilePattern(source).test(value)]).toEqual([
          source,
          value,
          native.test(value),
        ]);
      }),
      { numRuns: 3000 },
    );
  });

  it("takes a group with a name", () => {
    expect(compilePattern("^(?<n>a)$").test("a")).toBe(true);
  });

  it("takes punctuation that is escaped without need", () => {
    expect(compilePattern("^[0-9]{2}\\-\\@\\_$").test("12-@_")).toBe(true);
    expect(compilePattern("^[0-9]{2}\\-\\@\\_$").test("12x@_")).toBe(false);
  });
});

describe("a member whose name a schema lists in another case", () => {
  const amount = { type: "integer", maximum: 100 };
  // Go's encoding/json, ASP.NET Core and others look for members in any case, and take the last one.
  it.each([
    ["beside the one that is judged", { type: "object", properties: { amount } }, { amount: 1, Amount: 1e6 }],
    ["in its place", { type: "object", properties: { amount } }, { AMOUNT: 1e6 }],
    ["with a letter that folds to one of its own", { type: "object", properties: { task: {} } }, { taſK: 1 }],
    [
      "deep in a list",
      { type: "array", items: { type: "object", properties: { amount } } },
      [{}, { Amount: 1 }],
    ],
    ["that must not be there", { not: { type: "object", required: ["admin"] } }, { Admin: true }],
    ["that needs another", { type: "object", dependentRequired: { pay: ["iban"] } }, { Pay: 1 }],
    ["that needs another's schema", { type: "object", dependentSchemas: { pay: { not: {} } } }, { Pay: 1 }],
    [
      "in a definition",
      { $ref: "#/$defs/a", $defs: { a: { type: "object", properties: { amount } } } },
      { aMount: 1 },
    ],
  ])("is refused %s", (_, schema, value) => {
    expect(why(schema, value)).toMatch(/^the body names \w+ in another case than its schema$/);
  });

  it.each([
    ["the very name", { type: "object", properties: { amount } }, { amount: 1 }],
    ["names that it lists both", { type: "object", properties: { id: {}, ID: {} } }, { id: 1, ID: 2 }],
    ["names that it does not list", { type: "object", properties: { amount } }, { note: 1, Note: 2 }],
    [
      "a keyword as a name of another schema's",
      { type: "object", properties: { properties: {} } },
      { Type: 1 },
    ],
  ])("is not %s", (_, schema, value) => {
    expect(why(schema, value)).toBeUndefined();
  });
});
