import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { testFolders } from "../testing/log.ts";
import { watchFullFiles, type FullFiles } from "./full-files.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

const [full, live, strange] = [
  "records/000000000000.jsonl",
  "records/000000000007.jsonl",
  "records/999999999999.jsonl",
];

let folder: string;
let watched: FullFiles;
beforeEach(() => {
  folder = folders.make();
  mkdirSync(join(folder, "records"));
  for (const file of [full, live]) writeFileSync(join(folder, file), "{}\n");
  watched = watchFullFiles(folder, () => undefined);
  watched.takeAll(live);
});

test("all are there when nothing has happened, and when one was put back", () => {
  expect(watched.allThere(live)).toBeUndefined();
  renameSync(join(folder, full), join(folder, "aside"));
  renameSync(join(folder, "aside"), join(folder, full));
  expect(watched.allThere(live)).toBeUndefined();
});

// A proof reads what belongs to the log, and would take the log for whole.
test("a strange file is in the way for as long as it is there, also when it is empty", () => {
  writeFileSync(join(folder, strange), "");
  const difference = { place: strange, kind: "replaced", words: "is not a file of this log" };
  expect(watched.look(live)).toEqual(difference);
  expect(watched.allThere(live)).toEqual(difference);
  rmSync(join(folder, strange));
  expect(watched.allThere(live)).toBeUndefined();
  expect(watched.look(live)).toBeUndefined();
});

test("a file that is gone or has another size is in the way", () => {
  writeFileSync(join(folder, full), "{}\n{}\n");
  expect(watched.allThere(live)).toMatchObject({ place: full, kind: "resized" });
  rmSync(join(folder, full));
  expect(watched.allThere(live)).toMatchObject({ place: full, kind: "gone" });
});
