import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { appendDurably, replaceDurably } from "./durable.ts";

/** What of an archive a bucket has. It stands beside the archive's files, and is not sent itself. */
const SENT_FILE = "sent.txt";

/** A file as the bucket has it. */
export interface SentFile {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** What was sent, and where. */
export interface Sent {
  /** Undefined: nothing was sent yet. */
  readonly place: string | undefined;
  /** By their paths in the archive. */
  readonly files: Map<string, SentFile>;
}

const line = /^([0-9a-f]{64}) (\d{1,15}) (\S.*)$/;
const firstLine = /^sent to (\S+)$/;

/** Reads what was written so far; a line that a crash cut short says nothing. @throws Error when it is altered */
export function readSent(archive: string): Sent {
  const path = join(archive, SENT_FILE);
  if (!existsSync(path)) return { place: undefined, files: new Map() };
  const [first = "", ...rest] = readFileSync(path, "utf8").split("\n").slice(0, -1);
  const place = firstLine.exec(first)?.[1];
  const files = new Map<string, SentFile>();
  for (const each of rest) {
    const [, sha256, bytes, file] = line.exec(each) ?? [];
    if (sha256 === undefined || file === undefined) throw new Error(`${path} is not what was written to it`);
    files.set(file, { sha256, bytes: Number(bytes) });
  }
  if (place === undefined) throw new Error(`${path} is not what was written to it`);
  return { place, files };
}

const lineOf = ([file, { sha256, bytes }]: readonly [string, SentFile]): string =>
  `${sha256} ${bytes} ${file}\n`;

/** Begins a list anew. */
export function beginSent(archive: string, place: string, files: ReadonlyMap<string, SentFile>): void {
  const lines = [`sent to ${place}\n`, ...Array.from(files, lineOf)];
  replaceDurably(join(archive, SENT_FILE), Buffer.from(lines.join("")));
}

/** Adds files to the list; the last line of a file counts. */
export function addSent(archive: string, files: ReadonlyMap<string, SentFile>): void {
  if (files.size === 0) return;
  const path = join(archive, SENT_FILE);
  // A line that a crash cut short is no beginning of the next one.
  const held = readFileSync(path);
  const whole = held.lastIndexOf("\n") + 1;
  if (whole < held.length) replaceDurably(path, held.subarray(0, whole));
  appendDurably(path, Buffer.from(Array.from(files, lineOf).join("")));
}
