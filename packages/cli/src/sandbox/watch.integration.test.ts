// tier: full
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchCovers } from "./watch.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-watch-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("what is in sight from the start is told at once: the command is not started", () => {
  const file = join(folder, "login");
  writeFileSync(file, "x");
  expect(() => watchCovers(process.pid, { files: [file], folders: ["/proc"] })).toThrow(
    `${file} was replaced by something outside`,
  );
});

test("what is covered, or is not there, is well; what appears is told", async () => {
  const file = join(folder, "login");
  const watched = watchCovers(process.pid, { files: [file], folders: ["/proc"] });
  writeFileSync(file, "x");
  await expect(watched.lost).rejects.toMatchObject({ code: "sandbox_lost" });
  watched.close();
});
