import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeCheckpoint } from "./checkpoint.ts";
import { readOutside } from "./outside.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-outside-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { privateKey: key } = generateKeyPairSync("ed25519");
const noteOf = (size: number): string =>
  makeCheckpoint({ origin: "gateway.test", size, root: Buffer.alloc(32, size) }, [
    { name: "gateway.test", key },
  ]);
const [first, second, third] = [noteOf(3), noteOf(5), noteOf(12)];
const read = (text: string) => {
  const path = join(folder, "notes");
  writeFileSync(path, text);
  return readOutside(path).map(({ from, flaw }) => [from.slice(path.length), flaw]);
};
const two = `${first}\n${second}\n`;

test.each([
  ["has Windows line ends", third.replaceAll("\n", "\r\n")],
  ["has a blank at its end", third.replace(/\n$/, " \n")],
  ["has a blank behind its size", third.replace("\n12\n", "\n12 \n")],
  ["has a line more", third.replace("\n\n", "\nmore\n\n")],
  ["has no signature that is one", third.replace("— ", "- ")],
])("one of many that %s is not passed over, wherever it stands", (_, altered) => {
  expect(read(`${two}${altered}\n`)).toEqual([
    [":1", undefined],
    [":7", undefined],
    [":13", "unread"],
  ]);
  expect(read(`${two}${altered.replace(/[\r\n]+$/, "")}`).at(-1)).toEqual([":13", "unread"]);
  expect(read(`${first}\n${altered}\n${second}\n`)).toEqual([
    [":1", undefined],
    [":7", "unread"],
    [expect.stringMatching(/^:1[34]$/), undefined],
  ]);
});

test("what was cut short at the end is told from what was altered, and whole without the last line's end", () => {
  expect(read(two + third.slice(0, -20)).at(-1)).toEqual([":13", "cut short"]);
  expect(read(two + third.trimEnd()).at(-1)).toEqual([":13", undefined]);
  // One whose last signature has an end is judged, and does not verify.
  expect(read(`${two}${third.slice(0, -20)}\n\n`).at(-1)).toEqual([":13", undefined]);
  expect(read(`${two}${third.slice(0, -20)} (cut short)\n\n${third}\n`).slice(2)).toEqual([
    [":13", "cut short"],
    [":19", undefined],
  ]);
});

test("a last line of any length is read", () => {
  expect(read(`${two}— gateway.test ${"A".repeat(5_000_000)}`).map(([, flaw]) => flaw)).toEqual([
    undefined,
    undefined,
    "cut short",
  ]);
});

test("a file of one is judged as it stands, and one of nothing but a beginning is refused", () => {
  expect(read(third.replaceAll("\n", "\r\n"))).toEqual([["", undefined]]);
  expect(() => read("gateway.test\n1 (cut short)\n\ngateway.test\n1")).toThrow("holds no checkpoint");
  expect(() => read("\n\n")).toThrow("holds no checkpoint");
});

test("in a folder, a file of another name is said", () => {
  mkdirSync(join(folder, "below"));
  writeFileSync(join(folder, "below", "3.checkpoint"), first);
  writeFileSync(join(folder, "12.txt"), third);
  expect(readOutside(folder)).toEqual([
    { note: "", from: join(folder, "12.txt"), flaw: "other name" },
    { note: first, from: join(folder, "below", "3.checkpoint") },
  ]);
  rmSync(join(folder, "below"), { recursive: true });
  expect(() => readOutside(folder)).toThrow("holds no checkpoint");
});
