import { expect, test } from "vitest";
import { memoryStore } from "./testing/memory-store.ts";
import { forgetNoted, readNoted, writeNoted, type Store } from "./noted.ts";

const noted = {
  key: "log+00000000+AAAA",
  from: "pasted",
  at: "2026-01-01T12:00:00.000Z",
  head: { size: 7, root: new Uint8Array(32).fill(9), at: "2026-01-02T12:00:00.000Z" },
} as const;

test("what was noted is read again, and can be forgotten", () => {
  const store = memoryStore();
  expect(writeNoted(store, noted)).toBe(true);
  expect(readNoted(store)).toEqual(noted);
  const { head: _, ...keyAlone } = noted;
  writeNoted(store, keyAlone);
  expect(readNoted(store)).toEqual(keyAlone);
  forgetNoted(store);
  expect(readNoted(store)).toBeUndefined();
});

test.each([
  ["nothing", undefined],
  ["no JSON", "{"],
  ["another shape", "[]"],
  ["no key", '{"from":"pasted","at":"x"}'],
  ["an unknown source", '{"key":"k","from":"gateway","at":"x"}'],
])("%s counts as nothing noted", (_, text) => expect(readNoted(memoryStore(text))).toBeUndefined());

test.each([
  ["a short root", { size: 7, root: "AAAA", at: "x" }],
  ["a negative size", { size: -1, root: Buffer.alloc(32).toString("base64"), at: "x" }],
  ["no root", { size: 1, at: "x" }],
])("a head with %s is dropped, the key stays", (_, head) => {
  const text = JSON.stringify({ key: "k", from: "pasted", at: "x", head });
  expect(readNoted(memoryStore(text))).toEqual({ key: "k", from: "pasted", at: "x" });
});

test("a store that takes nothing is told, and breaks nothing", () => {
  const full: Store = {
    getItem: () => {
      throw new Error("denied");
    },
    setItem: () => {
      throw new Error("full");
    },
    removeItem: () => {
      throw new Error("denied");
    },
  };
  expect(writeNoted(full, noted)).toBe(false);
  expect(readNoted(full)).toBeUndefined();
  expect(() => forgetNoted(full)).not.toThrow();
});
