import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { maskOf as membersOf } from "../../../protocols/kubernetes/mask.ts";
import { maskOf } from "../../../protocols/http/mask.ts";
import { maskJson, type MaskStep } from "./json-mask.ts";

/** Masks bytes that come in pieces, cut at these places. */
function mask(
  bytes: Buffer,
  step: MaskStep,
  cuts: readonly number[] = [],
): { text: string; met: readonly string[] } | undefined {
  const masking = maskJson(step);
  const out: Buffer[] = [];
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  for (const [at, from] of places.slice(0, -1).entries()) {
    const made = masking.feed(bytes.subarray(from, places[at + 1]));
    if (made === undefined) return undefined;
    out.push(...made);
  }
  const end = masking.end();
  return end === undefined ? undefined : { text: Buffer.concat(out).toString(), met: end.met };
}

/** What a mask has to do, said as plainly as can be: on values. */
function plainly(value: unknown, pointers: readonly (readonly string[])[]): unknown {
  if (pointers.some(({ length }) => length === 0)) return "***";
  const below = (name: string): (readonly string[])[] =>
    pointers.filter(([part]) => part === "*" || part === name).map(([, ...rest]) => rest);
  if (Array.isArray(value)) return value.map((item, at) => plainly(item, below(String(at))));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plainly(each, below(name))]));
}

const part = fc.constantFrom("a", "b", "0", "1", "*", 'q"\\', "é");
const pointers = fc.array(fc.array(part, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false, 0, -1.5e-7, 1e21, "", "x", 'q"\\\n', "é😀", "]}"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "0", "1", 'q"\\', "é"), tie("value"), { maxKeys: 4 }),
  ),
}));

describe("JSON that is masked as it comes", () => {
  it("is masked wherever a pointer leads, however its bytes were cut, and is otherwise the same", () => {
    fc.assert(
      fc.property(
        value,
        pointers,
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.constantFrom(0, 2),
        (given, rules, cuts, indent) => {
          const bytes = Buffer.from(JSON.stringify(given, undefined, indent));
          const made = mask(bytes, maskOf(rules), cuts);
          expect(JSON.parse(made?.text ?? "")).toEqual(plainly(given, rules));
          // Where nothing was met the answer is the same to the byte.
          expect(made?.met.length === 0 ? made.text : bytes.toString()).toBe(bytes.toString());
        },
      ),
      { numRuns: 500 },
    );
  });

  it("takes what JSON.parse takes, and nothing else", () => {
    const byte = fc.constantFrom(...Array.from('{}[]",:0123456789.eE+-truefalsn\\u d\n\t'), "\u0000", "é");
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 3 }), (bytes, cuts) => {
        const text = bytes.join("");
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect([text, mask(Buffer.from(text), maskOf([["x"]]), cuts) !== undefined]).toEqual([text, isJson]);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    "01",
    "-",
    "1.",
    "1.e5",
    "1e",
    "1e+",
    ".5",
    "tru",
    "nullx",
    '"\\x"',
    '"\\u12g4"',
    '"a\tb"',
    "[1,]",
    "{,}",
    '{"a"}',
    '{"a":1,}',
    "[1}",
    "1 2",
    "",
    " ",
    "\ufeff1",
  ])("refuses %j", (text) => expect(mask(Buffer.from(text), maskOf([["a"]]))).toBeUndefined());
  it.each(["0", "-0", "0.5", "1e5", "1E-5", "-12.50e+07", " [ ] ", '"\\u00e9\\n"', "\t{}\r\n"])(
    "takes %j",
    (text) => expect(mask(Buffer.from(text), maskOf([["a"]]))?.text).toBe(text),
  );

  it("masks every one of members that stand twice, however their names are written", () => {
    const text = String.raw`{"a":"one","\u0061":"two","b":{"a":"kept"}}`;
    expect(mask(Buffer.from(text), maskOf([["a"]]))).toEqual({
      text: String.raw`{"a":"***","\u0061":"***","b":{"a":"kept"}}`,
      met: ["/a"],
    });
  });

  it("refuses what is no UTF-8, nests too deep or has a name that cannot be compared", () => {
    expect(mask(Buffer.from([0x22, 0xff, 0x22]), maskOf([["a"]]))).toBeUndefined();
    expect(mask(Buffer.from([0x22, 0xc3]), maskOf([["a"]]))).toBeUndefined();
    const deep = (depth: number): Buffer => Buffer.from("[".repeat(depth) + "]".repeat(depth));
    expect(mask(deep(128), maskOf([["a"]]))).toBeDefined();
    expect(mask(deep(129), maskOf([["a"]]))).toBeUndefined();
    expect(mask(Buffer.from(`{"${"a".repeat(20_000)}":1}`), maskOf([["a"]]))).toBeUndefined();
  });

  it("shows the keys of a masked mapping, and masks a member that is none whole", () => {
    const of = (given: unknown): string | undefined =>
      mask(Buffer.from(JSON.stringify(given)), membersOf("secrets", ["data"]))?.text;
    expect(
      of({ items: [{ data: { key: { deep: "x" }, other: [1] } }, { data: ["x"] }, { data: "x" }] }),
    ).toBe('{"items":[{"data":{"key":"***","other":"***"}},{"data":"***"},{"data":"***"}]}');
    const applied = "kubectl.kubernetes.io/last-applied-configuration";
    expect(of({ metadata: { annotations: { [applied]: "x", kept: "y" } } })).toBe(
      `{"metadata":{"annotations":{"${applied}":"***","kept":"y"}}}`,
    );
  });
});
