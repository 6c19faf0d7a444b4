// tier: full
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { protocols } from "../main/protocols.ts";
import { configurationJsonSchema } from "./json-schema.ts";
import { loadBody, loadedBody, refundOf, schema, schemaFile } from "./testing/in-place.ts";
import type { Configuration } from "./types.ts";

// A body's JSON Schema that stands in the configuration file, beside the same one in a file of its own.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-in-place-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const loaded = (body: string): Promise<Configuration> => loadedBody(folder, body, protocols);

async function problemsOf(body: string): Promise<readonly string[]> {
  const result = await loadBody(folder, body, protocols);
  return result.ok
    ? []
    : result.problems.map(
        ({ line, column, message, hint }) => `${line}:${column} ${message} | ${hint ?? "no hint"}`,
      );
}

/** What is said of a schema, without the place: of a file, and of the same text in place. */
async function bothSay(
  schema: string,
): Promise<readonly [file: readonly string[], inPlace: readonly string[]]> {
  await writeFile(join(folder, "schema.json"), schema);
  const words = (problems: readonly string[]): readonly string[] =>
    problems.map((each) => each.replace(/^\d+:\d+ /, ""));
  return [
    words(await problemsOf("{ schema: schema.json }")),
    words(await problemsOf(`{ schema: ${schema} }`)),
  ];
}

const wordsOf = (configuration: Configuration): readonly string[] | undefined =>
  protocols.find(({ kind }) => kind === "http")?.describe(refundOf(configuration).scope);

describe("a body's schema in place", () => {
  test("says what the same one in a file says", async () => {
    await writeFile(join(folder, "refund.json"), schemaFile);
    const inPlace = wordsOf(await loaded(`{ schema: ${schema} }`));
    expect(inPlace).toContain("body: an object; no other members");
    expect(inPlace).toEqual(wordsOf(await loaded("refund.json")));
  });

  test("may be made of anchors and aliases, in block form", async () => {
    const words = wordsOf(
      await loaded(`
          max: 4KiB
          schema:
            type: object
            properties: { gross: &cents { type: integer, minimum: 0 }, net: *cents }
            additionalProperties: false`),
    );
    expect(words).toContain("body: application/json, at most 4KiB");
    expect(words).toContain("body /net: a whole number; at least 0");
  });

  test("has no names but its own", async () => {
    const words = wordsOf(
      await loaded("{ schema: { type: object, properties: { constructor: { type: string } } } }"),
    );
    expect(words).toContain("body /constructor: text");
  });
});

describe("refused at its place", () => {
  test.each([
    [
      "a number that JSON has not",
      "{ schema: { properties: { a: { maximum: .inf } } } }",
      "9:55 JSON has no such number | write a number with digits, or leave it out for no bound",
    ],
    [
      "NaN",
      "{ schema: { const: .nan } }",
      "9:34 JSON has no such number | write a number with digits, or leave it out for no bound",
    ],
    ["a key that is a list", "{ schema: { [a]: 1 } }", "9:27 a key must be a plain text | no hint"],
    [
      "a key that is every object's",
      "{ schema: { type: object, properties: { __proto__: { type: string } } } }",
      "9:55 __proto__ is not allowed as a key | no hint",
    ],
    [
      "a number in its place",
      "{ schema: 7 }",
      "9:25 this must be a JSON Schema, or the path of a file with one | no hint",
    ],
    [
      "a list in its place",
      "{ schema: [a.json] }",
      "9:25 this must be a JSON Schema, or the path of a file with one | no hint",
    ],
    ["no path", '{ schema: "" }', "9:25 this must not be empty | no hint"],
    [
      "a schema larger than 256 KiB",
      `{ schema: { $comment: ${"x".repeat(262_144)} } }`,
      "9:25 this is larger than 262144 bytes of JSON | what stands in place has at most 256KiB, aliases written out: put it into a file, and name that",
    ],
    [
      "one that aliases make larger",
      `{ schema: { examples: [&a ${"x".repeat(10_000)}${", *a".repeat(30)}] } }`,
      "9:25 this is larger than 262144 bytes of JSON | what stands in place has at most 256KiB, aliases written out: put it into a file, and name that",
    ],
    [
      "one that cannot be used",
      "{ schema: { type: object, readOnly: true } }",
      "9:25 the body's schema cannot be used: /readOnly is not enforced: leave the property out, and set additionalProperties: false | docs/http.md lists what a schema may say",
    ],
  ])("%s", async (_, body, problem) => {
    expect(await problemsOf(body)).toEqual([problem]);
  });

  test("a date is the text that stands there", async () => {
    expect(wordsOf(await loaded("{ schema: { enum: [2026-01-01] } }"))?.join()).toContain('"2026-01-01"');
  });
});

const reference = /could lead out of the schema|can't resolve reference|leads/;
test.each([
  ["a reference to a URL", '{ "$ref": "https://attacker.example/schema.json" }', reference],
  ["a reference to a file", '{ "$ref": "file:///etc/passwd" }', reference],
  ["a reference to a file beside it", '{ "$ref": "other.json#/$defs/a" }', reference],
  ["a reference to itself", '{ "$ref": "#" }', reference],
  [
    "a huge pattern",
    `{ "type": "string", "pattern": "${"(a{1,1000}){1,1000}".repeat(20)}" }`,
    /the pattern .+ cannot be used/,
  ],
  [
    "a pattern that only backtracking could match",
    String.raw`{ "type": "string", "pattern": "(a)\\1" }`,
    /the pattern .+ cannot be used/,
  ],
  [
    "a required name that is every object's",
    '{ "type": "object", "required": ["__proto__"] }',
    /__proto__ cannot be enforced/,
  ],
  [
    "a property that is no schema",
    '{ "type": "object", "properties": { "constructor": 1 } }',
    /\/properties\/constructor is no schema/,
  ],
  ["a keyword that is not enforced", '{ "$dynamicRef": "#a" }', /\/\$dynamicRef is not enforced/],
  ["a promise in the place of a verdict", '{ "$async": true }', /\/\$async is not enforced/],
  ["a secret's source", '{ "env": "BILLING_AUTH" }', /\/env is not enforced/],
  ["a path in a mapping", '{ "file": "/etc/passwd" }', /\/file is not enforced/],
])("%s is refused in the same words as in a file", async (_, text, why) => {
  const [file, inPlace] = await bothSay(text);
  expect(file).toEqual([expect.stringMatching(/^the body's schema cannot be used: .+ \| docs\/http\.md/)]);
  expect(file[0]).toMatch(why);
  expect(inPlace).toEqual(file);
});

test("editors take both forms", () => {
  const published = configurationJsonSchema(protocols);
  const isTaken = new Ajv2020({ strict: false }).compile(published);
  const withSchema = (written: unknown): unknown => ({
    url: "https://gw.example",
    identity: { agents: { issuer: "https://okta.example/oauth2/a", audience: "api" } },
    connections: {
      billing: {
        http: { url: "https://billing.internal" },
        operations: { refund: { requests: ["POST /v1/refunds"], body: { schema: written } } },
      },
    },
  });
  expect(isTaken(withSchema("refund.json"))).toBe(true);
  expect(isTaken(withSchema({ type: "object", $defs: {}, additionalProperties: false }))).toBe(true);
  for (const wrong of [7, true, null, ["a.json"], ""]) expect(isTaken(withSchema(wrong))).toBe(false);
});
