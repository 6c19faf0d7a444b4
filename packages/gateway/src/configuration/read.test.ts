import {
  mkdtempSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isInside } from "./folders.ts";
import { readText } from "./read.ts";

let folder = "";
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "mayfly-read-")));
  mkdirSync(join(folder, "conf.d"));
  mkdirSync(join(folder, "elsewhere"));
  writeFileSync(join(folder, "conf.d/a.yaml"), "inside");
  writeFileSync(join(folder, "elsewhere/a.yaml"), "outside");
});
afterEach(() => rmSync(folder, { recursive: true }));

const replaced = { ok: false, message: "the file was replaced while it was read", hint: "try again" };

test("a file that became a link after it was looked for is not read", async () => {
  const path = join(folder, "conf.d/a.yaml");
  expect(await readText(path, 100, true)).toEqual({ ok: true, text: "inside" });
  rmSync(path);
  symlinkSync(join(folder, "elsewhere/a.yaml"), path);
  expect(await readText(path, 100, true)).toEqual(replaced);
  expect(await readText(path, 100)).toEqual({ ok: true, text: "outside" });
});

test("nor is one whose folder became a link", async () => {
  renameSync(join(folder, "conf.d"), join(folder, "before"));
  symlinkSync(join(folder, "elsewhere"), join(folder, "conf.d"));
  expect(await readText(join(folder, "conf.d/a.yaml"), 100, true)).toEqual(replaced);
});

test("a folder is inside another where its links lead there, made or not", () => {
  symlinkSync(join(folder, "conf.d"), join(folder, "link"));
  for (const path of ["conf.d", "conf.d/x/y", "link", "link/x"])
    expect(isInside(join(folder, path), join(folder, "conf.d")), path).toBe(true);
  for (const path of ["conf.d2", "elsewhere", "", "link/../elsewhere"])
    expect(isInside(join(folder, path), join(folder, "conf.d")), path).toBe(false);
});
