import { expect, test } from "vitest";
import { isPinnedPath, pathOf } from "./search-path.ts";

test("a search path is read as PostgreSQL reads it", () => {
  expect(pathOf("public, pg_temp")).toEqual(["public", "pg_temp"]);
  expect(pathOf('"Sales" ,Public')).toEqual(["Sales", "public"]);
  expect(pathOf('"a""b"')).toEqual(['a"b']);
  expect(pathOf("")).toEqual([]);
  expect(pathOf('""')).toEqual([""]);
  for (const broken of ['"open', "a b", "a,,b", 'a"b"', ","]) expect(pathOf(broken)).toBeUndefined();
});

test("letters beyond ASCII are not folded, and blanks beyond ASCII are parts of names, as in PostgreSQL", () => {
  expect(pathOf("\u212aunden, \u00c9t\u00e9")).toEqual(["\u212aunden", "\u00c9t\u00e9"]);
  expect(pathOf("\u00a0public,pg_temp\ufeff")).toEqual(["\u00a0public", "pg_temp\ufeff"]);
  expect(pathOf("\u00a0")).toEqual(["\u00a0"]);
  expect(pathOf(" \t\n\r\f")).toEqual([]);
  // A blank to some versions, and a letter to others.
  expect(pathOf("\vpublic, pg_temp")).toBeUndefined();
});

test("only the path that was fixed, or none, leaves names what they were judged as", () => {
  const pinned = ["public", "shop"];
  expect(isPinnedPath(["public", "shop", "pg_temp"], pinned)).toBe(true);
  expect(isPinnedPath([], pinned)).toBe(true);
  expect(isPinnedPath([""], pinned)).toBe(true);
  for (const other of [
    ["public", "shop"],
    ["pg_temp", "public", "shop"],
    ["shop", "public", "pg_temp"],
    ["public", "pg_temp"],
    ["public", "shop", "extra", "pg_temp"],
    ["pg_temp"],
    ["", "public"],
  ])
    expect(isPinnedPath(other, pinned)).toBe(false);
});
