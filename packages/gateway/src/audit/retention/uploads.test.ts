import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verifyLog } from "@mayfly/audit-verifier";
import { systemClock, type Clock } from "../../kernel/clock.ts";
import { Secret } from "../../kernel/secret.ts";
import { startS3, type S3Server } from "../leaving/testing/servers.ts";
import { openAuditLog } from "../open.ts";
import type { OpenedAuditLog } from "../opened.ts";
import { testFolders } from "../testing/log.ts";
import { startRetention, type Retention } from "./retention.ts";
import { writeDaysTo } from "./testing/days.ts";
import { uploadsTo } from "./uploads.ts";

const DAY = 86_400_000;
const folders = testFolders();
const undo: (() => unknown)[] = [];
let ahead = 0;
const clock: Clock = { ...systemClock, wall: () => Date.UTC(2026, 0, 1) + ahead };
let s3: S3Server;

beforeEach(async () => {
  ahead = 0;
  s3 = await startS3({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example-secret" });
  undo.push(() => s3.close());
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
  folders.removeAll();
});

interface Scene {
  readonly opened: OpenedAuditLog;
  readonly folder: string;
  readonly archive: string;
  /** Starts a gateway's retention on the log, as each start does. */
  retain(prefix?: string): Retention;
}

async function scene(): Promise<Scene> {
  const archive = join(folders.make(), "archive");
  const folder = folders.make();
  const opened = await openAuditLog({
    folder,
    name: "gateway.test",
    clock,
    sync: "batched",
    checkpointEvery: 1000,
    segmentBytes: 4000,
    onProblem: () => undefined,
  });
  undo.push(() => opened.log.close());
  return {
    opened,
    folder,
    archive,
    retain(prefix = "prod/") {
      const settings = {
        endpoint: s3.url,
        region: "us-east-1",
        bucket: "audit",
        prefix,
        accessKeyId: new Secret("AKIDEXAMPLE"),
        secretAccessKey: new Secret("example-secret"),
      };
      const retention = startRetention({
        opened,
        rules: { keep: 3 * DAY },
        archive,
        uploads: uploadsTo(settings, { archive, log: "gateway.test", clock }),
        unread: () => Promise.resolve(Infinity),
        forget: () => Promise.resolve(),
        onDropped: () => undefined,
        recordHolds: () => Promise.resolve(),
        holdsRecorded: () => 0,
        onDone: () => Promise.resolve(),
        clock: { ...clock, schedule: (ms, run) => clock.schedule(ms < 1000 ? 0 : ms, run) },
        onProblem: () => undefined,
      });
      undo.push(() => retention.close());
      return retention;
    },
  };
}

/** What an auditor has who copies the log's part of the bucket. */
function copyOfBucket(): string {
  const copy = folders.make();
  for (const [path, bytes] of s3.stored) {
    const place = join(copy, path.replace("/audit/prod/gateway.test/", ""));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
  // As the page says: the pieces, one behind the other.
  const pieces = readdirSync(join(copy, "checkpoints")).toSorted();
  writeFileSync(
    join(copy, "checkpoints.txt"),
    Buffer.concat(pieces.map((name) => readFileSync(join(copy, "checkpoints", name)))),
  );
  return copy;
}

const keyOf = (folder: string): string => readFileSync(join(folder, "log.vkey"), "utf8").trim();
const recordsIn = (folder: string): readonly string[] =>
  readdirSync(join(folder, "records")).filter((name) => name.endsWith(".zst"));

test("what goes is in the bucket, verifies there alone and with the log, and leaves the folder", async () => {
  const { opened, folder, archive, retain } = await scene();
  await writeDaysTo(opened, 8, () => (ahead += DAY));
  expect(await retain().run()).toBeGreaterThan(4);
  await opened.checkpointNow();
  const copy = copyOfBucket();
  const kept = verifyLog(folder, [keyOf(folder)]);
  expect(kept).toMatchObject({ verdict: "whole", problems: [] });
  expect(verifyLog(folder, [keyOf(folder)], { archive: copy })).toMatchObject({
    verdict: "whole",
    dropped: 0,
    archived: kept.dropped,
  });
  expect(verifyLog(copy, [keyOf(folder)], { asArchive: true })).toMatchObject({
    verdict: "whole",
    problems: [],
    records: kept.dropped,
  });
  expect(recordsIn(copy).length).toBeGreaterThan(4);
  expect(recordsIn(archive)).toEqual(recordsIn(copy).slice(-1));
});

test("the next start goes on from where the one before left off", async () => {
  const { opened, folder, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  const first = retain();
  expect(await first.run()).toBeGreaterThan(1);
  await first.close();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  expect(await retain().run()).toBeGreaterThan(1);
  await opened.checkpointNow();
  const copy = copyOfBucket();
  expect(verifyLog(folder, [keyOf(folder)], { archive: copy })).toMatchObject({
    verdict: "whole",
    dropped: 0,
  });
});

test.each([
  ["keeps nothing", /said that it stored gateway\.test\/.*, and does not give it back: answered 404/],
  ["alters", /said that it stored gateway\.test\/.*, and gives back something else/],
  ["endless", /answered 200 with more than/],
] as const)("an endpoint that %s drops nothing", async (lie, words) => {
  const { opened, folder, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  s3.lie = lie;
  const retention = retain();
  await expect(retention.run()).rejects.toThrow(words);
  expect(verifyLog(folder, [keyOf(folder)])).toMatchObject({ verdict: "whole", dropped: 0 });
  // And once it tells the truth, what is due goes.
  s3.lie = "none";
  expect(await retention.run()).toBeGreaterThan(0);
});

test("a bucket that holds another log's archive of that name takes nothing", async () => {
  const { opened, folder, retain } = await scene();
  s3.stored.set("/audit/prod/gateway.test/log.vkey", Buffer.from("gateway.test+00000000+AAAA\n"));
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  await expect(retain().run()).rejects.toThrow(/holds another log's archive as gateway\.test\//);
  expect(verifyLog(folder, [keyOf(folder)]).dropped).toBe(0);
  expect([...s3.stored.keys()]).toHaveLength(1);
});

test("what a bucket holds in the place of keys is repeated only where it is one", async () => {
  const { opened, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  const place = "/audit/prod/gateway.test/log.vkey";
  s3.stored.set(place, Buffer.from("gateway.test+00000000+AAAA\n"));
  await expect(retain().run()).rejects.toThrow("its first key is gateway.test+00000000+AAAA");
  for (const words of [`\u001b]0;${"x".repeat(60_000)}\u0007`, "call 555-0100 to mend it"]) {
    s3.stored.set(place, Buffer.from(words));
    await expect(retain().run()).rejects.toThrow(/: what it has for its keys is none$/);
  }
});

test("nor one that another gateway of that name began to use meanwhile", async () => {
  const { opened, folder, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  s3.refuses = "PUT";
  const retention = retain();
  // It was free when this one looked, and took nothing.
  await expect(retention.run()).rejects.toThrow("answered 503");
  s3.refuses = undefined;
  const theirs = Buffer.from("gateway.test+00000000+AAAA\n");
  s3.stored.set("/audit/prod/gateway.test/log.vkey", theirs);
  await expect(retention.run()).rejects.toThrow(/holds another log's archive/);
  expect([...s3.stored.values()]).toEqual([theirs]);
  expect(verifyLog(folder, [keyOf(folder)]).dropped).toBe(0);
});

test.each(["log.vkey", "records/000000000000.jsonl.zst"])(
  "what came there a moment before is not written over: %s",
  async (name) => {
    const { opened, folder, retain } = await scene();
    await writeDaysTo(opened, 6, () => (ahead += DAY));
    const place = `/audit/prod/gateway.test/${name}`;
    const theirs = Buffer.from("something else\n");
    s3.onPut = (path) => {
      if (path === place && !s3.stored.has(path)) s3.stored.set(path, theirs);
    };
    await expect(retain().run()).rejects.toThrow(`the bucket holds something else as gateway.test/${name}`);
    expect(s3.stored.get(place)).toBe(theirs);
    expect(verifyLog(folder, [keyOf(folder)]).dropped).toBe(0);
  },
);

test("the same records, compressed otherwise, are no other records; an endpoint without conditional writes serves", async () => {
  const { opened, folder, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  s3.onPut = (path, bytes) => {
    if (!path.endsWith("/000000000000.jsonl.zst") || s3.stored.has(path)) return;
    s3.stored.set(
      path,
      zstdCompressSync(zstdDecompressSync(bytes), { params: { [constants.ZSTD_c_compressionLevel]: 19 } }),
    );
  };
  s3.refuses = "conditions";
  expect(await retain().run()).toBeGreaterThan(1);
  await opened.checkpointNow();
  expect(verifyLog(folder, [keyOf(folder)], { archive: copyOfBucket() })).toMatchObject({
    verdict: "whole",
    dropped: 0,
  });
});

test("a bucket that is not the one that was sent to takes nothing", async () => {
  const { opened, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  const first = retain();
  await first.run();
  await first.close();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  s3.stored.clear();
  await expect(retain().run()).rejects.toThrow(/holds no gateway\.test\/log\.vkey, but .* sent there before/);
  expect(s3.stored.size).toBe(0);
});

test("another place has to have all of it first", async () => {
  const { opened, folder, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  const first = retain();
  await first.run();
  await first.close();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  const before = verifyLog(folder, [keyOf(folder)]).dropped;
  const retention = retain("moved/");
  const old = [...s3.stored];
  const at = (path: string): string => path.replace("/prod/", "/moved/");
  for (const [path, bytes] of old) if (!path.includes("/records/")) s3.stored.set(at(path), bytes);
  await expect(retention.run()).rejects.toThrow(
    /the bucket lacks gateway\.test\/records\/.*: copy what is there first/,
  );
  for (const [path] of old)
    if (path.includes("/records/")) s3.stored.set(at(path), Buffer.from("half of it"));
  await expect(retention.run()).rejects.toThrow(
    /the bucket holds something else as gateway\.test\/records\//,
  );
  expect(verifyLog(folder, [keyOf(folder)]).dropped).toBe(before);
  for (const [path, bytes] of old) s3.stored.set(at(path), bytes);
  expect(await retention.run()).toBeGreaterThan(0);
});

test("a list of what was sent whose last line a crash cut short goes on behind the line before", async () => {
  const { opened, folder, archive, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  const first = retain();
  await first.run();
  await first.close();
  appendFileSync(join(archive, "sent.txt"), "0123456789abcdef");
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  expect(await retain().run()).toBeGreaterThan(0);
  await opened.checkpointNow();
  expect(readFileSync(join(archive, "sent.txt"), "utf8")).not.toMatch(/^0123456789abcdef/m);
  expect(verifyLog(folder, [keyOf(folder)], { archive: copyOfBucket() })).toMatchObject({
    verdict: "whole",
    dropped: 0,
  });
});

test("without the list of what was sent, nothing more goes, and an altered one is none", async () => {
  const { opened, archive, retain } = await scene();
  await writeDaysTo(opened, 6, () => (ahead += DAY));
  const first = retain();
  await first.run();
  await first.close();
  await writeDaysTo(opened, 3, () => (ahead += DAY));
  writeFileSync(join(archive, "sent.txt"), "sent to elsewhere\nsomething else\n");
  await expect(retain().run()).rejects.toThrow(/sent\.txt is not what was written to it/);
  rmSync(join(archive, "sent.txt"));
  // Nothing says any more that the records that left the folder are elsewhere.
  await expect(retain().run()).rejects.toThrow(/the archive .* lacks records\//);
});
