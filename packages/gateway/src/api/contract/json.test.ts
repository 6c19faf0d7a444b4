import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { parseJson } from "./json.ts";

const parse = (text: string): unknown => parseJson(Buffer.from(text));

describe("parseJson", () => {
  it("reads what JSON.parse reads, whatever the names and strings hold", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        fc.pre(!/__proto__|constructor/.test(text));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("refuses a name given twice, at any depth and however it is escaped", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(8), (name, depth) => {
        const written = JSON.stringify(name);
        const escaped = `"${[...Array(name.length).keys()].map((i) => `\\u${name.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")}"`;
        const object = `{${written}: 1, "other ,{}[]\\"": [2], ${escaped}: 3}`;
        expect(() => parse("[".repeat(depth) + object + "]".repeat(depth))).toThrow(
          /stands twice|not allowed/,
        );
      }),
    );
  });

  it("lets the same name stand in different objects", () => {
    expect(parse('{"a":{"a":1},"b":[{"a":1},{"a":2}]}')).toEqual({ a: { a: 1 }, b: [{ a: 1 }, { a: 2 }] });
  });

  it.each([
    '{"__proto__":1}',
    '{"a":[{"constructor":{}}]}',
    '{"\\u005f_proto__":1}',
    `${"[".repeat(17)}${"]".repeat(17)}`,
    "\ufeff{}",
    "{} {}",
    "{'a':1}",
  ])("refuses %s", (text) => {
    expect(() => parse(text)).toThrow(/^(the body is|a member name)/);
  });

  it("never throws anything but its own error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        let code = "malformed_json";
        try {
          parseJson(Buffer.from(bytes));
        } catch (thrown) {
          code = (thrown as { code: string }).code;
        }
        expect(code).toBe("malformed_json");
      }),
    );
  });
});
