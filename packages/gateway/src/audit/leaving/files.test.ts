import { generateKeyPairSync } from "node:crypto";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CUT_MARK, makeCheckpoint, readOutside } from "@mayfly/audit-verifier";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LeavingCheckpoint } from "./destination.ts";
import { fileDestination, folderDestination } from "./files.ts";
import { cosignatureOf } from "./testing/cosigner.ts";
import { checkpointOf, origin } from "./testing/scene.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-leaving-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { privateKey } = generateKeyPairSync("ed25519");
const never = new AbortController().signal;
const notesIn = (path: string): readonly string[] =>
  readOutside(path)
    .filter(({ flaw }) => flaw === undefined)
    .map(({ note }) => note);

test("each checkpoint is appended once, and the file reads back as what was sent", async () => {
  const path = join(folder, "checkpoints");
  const file = fileDestination({ path });
  const sent = [1, 5, 9].map((size) => checkpointOf(size));
  for (const checkpoint of sent) {
    await file.deliver(checkpoint, never);
    await file.deliver(checkpoint, never);
  }
  expect(readFileSync(path, "utf8")).toBe(sent.map(({ note }) => `${note}\n`).join(""));
  expect(notesIn(path)).toEqual(sent.map(({ note }) => note));
});

test("what a crash cut anywhere costs that checkpoint alone, and is told from what somebody altered", async () => {
  const [first, second, third] = [checkpointOf(1), checkpointOf(20), checkpointOf(300)];
  const cosigned = second.note + cosignatureOf("witness.test", privateKey, second.note, 1_700_000_000);
  const bytes = Buffer.from(`${cosigned}\n`);
  const flaws = (path: string) => readOutside(path).map(({ flaw }) => flaw);
  for (let cut = 0; cut < bytes.length; cut += 1) {
    const path = join(folder, `cut-${cut}`);
    writeFileSync(path, Buffer.concat([Buffer.from(`${first.note}\n`), bytes.subarray(0, cut)]));
    expect(flaws(path), `cut at ${cut}`).not.toContain("unread");
    await fileDestination({ path }).deliver(third, never);
    expect(flaws(path), `cut at ${cut}, and gone on`).not.toContain("unread");
    const notes = notesIn(path);
    expect(notes).toContain(first.note);
    expect(notes).toContain(third.note);
    for (const note of notes) expect([first.note, second.note, cosigned, third.note]).toContain(note);
  }
});

test("a crash cut the mark as well, and what follows is still read by itself", async () => {
  const [first, third] = [checkpointOf(1), checkpointOf(300)];
  for (let cut = 0; cut < CUT_MARK.length; cut += 1) {
    const path = join(folder, `mark-${cut}`);
    writeFileSync(path, `${first.note}\n${checkpointOf(20).note.slice(0, 60)}${CUT_MARK.slice(0, cut)}`);
    await fileDestination({ path }).deliver(third, never);
    expect(
      readOutside(path).map(({ flaw }) => flaw),
      `cut at ${cut}`,
    ).toEqual([undefined, "cut short", undefined]);
  }
});

test("what somebody else left at the end is not called cut short", async () => {
  const path = join(folder, "altered");
  writeFileSync(path, `${checkpointOf(1).note}\n${checkpointOf(20).note.replaceAll("\n", "\r\n")}`);
  await fileDestination({ path }).deliver(checkpointOf(300), never);
  expect(readOutside(path).map(({ flaw }) => flaw)).toEqual([undefined, "unread", undefined]);
});

test("a file that holds another log's checkpoints is left alone", async () => {
  const path = join(folder, "shared");
  await fileDestination({ path }).deliver(checkpointOf(3, "other.test"), never);
  await expect(fileDestination({ path }).deliver(checkpointOf(4), never)).rejects.toThrow(
    "holds the checkpoints of the log other.test",
  );
  expect(notesIn(path)).toHaveLength(1);
});

