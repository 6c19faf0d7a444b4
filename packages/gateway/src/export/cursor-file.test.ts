import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { cursorFile } from "./cursor-file.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function folderOf(): string {
  const made = mkdtempSync(path.join(tmpdir(), "mayfly-cursor-"));
  folders.push(made);
  return path.join(made, "exports");
}

test("what was kept is read, of the same log alone", async () => {
  const folder = folderOf();
  const cursor = cursorFile(folder, "siem");
  expect(await cursor.read("log-1")).toBeUndefined();
  await cursor.keep("log-1", 41);
  await cursor.keep("log-1", 42);
  expect(await cursorFile(folder, "siem").read("log-1")).toBe(42);
  expect(await cursorFile(folder, "siem").read("log-2")).toBeUndefined();
  expect(await cursorFile(folder, "other").read("log-1")).toBeUndefined();
  expect(readdirSync(folder)).toEqual(["siem.json"]);
  expect(statSync(path.join(folder, "siem.json")).mode & 0o777).toBe(0o600);
});

test.each([["{"], ["null"], ['{"log":"log-1"}'], ['{"log":"log-1","next":-1}'], ['{"log":1,"next":1}']])(
  "a file that holds %s is no cursor",
  async (text) => {
    const folder = folderOf();
    const cursor = cursorFile(folder, "siem");
    await cursor.keep("log-1", 1);
    writeFileSync(path.join(folder, "siem.json"), text);
    await expect(cursor.read("log-1")).rejects.toThrow(/JSON|no number of a record/);
  },
);
