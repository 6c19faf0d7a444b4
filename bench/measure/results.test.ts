import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { expect, test } from "vitest";
import { resultFile, writeResult } from "./results.ts";

test.each([
  ["by itself, where git ignores them", {}, path.join(root, ".cache/bench/http.json")],
  ["to be kept, in the repository", { keep: true }, path.join(root, "bench/results/http.json")],
  ["in a file of one's own", { out: "/tmp/a.json" }, "/tmp/a.json"],
])("raw runs go: %s", (_, options, file) => {
  expect(resultFile("http", { keep: false, ...options })).toBe(file);
});

test("both options at once are refused", () => {
  expect(() => resultFile("http", { keep: true, out: "a.json" })).toThrow("hint: give one of them");
});

test("a benchmark that is only tried changes no file that git knows", () => {
  const [folder = ""] = path.relative(root, resultFile("http", { keep: false })).split(path.sep);
  expect(readFileSync(path.join(root, ".gitignore"), "utf8").split("\n")).toContain(`${folder}/`);
});

test("raw runs are written where no folder is yet, and again in the place of those before", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-results-"));
  try {
    const file = path.join(folder, "a/b.json");
    for (const text of ["[1, 2, 3]", "[4]"]) writeResult(file, text);
    expect(readFileSync(file, "utf8")).toBe("[4]");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
