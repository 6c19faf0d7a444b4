import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { HttpAct } from "../../packages/gateway/src/protocols/http/act.ts";
import { Ajv2020 } from "ajv/dist/2020.js";
import { compileSchema } from "../../packages/gateway/src/gate/web/schema/json-schema.ts";
import {
  ENFORCED_KEYWORDS,
  FOREIGN_ANNOTATIONS,
} from "../../packages/gateway/src/gate/web/schema/keywords.ts";
import type { TextFile } from "../../packages/gateway/src/kernel/secret.ts";
import { protocols } from "../../packages/gateway/src/main/protocols.ts";

// Every keyword of a JSON Schema bites: for each that a schema may have, a body and a tool's arguments are refused that
// pass without the keyword.

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Schema = Readonly<Record<string, Json>>;

interface Row {
  readonly keyword: string;
  readonly schema: Schema;
  readonly refused: Json;
  /** What it takes, with the keyword as well. */
  readonly passes: Json;
  /** What stands there in the keyword's place; left out: nothing. */
  readonly instead?: Json;
}

const row = (
  schema: Schema,
  refused: Json,
  passes: Json,
  keyword = Object.keys(schema).at(-1) ?? "",
): Row => ({
  keyword,
  schema,
  refused,
  passes,
});
const text = { type: "string" } as const;
const number = { type: "number" } as const;
const list = { type: "array" } as const;
const object = { type: "object" } as const;
const ab = { type: "object", properties: { a: text, b: text } } as const;

/** The last keyword of a schema is what its row is about. */
const rows: readonly Row[] = [
  row(text, 7, "7"),
  row({ const: "a" }, "b", "a"),
  row({ enum: ["a", "b"] }, "c", "a"),
  row({ type: "number", maximum: 5 }, 6, 5),
  row({ type: "number", minimum: 5 }, 4, 5),
  row({ type: "number", exclusiveMaximum: 5 }, 5, 4),
  row({ type: "number", exclusiveMinimum: 5 }, 5, 6),
  row({ type: "number", multipleOf: 3 }, 7, 6),
  row({ type: "string", maxLength: 2 }, "abc", "ab"),
  row({ type: "string", minLength: 2 }, "a", "ab"),
  row({ type: "string", pattern: "^[a-z]+$" }, "A7", "ab"),
  row({ type: "object", maxProperties: 1 }, { a: 1, b: 2 }, { a: 1 }),
  row({ type: "object", minProperties: 1 }, {}, { a: 1 }),
  row({ ...ab, required: ["a"] }, { b: "1" }, { a: "1" }),
  row({ ...ab, dependentRequired: { a: ["b"] } }, { a: "1" }, { a: "1", b: "2" }),
  row({ ...ab, dependentSchemas: { a: { required: ["b"] } } }, { a: "1" }, { a: "1", b: "2" }),
  row({ ...object, properties: { a: text } }, { a: 1 }, { a: "1" }),
  row({ ...object, patternProperties: { "^x-": text } }, { "x-a": 1 }, { "x-a": "1", y: 1 }),
  row({ ...ab, additionalProperties: false }, { c: 1 }, { a: "1" }),
  row({ ...object, propertyNames: { pattern: "^[a-z]+$" } }, { A: 1 }, { a: 1 }),
  row({ type: "array", maxItems: 1 }, [1, 2], [1]),
  row({ type: "array", minItems: 1 }, [], [1]),
  row({ type: "array", uniqueItems: true }, [1, 1], [1, 2]),
  row({ ...list, items: number }, ["a"], [1]),
  row({ ...list, minItems: 1, maxItems: 1, prefixItems: [number] }, ["a"], [1]),
  row({ ...list, contains: number }, ["a"], ["a", 1]),
  row({ ...list, contains: number, minContains: 2 }, [1], [1, 2]),
  row({ ...list, contains: number, maxContains: 1 }, [1, 2], [1]),
  row({ not: { const: "a" } }, "a", "b"),
  row({ anyOf: [{ const: "a" }, { const: "b" }] }, "c", "a"),
  row({ oneOf: [{ const: "a" }, { enum: ["a", "b"] }] }, "a", "b"),
  row({ allOf: [text, { const: "a" }] }, "b", "a"),
  // None of the three stands without another: what it is replaced with says nothing.
  // oxlint-disable unicorn/no-thenable -- a keyword of JSON Schema
  { ...row({ if: { const: "a" }, else: { const: "b" } }, "c", "b"), instead: true },
  { ...row({ if: { const: "a" }, then: { enum: ["b"] } }, "a", "c"), instead: true },
  { ...row({ then: false, if: { const: "a" } }, "a", "c"), instead: false },
  // oxlint-enable unicorn/no-thenable
  row({ $defs: { a: text }, $ref: "#/$defs/a" }, 7, "7"),
  row({ type: "string", format: "date" }, "yesterday", "2026-01-31"),
];

