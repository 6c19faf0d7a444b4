import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenedSource, openSource, refusal } from "./open.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mayfly-open-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function opened(bytes: string | Uint8Array): Promise<OpenedSource> {
  files += 1;
  const file = path.join(folder, `${files}.log`);
  await writeFile(file, bytes);
  return openSource(file);
}

async function all({ text }: OpenedSource): Promise<string> {
  let read = "";
  for await (const piece of text) read += piece;
  return read;
}

/** Text that does not pack well. */
const long = Array.from({ length: 40_000 }, (_, at) => `line ${(at * 7919) % 100_003} é\n`).join("");

test.each([
  ["plain", (text: string) => Buffer.from(text)],
  ["gzip", (text: string) => gzipSync(text)],
  ["zstd", (text: string) => zstdCompressSync(text)],
  [
    "gzip members",
    (text: string) => Buffer.concat([gzipSync(text.slice(0, 1000)), gzipSync(text.slice(1000))]),
  ],
  [
    "zstd frames behind one to skip",
    (text: string) =>
      Buffer.concat([
        Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7]),
        zstdCompressSync(text.slice(0, 1000)),
        zstdCompressSync(text.slice(1000)),
      ]),
  ],
])("%s is read whole, its beginning first", async (_, pack) => {
  const bytes = pack(long);
  const source = await opened(bytes);
  expect(source.beginning).toBe(long.slice(0, 65_536));
  expect(source.size).toBe(bytes.length);
  expect(await all(source)).toBe(long);
  expect(source.bytesRead()).toBe(bytes.length);
  expect(source.damaged()).toBeUndefined();
});

test.each(["", "a", "abc", "short"])("%j is read as it is", async (text) => {
  const source = await opened(text);
  expect([source.beginning, await all(source), source.damaged()]).toEqual([text, text, undefined]);
});

test("bytes that are no UTF-8 become replacement characters, and a byte order mark is dropped", async () => {
  const source = await opened(Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x62, 0xc3]));
  expect(await all(source)).toBe("a\ufffdb\ufffd");
});

test("characters and heads that come byte by byte", async () => {
  for (const bytes of [Buffer.from("é😀a"), gzipSync("é😀a"), zstdCompressSync("é😀a")]) {
    const input = Readable.from(Array.from(bytes, (byte) => Buffer.from([byte])));
    const source = await openSource("-", input);
    expect(source.size).toBeUndefined();
    expect(await all(source)).toBe("é😀a");
    expect(source.bytesRead()).toBe(bytes.length);
  }
});

test.each([
  ["gzip", gzipSync(long)],
  ["zstd", zstdCompressSync(long)],
])("of %s that is cut, what stands before is kept, and it is told", async (name, whole) => {
  const source = await opened(whole.subarray(0, whole.length - 10));
  const read = await all(source);
  expect(long.startsWith(read)).toBe(true);
  expect(read.length).toBeGreaterThan(65_536);
  expect(source.damaged()).toMatch(`its ${name} data is damaged: `);
});

test("of a second member that is damaged what stands before it is kept, even if it is read slowly", async () => {
  const damaged = gzipSync("never");
  damaged[3] = 0xff;
  const source = await opened(Buffer.concat([gzipSync(long), damaged]));
  let read = "";
  for await (const piece of source.text) {
    read += piece;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(long.startsWith(read)).toBe(true);
  // What little the damage stands in is lost.
  expect(read.length).toBeGreaterThan(long.length - 8192);
  expect(source.damaged()).toMatch("its gzip data is damaged: ");
});

test("an input that breaks ends the text, and it is told", async () => {
  const input = new PassThrough();
  input.write("before");
  const opening = openSource("-", input);
  setImmediate(() => input.destroy(new Error("the pipe broke")));
  const source = await opening;
  expect(await all(source)).toBe("before");
  expect(source.damaged()).toBe("the pipe broke");
});

test("an input whose data is damaged is let go at once, though more of it may come", async () => {
  const input = new PassThrough();
  const damaged = gzipSync("before");
  damaged.fill(0xff, damaged.length - 8);
  input.write(damaged);
  const source = await openSource("-", input);
  await all(source);
  expect(source.damaged()).toMatch("its gzip data is damaged: ");
  expect(input.destroyed).toBe(true);
});

test("a packed file may unpack to far more than it has", async () => {
  const source = await opened(zstdCompressSync(Buffer.alloc(50_000_000, "a")));
  let length = 0;
  let longest = 0;
  for await (const piece of source.text) {
    length += piece.length;
    longest = Math.max(longest, piece.length);
  }
  expect(length).toBe(50_000_000);
  expect(longest).toBeLessThanOrEqual(1_048_576);
});

test("a file may be let go before its end", async () => {
  const source = await opened(gzipSync(long.repeat(4)));
  for await (const piece of source.text) {
    expect(piece).not.toBe("");
    break;
  }
  await source.close();
  const unread = await opened(long);
  await unread.close();
  expect(unread.damaged()).toBeUndefined();
});

test("what cannot be opened is refused with what to do", async () => {
  await mkdir(path.join(folder, "logs"));
  await expect(openSource(path.join(folder, "none.log"))).rejects.toMatchObject({
    code: "unreadable_file",
    message: `cannot read ${path.join(folder, "none.log")}`,
    hint: "there is no such file",
  });
  await expect(openSource(path.join(folder, "logs"))).rejects.toMatchObject({
    hint: "it is a folder, and none of Mayfly's own audit log; name the files in it",
  });
  await writeFile(path.join(folder, "file"), "");
  await expect(openSource(path.join(folder, "file", "below"))).rejects.toMatchObject({
    hint: "a part of the path is no folder",
  });
  await expect(openSource("a\0b")).rejects.toMatchObject({ code: "unreadable_file" });
});

test.each(["EACCES", "EPERM"])(
  "a file that this user may not read (%s) is refused with what to do",
  (code) => {
    expect(refusal("pg.log", Object.assign(new Error("no"), { code }))).toMatchObject({
      code: "unreadable_file",
      message: "cannot read pg.log",
      hint: expect.stringContaining("may not read it") as string,
    });
  },
);
