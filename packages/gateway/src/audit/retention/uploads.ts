import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join, sep } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { verifierKeysFile } from "@mayfly/audit-verifier";
import type { Clock } from "../../kernel/clock.ts";
import type { S3Settings } from "../../kernel/s3-settings.ts";
import { createBucket, type Bucket } from "../leaving/bucket.ts";
import { filesOf, newCheckpoints, type ArchiveFile, type ArchiveKind } from "./archive-files.ts";
import { addSent, beginSent, readSent, type Sent, type SentFile } from "./sent.ts";

/** How long an exchange about one file may take, milliseconds. */
const UPLOAD_MS = 120_000;
/** Files on their way at once. */
const MAX_UPLOADS = 4;

/** Where an archive goes on to. */
export interface Uploads {
  /**
   * Sends what the bucket has not got as it is now, and reads each back.
   * @throws Error when it does not take it, or holds another archive
   */
  send(signal: AbortSignal): Promise<void>;
  /** Removes what the bucket has, but for what the next file of records is proved against. */
  prune(): Promise<void>;
  close(): void;
}

/** What proves comes behind what it proves, so that an upload that breaks off leaves an archive that verifies as it was. */
const order: readonly ArchiveKind[] = ["keys", "payload", "records", "dropped"];

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** A log's keys begin with the one that it was begun with. */
const firstKey = (keys: Buffer): string => keys.toString("utf8").split("\n")[0] ?? "";

/** Whether a line may be told as a key: others write to the bucket, too (C2SP signed-note, "Verifier keys"). */
const isKey = (line: string): boolean => /^[!-*,-~]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{1,100}$/.test(line);

/** Sends to a bucket, as it is configured. */
export function uploadsTo(
  settings: S3Settings,
  { clock, ...parts }: { readonly archive: string; readonly log: string; readonly clock: Clock },
): Uploads {
  const bounds = { timeoutMs: UPLOAD_MS, keptConnections: MAX_UPLOADS };
  return createUploads({ ...parts, bucket: createBucket(settings, clock, bounds) });
}

/** @param log the log's name: its part of the bucket */
function createUploads({
  archive,
  bucket,
  log,
}: {
  readonly archive: string;
  readonly bucket: Bucket;
  readonly log: string;
}): Uploads {
  const keyOf = (file: string): string => [log, ...file.split(sep)].join("/");

  /** Makes sure that this part of the bucket is this log's archive, or is free; each time, since others may write there. */
  async function claim({ place, files }: Sent, signal: AbortSignal): Promise<void> {
    const theirs = await bucket.read(keyOf(verifierKeysFile), 0, signal);
    if (theirs !== undefined) {
      const own = await readFile(join(archive, verifierKeysFile));
      const first = firstKey(theirs);
      if (first !== firstKey(own))
        throw new Error(
          `the bucket holds another log's archive as ${log}/: ${isKey(first) ? `its first key is ${first}` : "what it has for its keys is none"}`,
        );
    }
    if (place === undefined) beginSent(archive, bucket.place, new Map());
    else if (place === bucket.place) {
      if (theirs === undefined && files.size > 0)
        throw new Error(
          `the bucket holds no ${keyOf(verifierKeysFile)}, but this log's archive was sent there before`,
        );
    } else {
      await inParallel([...files], (each) => requireCopy(each, place, signal));
      beginSent(archive, bucket.place, files);
    }
  }

  /** The bucket is another one now: what is no longer here must be there before anything relies on it. */
  async function requireCopy(
    [file, { sha256: digest, bytes }]: readonly [string, SentFile],
    place: string,
    signal: AbortSignal,
  ): Promise<void> {
    const held = await bucket.read(keyOf(file), bytes, signal);
    if (held === undefined || sha256(held) !== digest)
      throw new Error(
        `the bucket ${held === undefined ? "lacks" : "holds something else as"} ${keyOf(file)}, which was sent to ${place}: copy what is there first`,
      );
  }

  async function sendOne(file: ArchiveFile, sent: Sent, signal: AbortSignal): Promise<SentFile | undefined> {
    const body = await file.read();
    const known = sent.files.get(file.name);
    const now = { sha256: sha256(body), bytes: body.length };
    if (known?.sha256 === now.sha256) return undefined;
    const key = keyOf(file.name);
    const object = { key, body, contentType: "application/octet-stream", what: key };
    // What another gateway may have put there is not written over: the keys once, records never.
    if (file.kind === "keys" && known === undefined)
      await bucket.store({ ...object, isOther: (held) => firstKey(held) !== firstKey(body) }, signal);
    else if (file.kind === "records")
      await bucket.store({ ...object, isOther: (held) => !isSameWithin(held, body) }, signal);
    else await bucket.store(object, signal);
    return now;
  }

  /** @param sent what it gets is added to it and to the list, also when one of them fails */
  async function sendAll(files: readonly ArchiveFile[], sent: Sent, signal: AbortSignal): Promise<void> {
    const done = new Map<string, SentFile>();
    try {
      await inParallel(files, async (file) => {
        const now = await sendOne(file, sent, signal);
        if (now !== undefined) done.set(file.name, now);
      });
    } finally {
      addSent(archive, done);
      for (const [name, now] of done) sent.files.set(name, now);
    }
  }

  return {
    async send(signal) {
      await claim(readSent(archive), signal);
      const sent = readSent(archive);
      const files = await filesOf(archive);
      for (const kind of order)
        await sendAll(
          files.filter((file) => file.kind === kind),
          sent,
          signal,
        );
      // One behind the other: a piece that is there without the one before would overlap what follows.
      for (const piece of await newCheckpoints(archive, sent)) await sendAll([piece], sent, signal);
      await sendAll(
        files.filter(({ kind }) => kind === "rest"),
        sent,
        signal,
      );
    },
    async prune() {
      const { files: sent } = readSent(archive);
      const files = await filesOf(archive);
      const newest = files.findLast(({ kind }) => kind === "records");
      for (const file of files) {
        if ((file.kind !== "payload" && file.kind !== "records") || file === newest) continue;
        if (sent.get(file.name)?.sha256 === sha256(await file.read())) await rm(join(archive, file.name));
      }
    },
    close: () => bucket.close(),
  };
}

/** Compressed by another version, the same records are other bytes. */
function isSameWithin(held: Buffer, body: Buffer): boolean {
  try {
    const plain = zstdDecompressSync(body);
    // What was put there by others may be small and become large.
    return zstdDecompressSync(held, { maxOutputLength: plain.length + 1 }).equals(plain);
  } catch {
    return false;
  }
}

/** Does the same to all, some at once. @throws what the first that failed did, once none is under way */
async function inParallel<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const lanes = Array.from({ length: MAX_UPLOADS }, async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
      try {
        await run(one);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
  });
  const [failed] = (await Promise.allSettled(lanes)).filter(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
