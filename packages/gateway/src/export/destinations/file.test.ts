import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { open, type FileHandle } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { range, recordsOf } from "../testing/stream.ts";
import { fileDestination } from "./file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-export-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Does something before the next write to any file. */
async function beforeNextWrite(run: () => Promise<void> | void): Promise<void> {
  const any = await open(path.join(folder, "any"), "a");
  await any.close();
  const prototype = Object.getPrototypeOf(any) as Pick<FileHandle, "write">;
  const write = prototype.write as (this: FileHandle, ...args: readonly unknown[]) => Promise<unknown>;
  vi.spyOn(prototype, "write").mockImplementationOnce(async function (this: FileHandle, ...args: unknown[]) {
    await run();
    return write.apply(this, args);
  } as never);
}

const never = new AbortController().signal;
const batch = (from: number, to: number) => ({ records: recordsOf(range(from, to)), next: to });
const linesOf = (file: string): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);

test.each(["always", "never"] as const)(
  "records are lines, and nobody else reads them (sync: %s)",
  async (sync) => {
    const file = path.join(folder, "audit.jsonl");
    const destination = fileDestination({ path: file, sync });
    expect(await destination.send(batch(0, 2), never)).toEqual({ kind: "delivered", delivered: 2 });
    await destination.send(batch(2, 3), never);
    await destination.close();
    expect(linesOf(file)).toEqual(['{"seq":0}', '{"seq":1}', '{"seq":2}']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  },
);

test("a file that was renamed or removed is begun anew under its name", async () => {
  const file = path.join(folder, "audit.jsonl");
  const destination = fileDestination({ path: file, sync: "always" });
  await destination.send(batch(0, 1), never);
  renameSync(file, `${file}.1`);
  await destination.send(batch(1, 2), never);
  expect(linesOf(`${file}.1`)).toEqual(['{"seq":0}']);
  expect(linesOf(file)).toEqual(['{"seq":1}']);
  rmSync(file);
  await destination.send(batch(2, 3), never);
  expect(linesOf(file)).toEqual(['{"seq":2}']);
  await destination.close();
});

test("a line that a crash has cut is ended before the next one", async () => {
  const file = path.join(folder, "audit.jsonl");
  appendFileSync(file, '{"seq":0}\n{"se');
  const destination = fileDestination({ path: file, sync: "always" });
  await destination.send(batch(1, 2), never);
  await destination.close();
  expect(linesOf(file)).toEqual(['{"seq":0}', '{"se', '{"seq":1}']);
});

test("a folder that is gone is a failure, and is no more once it is back", async () => {
  const inside = path.join(folder, "logs");
  const file = path.join(inside, "audit.jsonl");
  const destination = fileDestination({ path: file, sync: "always" });
  expect(await destination.send(batch(0, 1), never)).toMatchObject({ kind: "failed", why: /ENOENT/ });
  mkdirSync(inside);
  expect(await destination.send(batch(0, 1), never)).toEqual({ kind: "delivered", delivered: 1 });
  await destination.close();
});

test("what is no file is refused, also a pipe that nobody reads", async () => {
  const pipe = path.join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(await fileDestination({ path: pipe, sync: "never" }).send(batch(0, 1), never)).toMatchObject({
    kind: "failed",
    why: /not a regular file/,
  });
  expect(await fileDestination({ path: folder, sync: "never" }).send(batch(0, 1), never)).toMatchObject({
    kind: "failed",
    why: /EISDIR/,
  });
});

test.skipIf(process.getuid?.() !== 0)("what a full disk took of a batch is taken back", async () => {
  const file = path.join(folder, "small", "audit.jsonl");
  mkdirSync(path.dirname(file));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", path.dirname(file)]);
  try {
    const destination = fileDestination({ path: file, sync: "always" });
    await destination.send(batch(0, 10), never);
    const long = [{ seq: 10, at: 0, type: "act.intent", text: `{"seq":10,"text":"${"x".repeat(100_000)}"}` }];
    const full = await destination.send({ records: long, next: 11 }, never);
    expect(full).toMatchObject({ kind: "failed", why: /ENOSPC/ });
    await destination.send(batch(10, 12), never);
    await destination.close();
    expect(linesOf(file)).toEqual(range(0, 12).map((seq) => `{"seq":${seq}}`));
  } finally {
    execFileSync("umount", [path.dirname(file)]);
  }
});

test("what another has written meanwhile stays when a write fails", async () => {
  const file = path.join(folder, "audit.jsonl");
  const destination = fileDestination({ path: file, sync: "always" });
  await destination.send(batch(0, 1), never);
  await beforeNextWrite(() => {
    appendFileSync(file, '{"of":"another"}\n');
    throw new Error("ENOSPC");
  });
  expect(await destination.send(batch(1, 2), never)).toEqual({ kind: "failed", why: "ENOSPC" });
  await destination.send(batch(1, 2), never);
  await destination.close();
  expect(linesOf(file)).toEqual(['{"seq":0}', '{"of":"another"}', '{"seq":1}']);
});

test("what was written while the file was renamed is written again to the new one", async () => {
  const file = path.join(folder, "audit.jsonl");
  const destination = fileDestination({ path: file, sync: "always" });
  await destination.send(batch(0, 1), never);
  await beforeNextWrite(() => renameSync(file, `${file}.1`));
  expect(await destination.send(batch(1, 2), never)).toEqual({
    kind: "failed",
    why: "the file was renamed while it was written to",
  });
  expect(await destination.send(batch(1, 2), never)).toEqual({ kind: "delivered", delivered: 2 });
  expect(linesOf(file)).toEqual(['{"seq":1}']);
  await destination.close();
});
