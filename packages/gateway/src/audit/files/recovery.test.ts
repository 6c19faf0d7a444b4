import {
  appendFileSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { segmentsOf, verifyLog, type VerifyReport } from "@mayfly/audit-verifier";
import fc from "@mayfly/testing/fast-check.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recover } from "./recovery.ts";
import { openTestLog, recordsIn, testFolders, writeActs } from "../testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

/** Several files, several checkpoints, and records behind the last one, as a kill leaves them. */
let killed: string;
let key: string;
let covered: number;
beforeAll(async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder, { segmentBytes: 1500 });
  for (let i = 0; i < 4; i++) {
    writeActs(opened, 4);
    await opened.checkpointNow();
  }
  covered = opened.written();
  writeActs(opened, 2, "select 'ü'");
  killed = folders.copy(folder);
  key = opened.verifierKey;
  await opened.log.close();
});

test("a kill at any byte of the last flush loses the torn line alone", { timeout: 30_000 }, () => {
  const last = segmentsOf(killed).at(-1)!.file;
  const bytes = readFileSync(join(killed, last));
  const lines = bytes.toString("latin1").split("\n");
  const flushed = lines.slice(0, -1).slice(-4);
  const start = bytes.length - flushed.reduce((sum, line) => sum + line.length + 1, 0);
  const folder = folders.copy(killed);
  const all = recordsIn(killed).length;
  for (let size = start; size <= bytes.length; size++) {
    writeFileSync(join(folder, last), bytes.subarray(0, size));
    const whole = bytes.subarray(start, size).filter((byte) => byte === 10).length;
    const found = recover(folder, [key]);
    expect(found.state.tree.size).toBe(all - 4 + whole);
    const isTorn = size > start && bytes[size - 1] !== 10;
    expect(found.cuts).toHaveLength(isTorn ? 1 : 0);
    // Verified whole now and then; it takes longer.
    const verdict = size % 50 === 0 ? verifyLog(folder, [key]).verdict : "whole";
    expect(verdict).toBe("whole");
  }
});

test("any byte altered anywhere is refused or reported, with its place", { timeout: 30_000 }, () => {
  const files = [...segmentsOf(killed).map(({ file }) => file), "checkpoints.txt"];
  const folder = folders.copy(killed);
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (file, where, flip) => {
        const path = join(folder, file);
        const before = readFileSync(path);
        const altered = Buffer.from(before);
        const at = where % before.length;
        altered[at]! ^= flip;
        writeFileSync(path, altered);
        try {
          const upTo = before.subarray(0, at).filter((byte) => byte === 10).length;
          const first = segmentsOf(folder).find((segment) => segment.file === file)?.first;
          expect(isSeen(verifyLog(folder, [key]), first === undefined ? undefined : first + upTo)).toBe(true);
        } finally {
          writeFileSync(path, before);
        }
      },
    ),
    { numRuns: 400 },
  );
});

/**
 * Whether a report tells of an altered byte. One that it does not tell of as broken lies behind the last checkpoint,
 * where nothing vouches for it yet, or it made the end look unfinished, which is said.
 */
function isSeen(report: VerifyReport, record: number | undefined): boolean {
  if (report.verdict === "broken") return report.problems.every(({ file }) => file !== "");
  const isBehind = record === undefined || record >= covered;
  return isBehind && report.uncovered + report.notes.length > 0;
}

