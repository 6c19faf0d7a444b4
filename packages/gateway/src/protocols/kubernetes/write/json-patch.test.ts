import { describe, expect, it } from "vitest";
import { applyJsonPatch, readSteps } from "./json-patch.ts";
import type { JsonObject } from "./objects.ts";
import { NotUnderstood, Unapplied } from "./unapplied.ts";

const apply = (document: JsonObject, patch: unknown): unknown => applyJsonPatch(document, readSteps(patch));

// The examples of RFC 6902, appendix A, of objects.
it.each<[JsonObject, readonly object[], unknown]>([
  [{ foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { baz: "qux", foo: "bar" }],
  [{ foo: ["bar", "baz"] }, [{ op: "add", path: "/foo/1", value: "qux" }], { foo: ["bar", "qux", "baz"] }],
  [{ baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
  [{ foo: ["bar", "qux", "baz"] }, [{ op: "remove", path: "/foo/1" }], { foo: ["bar", "baz"] }],
  [{ baz: "qux", foo: "bar" }, [{ op: "replace", path: "/baz", value: "boo" }], { baz: "boo", foo: "bar" }],
  [
    { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
    [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
    { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
  ],
  [
    { foo: ["all", "grass", "cows", "eat"] },
    [{ op: "move", from: "/foo/1", path: "/foo/3" }],
    { foo: ["all", "cows", "eat", "grass"] },
  ],
  [
    { baz: "qux", foo: ["a", 2, "c"] },
    [
      { op: "test", path: "/baz", value: "qux" },
      { op: "test", path: "/foo/1", value: 2 },
    ],
    { baz: "qux", foo: ["a", 2, "c"] },
  ],
  [
    { foo: "bar" },
    [{ op: "add", path: "/child", value: { grandchild: {} } }],
    { foo: "bar", child: { grandchild: {} } },
  ],
  [{ "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
  [
    { foo: ["bar"] },
    [{ op: "add", path: "/foo/-", value: ["abc", "def"] }],
    { foo: ["bar", ["abc", "def"]] },
  ],
  [{ foo: "bar" }, [{ op: "replace", path: "", value: { a: 1 } }], { a: 1 }],
  [{ a: { b: 1 } }, [{ op: "copy", from: "/a", path: "/a/c" }], { a: { b: 1, c: { b: 1 } } }],
])("%j patched by %j is %j", (document, patch, result) => {
  const given = structuredClone(document);
  expect(apply(document, patch)).toEqual(result);
  expect(document).toEqual(given);
});

describe("a step that cannot be applied", () => {
  const document = { foo: ["bar"], baz: "qux" };
  it.each<[object]>([
    [{ op: "add", path: "/none/bat", value: 1 }],
    [{ op: "add", path: "/foo/2", value: 1 }],
    [{ op: "add", path: "/foo/-1", value: 1 }],
    [{ op: "add", path: "/foo/00", value: 1 }],
    [{ op: "add", path: "/foo/1e0", value: 1 }],
    [{ op: "add", path: "/foo/length", value: 9 }],
    [{ op: "add", path: "/baz/x", value: 1 }],
    [{ op: "remove", path: "/none" }],
    [{ op: "remove", path: "/foo/-" }],
    [{ op: "remove", path: "/foo/-1" }],
    [{ op: "replace", path: "/none", value: 1 }],
    [{ op: "replace", path: "/foo/length", value: 0 }],
    [{ op: "replace", path: "/toString", value: 0 }],
    [{ op: "copy", from: "/toString", path: "/a" }],
    [{ op: "copy", from: "/foo/map/name", path: "/a" }],
    [{ op: "add", path: "/toString/x", value: 1 }],
    [{ op: "move", from: "/foo", path: "/foo/0" }],
    [{ op: "test", path: "/none", value: null }],
    [{ op: "test", path: "/baz", value: "bar" }],
    [{ op: "test", path: "/foo/1", value: null }],
  ])("is refused, as a cluster refuses it: %j", (step) => {
    expect(() => apply(document, [step])).toThrow(Unapplied);
  });

  it.each<[unknown]>([
    [{ op: "add", path: "/a", value: 1 }],
    [[{ path: "/a", value: 1 }]],
    [[{ op: "spam", path: "/a", value: 1 }]],
    [[{ op: "add", value: 1 }]],
    [[{ op: "add", path: 7, value: 1 }]],
    [[{ op: "add", path: "a", value: 1 }]],
    [[{ op: "add", path: "/a" }]],
    [[{ op: "move", path: "/a" }]],
    [[{ op: "copy", from: "foo", path: "/a" }]],
    [[{ op: "add", path: "//a", value: 1 }]],
    [[{ op: "add", path: "/a/", value: 1 }]],
    [[{ op: "add", path: "/a~2", value: 1 }]],
    [[{ op: "add", path: "/__proto__/polluted", value: 1 }]],
    [[{ op: "add", path: "/constructor/prototype/polluted", value: 1 }]],
    [["add"]],
    [[null]],
    [Array.from({ length: 1001 }, () => ({ op: "test", path: "/baz", value: "qux" }))],
  ])("or could be read in two ways: %#", (patch) => {
    expect(() => apply(document, patch)).toThrow(NotUnderstood);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

it("what is moved to and fro is bounded", () => {
  const large = { a: { text: "x".repeat(1_000_000) } };
  const moves = [0, 1, 2, 3].map((at) => ({
    op: "move",
    from: `/${"ab"[at % 2]}`,
    path: `/${"ba"[at % 2]}`,
  }));
  expect(() => apply(large, moves)).toThrow(/3 MiB/);
  expect(() => apply(large, moves.slice(0, 3))).not.toThrow();
});

it("copies of copies are bounded", () => {
  const doubling = Array.from({ length: 40 }, (_, at) => ({
    op: "copy",
    from: "/a",
    path: `/a/${"x".repeat(at + 1)}`,
  }));
  expect(() => apply({ a: { b: "1" } }, doubling)).toThrow(/more than 25000 values/);
  expect(() => apply({ a: { b: "1" } }, doubling.slice(0, 10))).not.toThrow();
});

it("copies and moves of many small values are bounded", () => {
  const list = Array.from({ length: 2000 }, () => 0);
  const copies = (times: number): object[] =>
    Array.from({ length: times }, (_, at) => ({ op: "copy", from: "/a", path: `/${at}x` }));
  expect(() => apply({ a: list }, copies(13))).toThrow(/more than 25000 values/);
  expect(() => apply({ a: list }, copies(12))).not.toThrow();
});

it("what results nests no deeper than it can be read", () => {
  const deeper = (times: number): unknown =>
    apply(
      { a: {} },
      Array.from({ length: times }, (_, at) => ({
        op: "copy",
        from: "/a",
        path: `/a${"/x".repeat(2 ** at)}`,
      })),
    );
  expect(() => deeper(6)).not.toThrow();
  expect(() => deeper(7)).toThrow(/too deep/);
  const path = "/a".repeat(200_000);
  expect(() => apply({}, [{ op: "add", path, value: 1 }])).toThrow(/too deep/);
});
