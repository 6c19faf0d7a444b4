import { describe, expect, test } from "vitest";
import { WrittenJson, writtenJsonSchema } from "./written-json.ts";

/** What is said of a value that is refused: its place, and the words. */
function refusal(value: unknown): string {
  const [issue] = writtenJsonSchema.safeParse(value).error?.issues ?? [];
  return `${issue?.path.join(".")}: ${issue?.message}`;
}

const nested = (levels: number): object =>
  Array.from({ length: levels }).reduce<object>((inner) => ({ not: inner }), {});

describe("JSON that is written in place", () => {
  test("is told as it is written, whatever its keys are called", () => {
    const written = { type: "object", b: [1, -0.5, true, null, { constructor: "é" }], a: {} };
    expect(writtenJsonSchema.parse(written).text()).toBe(
      '{"type":"object","b":[1,-0.5,true,null,{"constructor":"é"}],"a":{}}',
    );
    expect(writtenJsonSchema.parse(written).value()).toEqual(written);
    const bare = Object.assign(Object.create(null) as object, { toString: { type: "string" } });
    expect(writtenJsonSchema.parse(bare).text()).toBe('{"toString":{"type":"string"}}');
  });

  test("keeps a name that objects have of themselves, so that others refuse it", () => {
    const written: unknown = JSON.parse('{"properties":{"__proto__":{"type":"string"}}}');
    expect(writtenJsonSchema.parse(written).text()).toBe('{"properties":{"__proto__":{"type":"string"}}}');
  });

  test("stays what it was when the value changes afterwards", () => {
    const written = { maximum: 1 };
    const json = writtenJsonSchema.parse(written);
    written.maximum = 2;
    (json.value() as { maximum: number }).maximum = 3;
    expect(json.text()).toBe('{"maximum":1}');
    expect(json).toBeInstanceOf(WrittenJson);
  });

  test.each<[string, unknown, string]>([
    ["NaN", { maximum: Number.NaN }, "maximum: JSON has no such number"],
    ["no end", { a: { minimum: -Infinity } }, "a.minimum: JSON has no such number"],
    ["a date", { const: new Date(0) }, "const: this is no JSON"],
    ["a map", { properties: new Map() }, "properties: this is no JSON"],
    ["a function", { enum: [1, () => 1] }, "enum.1: this is no JSON"],
    ["what is left undefined", { enum: [undefined] }, "enum.0: this is no JSON"],
    ["a number of any length", { const: 1n }, "const: this is no JSON"],
    ["half of a character", { const: "\ud800" }, "const: a text holds half of a character"],
    ["half of one in a name", { a: { "\udc00": 1 } }, "a: a text holds half of a character"],
    ["a text", "schema.json", ": Invalid input: expected record, received string"],
    ["a list", [], ": Invalid input: expected record, received array"],
    ["nothing", null, ": Invalid input: expected record, received null"],
  ])("is refused at its place: %s", (_, value, words) => {
    expect(refusal(value)).toBe(words);
  });

  test("nests as deep as a schema's file may", () => {
    expect(writtenJsonSchema.parse(nested(127)).text()).toContain("not");
    expect(refusal(nested(200))).toContain("this nests too deep");
  });

  test("has at most 256 KiB", () => {
    const of = (bytes: number): object => ({ a: "x".repeat(bytes - '{"a":""}'.length) });
    expect(writtenJsonSchema.parse(of(262_144)).text()).toHaveLength(262_144);
    expect(refusal(of(262_145))).toBe(": this is larger than 262144 bytes of JSON");
    // Bytes, and not characters.
    expect(refusal({ a: "é".repeat(140_000) })).toBe(": this is larger than 262144 bytes of JSON");
    expect(refusal({ ["x".repeat(262_144)]: 1 })).toContain("this is larger");
    const hint: unknown = writtenJsonSchema.safeParse(of(262_145)).error?.issues[0];
    expect(hint).toMatchObject({ params: { hint: expect.stringContaining("put it into a file") as string } });
  });

  test("is not written out before it is known to end", () => {
    // As aliases do: 2^40 texts out of forty values.
    let all: unknown = "x".repeat(1000);
    for (let times = 0; times < 40; times += 1) all = [all, all];
    expect(refusal({ all })).toBe(": this is larger than 262144 bytes of JSON");
  });
});
