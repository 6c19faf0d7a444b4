import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import type { Beat, BootTime, Journal, JournalEntry } from "./journal.ts";

/** A slot is one line: digest, JSON, blanks, newline. Two for beats, written in turn, the rest for entries. */
const SLOT_BYTES = 512;
const BEAT_SLOTS = 2;
const ENTRY_SLOTS = 1022;
const DIGEST_CHARACTERS = 16;
/** Longest text of an entry that people read, UTF-16 code units; less where the slot asks for it. */
const MAX_TEXT = 160;

const blank = `${" ".repeat(SLOT_BYTES - 1)}\n`;

function digestOf(json: string): string {
  return createHash("sha256").update(json).digest("hex").slice(0, DIGEST_CHARACTERS);
}

function slotOf(json: string): Buffer | undefined {
  const line = Buffer.from(`${digestOf(json)} ${json}`);
  if (line.length >= SLOT_BYTES) return undefined;
  return Buffer.concat([line, Buffer.from(blank.slice(line.length))]);
}

/** The slot of an entry, its texts shortened until it fits. */
function entrySlot(entry: JournalEntry): Buffer {
  for (let maxText = MAX_TEXT; maxText > 0; maxText = Math.floor(maxText / 2)) {
    const reason = entry.reason.slice(0, maxText).toWellFormed();
    const by = entry.by.slice(0, maxText).toWellFormed();
    const slot = slotOf(JSON.stringify({ ...entry, reason, by }));
    if (slot !== undefined) return slot;
  }
  throw new TypeError("an entry of the journal has texts of its own only");
}

/** What a slot holds; undefined when it is blank or was torn while it was written, so that nobody relied on it. */
function readSlot(bytes: Buffer): unknown {
  const line = bytes.toString("utf8").trimEnd();
  const json = line.slice(DIGEST_CHARACTERS + 1);
  if (json === "" || digestOf(json) !== line.slice(0, DIGEST_CHARACTERS)) return undefined;
  return JSON.parse(json);
}

/** How long this machine has been up, on the clock that also counts while it is suspended. Linux only. */
export function machineBootTime(): BootTime | undefined {
  try {
    const id = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    const seconds = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
    return id === "" || !Number.isFinite(seconds) ? undefined : { id, ms: Math.floor(seconds * 1000) };
  } catch {
    return undefined;
  }
}

async function openWhole(file: string): Promise<FileHandle> {
  const size = (BEAT_SLOTS + ENTRY_SLOTS) * SLOT_BYTES;
  try {
    const handle = await open(file, "r+");
    if ((await handle.stat()).size === size) return handle;
    await handle.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  // Writes blanks instead of leaving a hole: the room must exist when the disk is full.
  const handle = await open(file, "w+", 0o600);
  await handle.write(blank.repeat(BEAT_SLOTS + ENTRY_SLOTS), 0);
  await handle.sync();
  const folder = await open(path.dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return handle;
}

/** Whether a journal that nobody has open holds ends. A torn slot holds none, and neither does a file that is not there. */
export function journalHolds(file: string): boolean {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  for (let slot = BEAT_SLOTS; slot < BEAT_SLOTS + ENTRY_SLOTS; slot++)
    if (readSlot(bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES)) !== undefined) return true;
  return false;
}

/** The journal, and its end. */
export interface OpenedJournal extends Journal {
  close(): Promise<void>;
}

/**
 * Opens the journal of one gateway, making it where it does not exist.
 * @throws MayflyError `journal_refused`, naming the file
 */
export async function openJournal(
  file: string,
  boot: () => BootTime | undefined = machineBootTime,
): Promise<OpenedJournal> {
  let handle: FileHandle;
  const entries: JournalEntry[] = [];
  const leftIn: number[] = [];
  let beats: { readonly beat: Beat; readonly number: number }[] = [];
  try {
    handle = await openWhole(file);
    const bytes = await handle.readFile();
    for (let slot = 0; slot < BEAT_SLOTS + ENTRY_SLOTS; slot++) {
      const held = readSlot(bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES));
      if (held === undefined) continue;
      if (slot < BEAT_SLOTS) beats.push(held as { beat: Beat; number: number });
      else {
        entries.push(held as JournalEntry);
        leftIn.push(slot);
      }
    }
  } catch (error) {
    throw new MayflyError(
      "journal_refused",
      `the journal of ends ${file} cannot be used: ${messageOf(error)}`,
      {
        status: 503,
        hint: "give the user that mayflyd runs as write access to it, and its disk room",
        cause: error,
      },
    );
  }
  beats = beats.toSorted((a, b) => b.number - a.number);
  let number = beats[0]?.number ?? 0;
  const free = Array.from({ length: ENTRY_SLOTS }, (_, index) => BEAT_SLOTS + index).filter(
    (slot) => !leftIn.includes(slot),
  );
  let chain: Promise<void> = Promise.resolve();

  /** Sequential: each write is on disk before the next begins. */
  const put = (slot: number, bytes: Buffer): Promise<void> => {
    const write = async (): Promise<void> => {
      // What is written to a file that nobody will find again is kept by nobody.
      const [here, there] = [await handle.stat(), await stat(file)];
      if (here.ino !== there.ino || here.dev !== there.dev) throw new Error(`${file} was replaced`);
      await handle.write(bytes, 0, bytes.length, slot * SLOT_BYTES);
      await handle.datasync();
    };
    const mine = chain.then(write);
    chain = mine.catch(() => undefined);
    return mine;
  };
  const takeOut = async (slot: number): Promise<void> => {
    await put(slot, Buffer.from(blank));
    free.push(slot);
  };

  return {
    found: { entries, beat: beats[0]?.beat },
    async keep(entry) {
      const bytes = entrySlot(entry);
      const slot = free.shift();
      if (slot === undefined) throw new Error("the journal of ends is full");
      try {
        await put(slot, bytes);
      } catch (error) {
        free.push(slot);
        throw error;
      }
      return () => takeOut(slot);
    },
    async settle() {
      for (const slot of leftIn.splice(0)) await takeOut(slot);
    },
    async beat(beat) {
      number += 1;
      const bytes = slotOf(JSON.stringify({ number, beat }));
      if (bytes === undefined) throw new TypeError("a beat fits its slot");
      await put(number % BEAT_SLOTS, bytes);
    },
    boot,
    async close() {
      await chain;
      await handle.close();
    },
  };
}
