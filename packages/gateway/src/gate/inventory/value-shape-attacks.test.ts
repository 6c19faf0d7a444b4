import fc from "@mayfly/testing/fast-check.ts";
import { expect, it, test } from "vitest";
import { dataNames } from "./testing/json-values.ts";
import { mergedShape, schemaOf, type Shape, shapeKey, shapeOf } from "./value-shape.ts";

const textOf = (shape: Shape): string => JSON.stringify([shape, schemaOf(shape), shapeKey(shape)]);
const list = <T>(length: number, each: (at: number) => T): T[] => Array.from({ length }, (_, at) => each(at));

test("nothing that a value says is in its shape, its schema or its key", () => {
  const text = fc.constantFrom("canary", "canary@example.com", "https://canary.example.com/", "1.2.3.4");
  const name = fc.constantFrom("canary@example.com", "canary_4711", "canary said", ...dataNames);
  const value = fc.dictionary(name, fc.array(text, { maxLength: 3 }), { minKeys: 1, maxKeys: 4 });
  fc.assert(
    fc.property(value, text, fc.integer({ min: 1_000_000 }), (map, said, number) => {
      const first = shapeOf({ map, said, number, list: [said, number] });
      const all = textOf(mergedShape(first, shapeOf({ map: {}, said: null })));
      const canaries = ["canary", "1.2.3.4", String(number), ...Object.keys(map)];
      expect(canaries.filter((each) => each !== "" && all.includes(each))).toEqual([]);
    }),
  );
});

it.each<readonly [string, () => unknown, number]>([
  ["a text of a megabyte", () => "a".repeat(1_000_000), 200],
  ["a name of a megabyte", () => ({ ["_".repeat(1_000_000)]: 1 }), 400],
  ["20,000 members", () => Object.fromEntries(list(20_000, (at) => [`m${at}`, at])), 400],
  ["10,000 levels of lists", () => JSON.parse("[".repeat(10_000) + "]".repeat(10_000)), 100],
  ["10,000 levels of objects", () => JSON.parse(`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`), 100],
  ["20,000 objects that differ", () => list(20_000, (at) => ({ [`m${at}`]: at, [`n_${at % 7}`]: "" })), 500],
])("%s have a small shape", (_, make, most) => expect(textOf(shapeOf(make())).length).toBeLessThan(most));

it("a value of more parts than anybody reads has a small one", () => {
  const names = list(40, (at) => `x_${String.fromCharCode(103 + (at % 20))}${"g".repeat(at / 20)}`);
  const grown = (value: unknown): object => Object.fromEntries(names.map((name) => [name, value]));
  expect(shapeOf(grown(grown(grown(1))))).toBe("anything");
});
