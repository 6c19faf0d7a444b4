import fc from "@mayfly/testing/fast-check.ts";
import { expect, it, test } from "vitest";
import { applyMergePatch, mergePatchBetween } from "./merge-patch.ts";
import { isObject, type JsonObject } from "./objects.ts";

// The examples of RFC 7386, appendix A.
it.each<[unknown, unknown, unknown]>([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])("%j patched by %j is %j", (target, patch, result) => {
  const given = structuredClone(target);
  expect(applyMergePatch(target, patch)).toEqual(result);
  expect(target).toEqual(given);
});

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, 1, "a"),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(fc.constantFrom("a", "b", "toString", "constructor"), tie("value"), { maxKeys: 3 }),
}));

/** Without members that are null, which a merge patch cannot set. */
function settable(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => (each === null ? [] : [[name, settable(each)]])),
  );
}

test("the patch between two objects makes the second of the first", () => {
  fc.assert(
    fc.property(json.object, json.object, (before, after) => {
      const first = settable(before) as JsonObject;
      const patch = mergePatchBetween(first, after);
      expect(settable(applyMergePatch(first, patch))).toEqual(settable(after));
    }),
    { numRuns: 2000 },
  );
});

test("says nothing of members that are null on both sides", () => {
  const before = { a: { created: null, b: 1 }, c: null };
  expect(mergePatchBetween(before, { ...before, a: { created: null, b: 2 } })).toEqual({ a: { b: 2 } });
  expect(mergePatchBetween(before, { a: { created: 1, b: null }, c: null })).toEqual({
    a: { created: 1, b: null },
  });
});