const altering: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  [
    "a bad line in the middle",
    (folder) => edit(folder, segmentsOf(folder)[0]!.file, (lines) => lines.with(3, "{}")),
    /records\/000000000000\.jsonl:4: the record has no sequence number/,
  ],
  [
    "a line removed",
    (folder) => edit(folder, segmentsOf(folder)[0]!.file, (lines) => lines.toSpliced(2, 1)),
    /jsonl:3: expected record 2, found record 3/,
  ],
  [
    "a text altered",
    (folder) =>
      edit(folder, segmentsOf(folder)[0]!.file, (lines) =>
        lines.with(2, lines[2]!.replace("select 1", "select 2")),
      ),
    /do not match the (last )?checkpoint/,
  ],
  ["a missing file", (folder) => rmSync(join(folder, segmentsOf(folder)[1]!.file)), /missing/],
  [
    "the last file missing",
    (folder) => {
      const last = segmentsOf(folder).findLastIndex(({ first }) => first < covered);
      for (const { file } of segmentsOf(folder).slice(last)) rmSync(join(folder, file));
    },
    /fewer than the \d+ of its last checkpoint: it shrank|missing/,
  ],
  [
    "every record gone",
    (folder) => {
      for (const { file } of segmentsOf(folder)) rmSync(join(folder, file));
    },
    /it shrank/,
  ],
  [
    "a torn line in the middle of the files",
    (folder) =>
      truncateSync(
        join(folder, segmentsOf(folder)[0]!.file),
        statSync(join(folder, segmentsOf(folder)[0]!.file)).size - 5,
      ),
    /has no end/,
  ],
  [
    "a checkpoint with a bad signature",
    (folder) => {
      const path = join(folder, "checkpoints.txt");
      writeFileSync(path, readFileSync(path, "utf8").replace(/\n\d+\n(?=[^\n]+\n\n[^\n]+\n\n$)/, "\n3\n"));
    },
    /checkpoints\.txt:\d+: the signature by gateway\.test\+[0-9a-f]{8} does not verify/,
  ],
  ["the key missing", (folder) => rmSync(join(folder, "key.pem")), /key\.pem is missing/],
  ["the verifier key missing", (folder) => rmSync(join(folder, "log.vkey")), /log\.vkey is missing/],
];

test.each(altering)("%s stops the start, with its place", async (_, alter, message) => {
  for (const isCached of [true, false]) {
    const folder = folders.copy(killed);
    if (!isCached) rmSync(join(folder, "tree.json"));
    alter(folder);
    await expect(openTestLog(folder)).rejects.toThrow(message);
  }
});

test("a kept state of the tree that was tampered with is dropped, not believed", async () => {
  const folder = folders.copy(killed);
  const path = join(folder, "tree.json");
  const state = JSON.parse(readFileSync(path, "utf8")) as { tree: { roots: string[] }; offset: number };
  writeFileSync(
    path,
    JSON.stringify({ ...state, tree: { ...state.tree, roots: state.tree.roots.toReversed() } }),
  );
  expect(recover(folder, [key]).state.tree.size).toBe(covered + 4);
  writeFileSync(path, "{");
  expect(recover(folder, [key]).state.tree.size).toBe(covered + 4);
});

test("a checkpoint cut short by a crash is cut and recorded", async () => {
  const folder = folders.copy(killed);
  const note = readFileSync(join(folder, "checkpoints.txt"), "utf8").slice(0, 60);
  appendFileSync(join(folder, "checkpoints.txt"), note);
  const opened = await openTestLog(folder);
  await opened.log.close();
  expect(recordsIn(folder).find(({ type }) => type === "log.recovered")?.detail).toMatchObject({
    file: "checkpoints.txt",
    bytes: 60,
  });
  expect(verifyLog(folder, [key]).verdict).toBe("whole");
});

test("nothing of the folder is altered when the start is refused", async () => {
  const folder = folders.copy(killed);
  edit(folder, segmentsOf(folder)[0]!.file, (lines) => lines.with(3, "{}"));
  const before = folders.make();
  const names = readdirSync(join(folder, "records"));
  for (const name of names) copyFileSync(join(folder, "records", name), join(before, name));
  await expect(openTestLog(folder)).rejects.toThrow("jsonl:4");
  for (const name of names)
    expect(readFileSync(join(folder, "records", name)).equals(readFileSync(join(before, name)))).toBe(true);
});

function edit(folder: string, file: string, change: (lines: string[]) => string[]): void {
  const path = join(folder, file);
  writeFileSync(path, change(readFileSync(path, "utf8").split("\n")).join("\n"));
}
