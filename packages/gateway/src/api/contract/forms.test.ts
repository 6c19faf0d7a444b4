import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { parseForm } from "./forms.ts";
import { ApiProblem } from "./problems.ts";

describe("a form", () => {
  it("is read as a browser wrote it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { maxKeys: 20 }), (fields) => {
        const wellFormed = Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
        );
        const text = new URLSearchParams(wellFormed).toString();
        expect({ ...parseForm(Buffer.from(text)).fields }).toEqual(wellFormed);
      }),
    );
  });

  it("keeps its text for whoever verifies a signature over it", () => {
    expect(parseForm(Buffer.from("payload=%7B%7D&a=b+c"))).toMatchObject({
      text: "payload=%7B%7D&a=b+c",
      fields: { payload: "{}", a: "b c" },
    });
  });

  it.each([
    ["a field that stands twice", Buffer.from("a=1&a=2")],
    ["a field that stands twice, written otherwise", Buffer.from("a=1&%61=2")],
    ["an encoding that is cut short", Buffer.from("a=%4")],
    ["an encoding that is no UTF-8", Buffer.from("a=%ff")],
    ["bytes that are no UTF-8", Buffer.from([0x61, 0x3d, 0xff])],
    ["too many fields", Buffer.from(Array.from({ length: 51 }, (_, i) => `f${i}=1`).join("&"))],
  ])("with %s is refused", (_, body) => {
    expect(() => parseForm(body)).toThrow(ApiProblem);
  });
});