/** Keywords that refuse no value by themselves, each with the reason. */
const exemptions: Readonly<Record<string, string>> = {
  $schema: "names the draft; another one than 2020-12 is refused when the schema is read",
  $id: "names the schema for $ref",
  $anchor: "names a part for $ref",
  $defs: "holds schemas for $ref, whose row has some",
  definitions: "holds schemas for $ref, as earlier drafts called it",
  $comment: "words",
  title: "words",
  description: "words",
  default: "is not filled in: what is judged is what is sent",
  deprecated: "words",
  writeOnly: "words",
  examples: "words",
};

/** Every keyword of the drafts' own schemas of schemas, and every one that the validator knows. */
function candidates(): ReadonlySet<string> {
  const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
  const folder = path.join(root, "node_modules/ajv/dist/refs/json-schema-2020-12");
  const files = ["schema.json", ...readdirSync(path.join(folder, "meta")).map((file) => `meta/${file}`)];
  const drafted = files.flatMap((file) => {
    const { properties } = JSON.parse(readFileSync(path.join(folder, file), "utf8")) as {
      properties?: object;
    };
    return Object.keys(properties ?? {});
  });
  return new Set([
    ...drafted,
    ...Object.keys(new Ajv2020().RULES.keywords),
    ...Object.keys(ENFORCED_KEYWORDS),
    ...FOREIGN_ANNOTATIONS,
  ]);
}

/** Whether a schema may have a keyword, whatever its value should be. */
function isAdmitted(keyword: string): boolean {
  return [true, "x", 1, {}, []].some((value) => {
    const compiled = compileSchema(JSON.stringify({ [keyword]: value }));
    return !("why" in compiled && /is not enforced|cannot be enforced/.test(compiled.why));
  });
}

const admitted = [...candidates()].filter(isAdmitted);

test("every keyword that a schema may have has a row", () => {
  const covered = new Set([
    ...rows.map(({ keyword }) => keyword),
    ...Object.keys(exemptions),
    ...FOREIGN_ANNOTATIONS,
  ]);
  const hint = "add a row: a schema whose last keyword it is, a value that it refuses, and one that it takes";
  expect(
    admitted.filter((keyword) => !covered.has(keyword)),
    hint,
  ).toEqual([]);
});

test("every exemption is of a keyword that a schema may have, and that no row is about", () => {
  for (const keyword of Object.keys(exemptions)) {
    expect(admitted, keyword).toContain(keyword);
    expect(rows.map((each) => each.keyword)).not.toContain(keyword);
  }
});

test("a schema has no keyword that nobody knows", () => {
  expect(isAdmitted("patern")).toBe(false);
  expect(compileSchema('{"$schema":"http://json-schema.org/draft-07/schema#"}')).toHaveProperty("why");
});