test("a folder that is not there is not made: its disk may not be mounted", async () => {
  const gone = join(folder, "not", "mounted");
  await expect(fileDestination({ path: join(gone, "file") }).deliver(checkpointOf(1), never)).rejects.toThrow(
    "is its disk mounted?",
  );
  await expect(folderDestination({ path: gone }).deliver(checkpointOf(1), never)).rejects.toThrow(
    "is its disk mounted?",
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder has a file a checkpoint, by log; one that was damaged is written anew", async () => {
  const sink = folderDestination({ path: folder });
  const sent = [checkpointOf(5), checkpointOf(1_000_000), checkpointOf(7, "other.test/log")];
  for (const checkpoint of sent) await sink.deliver(checkpoint, never);
  expect(readdirSync(folder).toSorted()).toEqual(["gateway.test", "other.test%2Flog"]);
  expect(readdirSync(join(folder, "gateway.test")).toSorted()).toEqual([
    "0000000000000005.checkpoint",
    "0000000001000000.checkpoint",
  ]);
  appendFileSync(join(folder, "gateway.test", "0000000001000000.checkpoint"), "x");
  await sink.deliver(checkpointOf(1_000_000), never);
  expect(notesIn(join(folder, "gateway.test"))).toEqual(sent.slice(0, 2).map(({ note }) => note));
});

/** A checkpoint of so many records and another root. */
function otherOf(size: number): LeavingCheckpoint {
  const note = makeCheckpoint({ origin, size, root: Buffer.alloc(32, 0xee) }, [
    { name: origin, key: privateKey },
  ]);
  return { origin, size, note };
}

test.each([
  ["a file", (path: string) => fileDestination({ path: join(path, "file") }), "file"],
  ["a folder", (path: string) => folderDestination({ path }), origin],
])(
  "%s that holds a larger size, or another log's of that size, stays as it is, and that is said",
  async (_, make, where) => {
    const kept = make(folder);
    await kept.deliver(checkpointOf(4), never);
    await kept.deliver(checkpointOf(9), never);
    const place = join(folder, where);
    const before = readOutside(place);
    await expect(kept.deliver(otherOf(9), never)).rejects.toThrow(
      /another log of the same name with 9 records: records are missing here, or another gateway/,
    );
    for (const checkpoint of [checkpointOf(4), checkpointOf(7), otherOf(8)])
      await expect(kept.deliver(checkpoint, never)).rejects.toThrow(
        `a checkpoint of 9 records of this log, which holds ${checkpoint.size}: records are missing here`,
      );
    expect(readOutside(place)).toEqual(before);
    await kept.deliver(checkpointOf(10), never);
    expect(readOutside(place)).toHaveLength(3);
  },
);

test("a file that is longer than what is read of it is told from another log's", async () => {
  const path = join(folder, "long");
  const [one, two] = [checkpointOf(1).note, checkpointOf(2).note];
  const MAX_NOTE_BYTES = 65_536;
  const bytes = Buffer.byteLength(`${one}\n`);
  // What is read begins anywhere in a checkpoint, also in the middle of the log's name.
  for (let shift = 0; shift < bytes; shift += 1) {
    writeFileSync(path, `${one}\n`.repeat(Math.ceil(MAX_NOTE_BYTES / bytes) + 1) + "\n".repeat(shift));
    await fileDestination({ path }).deliver(checkpointOf(2), never);
    expect(readFileSync(path, "utf8").endsWith(`${two}\n`)).toBe(true);
  }
});

test("a checkpoint of a folder gets the signatures that come later, and keeps those it has", async () => {
  const sink = folderDestination({ path: folder });
  const checkpoint = checkpointOf(9);
  const [first, second] = ["w1.test", "w2.test"].map((name) =>
    cosignatureOf(name, privateKey, checkpoint.note, 1_700_000_000),
  );
  const held = (): readonly string[] => notesIn(join(folder, origin));
  await sink.deliver({ ...checkpoint, note: checkpoint.note + first }, never);
  await sink.deliver({ ...checkpoint, note: checkpoint.note + second }, never);
  expect(held()).toEqual([checkpoint.note + first + second]);
  await sink.deliver(checkpoint, never);
  expect(held()).toEqual([checkpoint.note + first + second]);
});

test("a file of a folder that is no checkpoint is left as it is; what a power loss left of one is not", async () => {
  const sink = folderDestination({ path: folder });
  const checkpoint = checkpointOf(9);
  await sink.deliver(checkpoint, never);
  const file = join(folder, origin, "0000000000000009.checkpoint");
  for (const left of ["", checkpoint.note.slice(0, 60)]) {
    writeFileSync(file, left);
    await sink.deliver(checkpoint, never);
    expect(readFileSync(file, "utf8")).toBe(checkpoint.note);
  }
  const altered = otherOf(9).note.replaceAll("\n", "\r\n");
  writeFileSync(file, altered);
  await expect(sink.deliver(checkpoint, never)).rejects.toThrow("is no checkpoint: it is left as it is");
  expect(readFileSync(file, "utf8")).toBe(altered);
  writeFileSync(file, checkpointOf(7).note);
  await expect(sink.deliver(checkpoint, never)).rejects.toThrow("of another size: it is left as it is");
  expect(readFileSync(file, "utf8")).toBe(checkpointOf(7).note);
});