test.each([
  // An invalid value would be a promise that is rejected, and that nobody awaits.
  ["$async", { $async: true }],
  ["$dynamicRef", { $dynamicRef: "#a", $defs: { a: { $dynamicAnchor: "a", type: "string" } } }],
  ["$dynamicRef", { properties: { next: { anyOf: [{ $dynamicRef: "#a" }] } } }],
  ["$recursiveRef", { items: { $recursiveRef: "#" } }],
  ["unevaluatedItems", { type: "array", contains: { const: 1 }, unevaluatedItems: false }],
  [
    "unevaluatedItems",
    { type: "array", anyOf: [{ items: { type: "number" } }, { minItems: 1 }], unevaluatedItems: false },
  ],
  ["unevaluatedProperties", { ...ab, unevaluatedProperties: false }],
])("a schema with %s, which the validator would not keep, is refused: %#", (keyword, schema) => {
  const compiled = compileSchema(JSON.stringify(schema));
  expect("why" in compiled && compiled.why).toContain(keyword);
  expect("why" in compiled && compiled.why).toContain("is not enforced");
});

test("members and values that are called like keywords are none", () => {
  const schema = { type: "object", properties: { $async: { enum: ["$dynamicRef", { $async: true }] } } };
  expect(compileSchema(JSON.stringify(schema))).toHaveProperty("check");
});

const protocolOf = (kind: string) => {
  const found = protocols.find((each) => each.kind === kind);
  if (found === undefined) throw new TypeError(`no protocol ${kind}`);
  return found;
};

/** How a value is judged: as a member of a body, and of a tool's arguments. */
const judges: Readonly<Record<string, (schema: Schema, value: Json) => string>> = {
  "a body": (schema, value) => {
    const http = protocolOf("http");
    const scope = http.scope.parse({ requests: ["POST /v1/refunds"], body: "refund.json" }) as {
      body: { schema: TextFile };
    };
    scope.body.schema.load(JSON.stringify(wrapped(schema)));
    expect(http.check?.(scope)).toEqual([]);
    const bytes = Buffer.from(JSON.stringify({ value }));
    const act: HttpAct = {
      method: "POST",
      target: "/v1/refunds",
      headers: ["content-type", "application/json"],
      body: { kind: "read", bytes },
    };
    return ruleOf(http.compile([{ name: "billing/refund", scope }], {})(act as never));
  },
  "a tool's arguments": (schema, value) => {
    const mcp = protocolOf("mcp");
    const scope = mcp.scope.parse({ tools: { refund: wrapped(schema) } });
    expect(mcp.check?.(scope)).toEqual([]);
    const params = { name: "refund", arguments: { value } };
    const message = { kind: "request", id: 1, method: "tools/call", params };
    return ruleOf(mcp.compile([{ name: "crm/refund", scope }], {})({ message } as never));
  },
};

/** The schema of an object with one member. Definitions stand at its root. */
function wrapped({ $defs, ...schema }: Schema): Schema {
  return {
    type: "object",
    properties: { value: schema },
    required: ["value"],
    ...($defs === undefined ? {} : { $defs }),
  };
}

function ruleOf(verdict: ReturnType<ReturnType<(typeof protocols)[number]["compile"]>>): string {
  return verdict.kind === "permit" ? "passes" : verdict.denial.rule;
}

describe.each(Object.entries(judges))("in %s the keyword alone decides", (where, judge) => {
  const rule = where === "a body" ? "billing/refund: body" : "crm/refund: tools";
  test.each(rows.map((each) => [each.keyword, each] as const))("%s", (keyword, each) => {
    const { schema, refused, passes } = each;
    const { [keyword]: removed, ...rest } = schema;
    expect(removed).toBeDefined();
    const without = each.instead === undefined ? rest : { ...rest, [keyword]: each.instead };
    expect(judge(schema, refused)).toBe(rule);
    expect(judge(schema, passes)).toBe("passes");
    expect(judge(without, refused)).toBe("passes");
  });
});

test("two schemas with other patterns are not taken for one another", () => {
  const judge = judges["a body"];
  expect(judge?.({ type: "string", pattern: "^a" }, "b")).toBe("billing/refund: body");
  expect(judge?.({ type: "string", pattern: "^b" }, "b")).toBe("passes");
  const two = {
    type: "object",
    properties: { a: { ...text, pattern: "^a" }, b: { ...text, pattern: "^b" } },
  };
  expect(judge?.(two as Schema, { a: "a", b: "a" })).toBe("billing/refund: body");
  expect(judge?.(two as Schema, { a: "a", b: "b" })).toBe("passes");
});
