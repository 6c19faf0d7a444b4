import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import {
  decodeBase64,
  segmentsOf,
  checkpointsFile,
  restFile,
  stubFile,
  verifyLog,
  type StoredRecord,
  type VerifyReport,
} from "@mayfly/audit-verifier";
import { isIncluded, leafHash, parseCheckpoint } from "@mayfly/audit-verifier/browser";
import { systemClock, type Clock } from "../../kernel/clock.ts";
import type { AuditIndex } from "../index/port.ts";
import { createAuditReader } from "../index/reader.ts";
import { openAuditLog } from "../open.ts";
import type { OpenedAuditLog } from "../opened.ts";
import type { AuditRecord } from "../records.ts";
import { context, testFolders } from "../testing/log.ts";
import type { Hold } from "./holds.ts";
import { writeDaysTo } from "./testing/days.ts";
import { startRetention, type Retention, type RetentionParts } from "./retention.ts";

const DAY = 86_400_000;
const folders = testFolders();
afterAll(() => folders.removeAll());

/** How far the wall clock stands ahead. */
let ahead = 0;
const clock: Clock = { ...systemClock, wall: () => Date.UTC(2026, 0, 1) + ahead };
let folder: string;
let archive: string;
let problems: string[];
let opened: OpenedAuditLog;
let retention: Retention | undefined;

beforeEach(() => {
  ahead = 0;
  folder = folders.make();
  archive = join(folders.make(), "archive");
  problems = [];
});

async function open(): Promise<OpenedAuditLog> {
  opened = await openAuditLog({
    folder,
    name: "gateway.test",
    clock,
    sync: "batched",
    checkpointEvery: 1000,
    segmentBytes: 4000,
    onProblem: (problem) => problems.push(problem),
  });
  return opened;
}

function retain(more: Partial<RetentionParts> = {}): Retention {
  retention = startRetention({
    opened,
    rules: { keep: 3 * DAY },
    archive,
    unread: () => Promise.resolve(Infinity),
    forget: () => Promise.resolve(),
    onDropped: () => undefined,
    recordHolds: () => Promise.resolve(),
    holdsRecorded: () => 0,
    onDone: () => Promise.resolve(),
    // Nobody else needs the machine between two files.
    clock: { ...clock, schedule: (ms, run) => clock.schedule(ms < 1000 ? 0 : ms, run) },
    onProblem: (problem) => problems.push(problem),
    ...more,
  });
  return retention;
}

async function close(): Promise<void> {
  await retention?.close();
  await opened.log.close();
}

const writeDays = (days: number): Promise<number> => writeDaysTo(opened, days, () => (ahead += DAY));

const verify = (of = folder, more: object = {}): VerifyReport =>
  verifyLog(of, [readFileSync(join(folder, "log.vkey"), "utf8").trim()], more);

test("what is old goes to the archive, and what stays and what went verify, together and apart", async () => {
  await open();
  await writeDays(8);
  const records = opened.written();
  expect(await retain().run()).toBeGreaterThan(4);
  expect(problems).toEqual([]);
  await opened.checkpointNow();
  expect(opened.log.unavailable).toBeUndefined();
  const kept = verify();
  expect(kept).toMatchObject({ verdict: "whole", problems: [], archived: 0 });
  expect(kept.records).toBeGreaterThan(records);
  expect(kept.dropped).toBeGreaterThan(100);
  expect(verify(folder, { archive })).toMatchObject({ verdict: "whole", dropped: 0, archived: kept.dropped });
  const alone = verify(archive, { asArchive: true });
  expect(alone).toMatchObject({ verdict: "whole", problems: [], records: kept.dropped, uncovered: 0 });
  // Nothing more is due, and the log goes on from here: with its tree, and with the tree built again.
  expect(await retention?.run()).toBe(0);
  await close();
  await open();
  expect((await opened.verified)?.problems).toEqual([]);
  await close();
  rmSync(join(folder, "tree.json"));
  await open();
  expect(opened.written()).toBe(kept.records + 4);
  await close();
  expect(verify().verdict).toBe("whole");
});

test("acts that stay are read in full, and proved with what they refer to, although that went", async () => {
  await open();
  const long = await writeDays(8);
  await retain().run();
  await opened.checkpointNow();
  let held: readonly AuditRecord[] = [];
  const index: AuditIndex = {
    insert: async (records) => void (held = [...held, ...records]),
    last: async () => held.at(-1)?.seq ?? -1,
    search: async ({ types, text }) =>
      held.filter(
        (record) =>
          (types?.includes(record.type) ?? true) &&
          (text === undefined || JSON.stringify(record).includes(text)),
      ),
    usage: async () => [],
    hours: () => Promise.resolve([]),
    counts: () => Promise.resolve(new Map()),
    actsOf: async () => new Map(),
    forget: async () => undefined,
    clear: async () => void (held = []),
  };
  const reader = createAuditReader({ opened, index, clock });
  await reader.search({ limit: 1 });
  // Of what went the index has, built anew, what later records refer to alone.
  const [first] = segmentsOf(folder).map((segment) => segment.first) as [number];
  expect(held.filter(({ seq }) => seq < first).map(({ seq, type }) => [seq, type])).toEqual([
    [long, "session.opened"],
    [long + 1, "act.intent"],
  ]);
  const newest = held.findLast(({ type }) => type === "act.intent") as AuditRecord;
  expect(newest).toMatchObject({
    session: "ses_long",
    grant: "gr_1",
    detail: { act: { kind: "execute", sql: "select $1", parameters: ["7 11"] } },
  });
  const { checkpoint, entries, referenced } = await reader.proofs(undefined, 1000);
  const { size, root } = parseCheckpoint(checkpoint);
  const all = [...entries, ...referenced];
  expect(all.map(({ seq }) => seq)).toEqual(expect.arrayContaining([long, long + 1, newest.seq, first]));
  // Of the records that went, others say so: they come with what is asked for there.
  const older = await reader.proofs(first, 10);
  expect(older.entries.length).toBeLessThan(10);
  const drops = older.referenced.map(({ line }) => JSON.parse(line) as StoredRecord);
  expect(
    drops.filter(({ type }) => type === "log.segment_dropped").map(({ detail }) => detail),
  ).toContainEqual(
    expect.objectContaining({ first: expect.any(Number) as number, count: expect.any(Number) as number }),
  );
  for (const { seq, line, proof } of all) {
    expect((JSON.parse(line) as StoredRecord).seq).toBe(seq);
    const hashes = proof.map((text) => Uint8Array.from(decodeBase64(text) as Buffer));
    expect(await isIncluded(await leafHash(Buffer.from(line)), seq, size, hashes, root)).toBe(true);
  }
  await reader.close();
  await close();
});

test("a key that was changed in what went is followed from the old one, and an unsigned change is not", async () => {
  await open();
  const old = opened.verifierKey;
  await writeDays(1);
  await opened.rotateKey();
  await writeDays(7);
  await retain().run();
  await close();
  const stubs = readdirSync(join(folder, "dropped")).map((name) =>
    readFileSync(join(folder, "dropped", name), "utf8"),
  );
  expect(stubs.join("\n")).toContain("log.key_rotated");
  expect(verifyLog(folder, [old])).toMatchObject({ verdict: "whole", problems: [] });
  expect(verifyLog(archive, [old])).toMatchObject({ verdict: "whole", problems: [] });
  // The key of another log, by the same name, signs for nobody here.
  const other = await openAuditLog({
    folder: folders.make(),
    name: "gateway.test",
    clock,
    sync: "batched",
    checkpointEvery: 1000,
  });
  const strange = other.verifierKey;
  await other.log.close();
  expect(
    verifyLog(folder, [strange])
      .problems.map(({ message }) => message)
      .join("\n"),
  ).toMatch(/not signed for by a key that is trusted/);
});

test("the size rule drops the oldest until what stays fits", async () => {
  await open();
  await writeDays(6);
  const bytes = (): number =>
    segmentsOf(folder).reduce((sum, { file }) => sum + readFileSync(join(folder, file)).length, 0);
  const before = bytes();
  await retain({ rules: { size: Math.floor(before / 2) } }).run();
  expect(bytes()).toBeLessThan(before / 2 + 4000);
  expect(bytes()).toBeGreaterThan(before / 2 - 8000);
  await close();
  expect(verify().verdict).toBe("whole");
});

test("what could not be forgotten is tried again before anything more goes, at the next start as well", async () => {
  await open();
  await writeDays(8);
  const forgotten: number[] = [];
  let isAway = true;
  const forget: RetentionParts["forget"] = async ({ first }) => {
    forgotten.push(first);
    if (isAway) throw new Error("the store is away");
  };
  await expect(retain({ forget }).run()).rejects.toThrow("the store is away");
  await expect(retention?.run()).rejects.toThrow("the store is away");
  const [gone] = forgotten;
  expect(forgotten).toEqual([gone, gone]);
  await close();
  await open();
  isAway = false;
  expect(await retain({ forget }).run()).toBeGreaterThan(0);
  expect(forgotten[2]).toBe(gone);
  // The first of them is known to be forgotten by now.
  expect(new Set(forgotten.slice(3)).size).toBe(forgotten.length - 3);
  expect(forgotten.slice(3)).not.toContain(gone);
  await close();
});

test("a file that a hold keeps is read again only under other holds", async () => {
  await open();
  const system = { kind: "system", issuer: "mayflyd", subject: "op", name: "op" } as const;
  const hold = (id: string, connection: string): void =>
    void opened.log.append({
      type: "log.hold_placed",
      principal: system,
      detail: { hold: id, on: { connection }, reason: "INC-1" },
    });
  hold("hold_1", context.connection ?? "");
  await writeDays(8);
  expect(await retain().run()).toBe(0);
  // Each reading of a held file leaves what stands for it in the archive.
  const stubs = join(archive, "dropped");
  expect(readdirSync(stubs).length).toBeGreaterThan(0);
  rmSync(stubs, { recursive: true });
  expect(await retention?.run()).toBe(0);
  expect(existsSync(stubs)).toBe(false);
  hold("hold_2", "another");
  opened.log.flush();
  expect(await retention?.run()).toBe(0);
  expect(existsSync(stubs)).toBe(true);
  await close();
});

test("what is forgotten elsewhere is asked of the holds of other logs, too", async () => {
  const other = await openAuditLog({
    folder: folders.make(),
    name: "other.test",
    clock,
    sync: "batched",
    checkpointEvery: 1000,
  });
  other.log.append({
    type: "log.hold_placed",
    principal: { kind: "system", issuer: "mayflyd", subject: "op", name: "op" },
    detail: { hold: "hold_1", on: { connection: "another" }, reason: "INC-1" },
  });
  await other.log.sync();
  await open();
  await writeDays(8);
  const asked: unknown[] = [];
  const onDone: RetentionParts["onDone"] = (_, holds) => Promise.resolve(void asked.push(holds));
  expect(await retain({ onDone, others: () => [other.folder] }).run()).toBeGreaterThan(0);
  expect(asked).toEqual([[{ id: "hold_1", on: { connection: "another" } }]]);
  await close();
  await other.log.close();
});

describe("holds of other gateways", () => {
  const held: Hold = { id: "hold_1", on: { connection: context.connection ?? "" } };

  test("keep what is here until they are lifted, and what is forgotten elsewhere is asked of them", async () => {
    await open();
    await writeDays(8);
    const asked: unknown[] = [];
    let shared: readonly Hold[] = [held];
    retain({
      onDone: (_, holds) => Promise.resolve(void asked.push(holds)),
      sharedHolds: () => Promise.resolve(shared),
    });
    expect(await retention?.run()).toBe(0);
    shared = [{ id: "hold_2", on: { connection: "another" } }];
    expect(await retention?.run()).toBeGreaterThan(0);
    expect(asked).toEqual([shared]);
    await close();
  });

  test("keep a file for which everything is ready when one comes", async () => {
    await open();
    await writeDays(8);
    let looks = 0;
    const sharedHolds = (): Promise<readonly Hold[]> => Promise.resolve((looks += 1) < 2 ? [] : [held]);
    expect(await retain({ sharedHolds }).run()).toBe(0);
    expect(looks).toBeGreaterThan(2);
    expect(verify().problems).toEqual([]);
    await close();
  });

  test.each([0, 1])("that cannot be asked for keep everything, after %s looks as well", async (after) => {
    await open();
    await writeDays(8);
    let looks = 0;
    const sharedHolds = (): Promise<readonly Hold[]> =>
      (looks += 1) > after ? Promise.reject(new Error("the store is away")) : Promise.resolve([]);
    const before = opened.written();
    await expect(retain({ sharedHolds }).run()).rejects.toThrow("the store is away");
    expect(opened.written()).toBe(before);
    await close();
  });
});

describe("what is not dropped", () => {
  test("what only a clock set ahead by years makes old", async () => {
    await open();
    await writeDays(2);
    ahead += 10 * 365 * DAY;
    await writeDays(1);
    expect(await retain({ rules: { keep: 5 * DAY } }).run()).toBe(0);
    // Back again: nothing is old by that either.
    ahead = 3 * DAY;
    await writeDays(1);
    expect(await retention?.run()).toBe(0);
    await close();
  });

  test("what the index has not read yet", async () => {
    await open();
    await writeDays(8);
    expect(await retain({ unread: () => Promise.resolve(0) }).run()).toBe(0);
    await close();
  });

  test.each([
    ["a request", { request: "req_day_1" }],
    ["a principal", { principal: "Support-Bot" }],
    ["a connection", { connection: "orders-db" }],
  ])("what a hold on %s keeps; when it is lifted, that goes too", async (_, on) => {
    await open();
    const system = { kind: "system", issuer: "mayflyd", subject: "op", name: "op" } as const;
    const hold = { hold: "hold_1", on, reason: "INC-1" };
    opened.log.append({ type: "log.hold_placed", principal: system, detail: hold });
    await writeDays(8);
    const dropped = await retain().run();
    const isOfOne = "request" in on;
    expect(dropped > 0).toBe(isOfOne);
    const text = segmentsOf(folder)
      .map(({ file }) => readFileSync(join(folder, file), "utf8"))
      .join("");
    expect(text).toContain(`"request":"req_day_1"`);
    expect(text.includes(`"request":"req_day_4"`)).toBe(!isOfOne);
    await opened.checkpointNow();
    expect(verify()).toMatchObject({ verdict: "whole" });
    expect(verify(folder, { archive })).toMatchObject({ verdict: "whole", dropped: 0 });
    const archived = isOfOne ? verify(archive, { asArchive: true }) : undefined;
    expect(archived?.problems ?? []).toEqual([]);
    // What is held stays in the log: the archive alone does not prove it.
    expect(archived?.verdict ?? "incomplete").toBe("incomplete");
    opened.log.append({ type: "log.hold_lifted", principal: system, detail: { hold: "hold_1" } });
    await opened.log.sync();
    expect(await retention?.run()).toBeGreaterThan(0);
    await opened.checkpointNow();
    expect(verify(archive, { asArchive: true })).toMatchObject({ verdict: "whole", problems: [] });
    await close();
    expect(verify()).toMatchObject({ verdict: "whole" });
  });
});

/** A log of which files were dropped, closed. @returns the first record of a file that went */
async function droppedLog(): Promise<number> {
  await open();
  await writeDays(8);
  await retain().run();
  await close();
  return Number(readdirSync(join(folder, "dropped"))[1]?.slice(0, 12));
}

const archivedPath = (first: number): string =>
  join(archive, "records", `${String(first).padStart(12, "0")}.jsonl.zst`);

describe("what was altered is found", () => {
  test("in the archive", async () => {
    const first = await droppedLog();
    const bytes = readFileSync(archivedPath(first));
    writeFileSync(archivedPath(first), bytes.subarray(0, bytes.length - 9));
    expect(verify().verdict).toBe("whole");
    expect(verify(folder, { archive }).problems).toMatchObject([
      { message: expect.stringContaining("cannot be unpacked") },
    ]);
    const [other] = readdirSync(join(archive, "records"));
    copyFileSync(join(archive, "records", other as string), archivedPath(first));
    expect(verify(folder, { archive }).problems[0]?.message).toContain("this is not what was dropped");
    expect(verify(archive, { asArchive: true }).verdict).toBe("broken");
  });

  test("in what stands for a file", async () => {
    const first = await droppedLog();
    const path = join(folder, stubFile(first));
    const text = readFileSync(path, "utf8");
    const stub = JSON.parse(text) as { roots: string[] };
    stub.roots[0] = Buffer.alloc(32).toString("base64");
    writeFileSync(path, JSON.stringify({ ...stub, carried: [] }));
    expect(verify().problems[0]?.message).toContain("do not match the checkpoint");
    writeFileSync(path, text.replace(/"line":"/, `"line":" `));
    const problem = verify().problems[0]?.message;
    expect(text.includes(`"line":"`) ? problem : "is not what was in the file").toContain(
      "is not what was in the file",
    );
    rmSync(path);
    expect(verify().problems[0]?.message).toContain("are missing");
  });

  test("in an archive that lacks a file of what was dropped, and nothing more is dropped there", async () => {
    const first = await droppedLog();
    rmSync(archivedPath(first));
    expect(verify(folder, { archive }).problems).toMatchObject([
      { message: expect.stringContaining("does not hold this file") },
    ]);
    await open();
    ahead += 30 * DAY;
    await writeDays(2);
    await expect(retain().run()).rejects.toThrow(/lacks records\//);
    await close();
  });

  test("by a checkpoint that was kept elsewhere, inside a dropped file, once the archive is given", async () => {
    await droppedLog();
    const stubs = readdirSync(join(folder, "dropped")).map(
      (name) =>
        JSON.parse(readFileSync(join(folder, "dropped", name), "utf8")) as { first: number; count: number },
    );
    const isInside = (size: number): boolean =>
      stubs.some(({ first, count }) => size > first && size < first + count);
    const notes = readFileSync(join(folder, checkpointsFile), "utf8").split(/\n\n(?=gateway\.test\n)/u);
    const note = notes.find((each) => isInside(Number(each.split("\n")[1])));
    if (note === undefined) throw new Error("no checkpoint is inside of a file that was dropped");
    const witnessed = [{ note: `${note.trim()}\n`, from: "kept" }];
    expect(verify(folder, { witnessed }).verdict).toBe("incomplete");
    expect(verify(folder, { witnessed, archive }).verdict).toBe("whole");
  });

  test.each(["rest.json", "kept"])("when what an archive has stands in a log: %s", async (what) => {
    const first = await droppedLog();
    const stub = join(folder, stubFile(first));
    if (what === "kept")
      writeFileSync(stub, JSON.stringify({ ...JSON.parse(readFileSync(stub, "utf8")), kept: true }));
    else copyFileSync(stub, join(folder, restFile));
    expect(verify().problems[0]).toMatchObject({
      message: expect.stringContaining("records that are not here"),
    });
    await expect(open()).rejects.toThrow("an archive's own");
  });

  test("when the record of a drop is signed for by nobody", async () => {
    await open();
    await writeDays(8);
    const copy = folders.copy(folder);
    await retain().run();
    await close();
    const [name = ""] = readdirSync(join(folder, "dropped"));
    mkdirSync(join(copy, "dropped"));
    copyFileSync(join(folder, "dropped", name), join(copy, "dropped", name));
    rmSync(join(copy, "records", name.replace(".json", ".jsonl")));
    const lines = readdirSync(join(folder, "records"))
      .filter((file) => file.endsWith(".jsonl"))
      .flatMap((file) => readFileSync(join(folder, "records", file), "utf8").split("\n"));
    const drop = lines.find((line) => line.includes('"type":"log.segment_dropped"')) ?? "";
    const last = readdirSync(join(copy, "records")).toSorted().at(-1) ?? "";
    const end =
      Number(last.slice(0, 12)) + readFileSync(join(copy, "records", last), "utf8").split("\n").length - 1;
    writeFileSync(join(copy, "records", last), `${drop.replace(/"seq":\d+/u, `"seq":${end}`)}\n`, {
      flag: "a",
    });
    expect(verify(copy).problems).toMatchObject([
      { message: expect.stringContaining("no checkpoint covers the record") },
    ]);
  });

  test("when a file went without a record of it", async () => {
    await open();
    await writeDays(8);
    await retain().run();
    await close();
    // Somebody takes a whole log and makes a file go as retention does, but for the record.
    const copy = folders.copy(folder);
    const lines = segmentsOf(copy).map((segment) => join(copy, segment.file));
    for (const path of lines) {
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replaceAll(`"first":0,`, `"first":1,`));
    }
    expect(verify(copy).problems.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringContaining("no record of the log says that this file of them was dropped"),
      ]),
    );
  });

  test("when a file comes back altered: the start stops and says which", async () => {
    const first = await droppedLog();
    const path = join(folder, "records", `${String(first).padStart(12, "0")}.jsonl`);
    writeFileSync(path, "{}\n");
    expect(verify().problems.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining("this is not the file that was archived and dropped")]),
    );
    await expect(open()).rejects.toThrow(/was archived and dropped, and what stands there now is not/);
  });
});

describe("a run that was killed", () => {
  /** A log whose next file is prepared for its drop. */
  async function killedAt(step: "stub" | "record"): Promise<string> {
    await open();
    await writeDays(8);
    const failing = { ...opened, removeSegment: () => Promise.reject(new Error("killed")) };
    const log = Object.create(opened.log) as typeof opened.log;
    log.append = () => {
      throw new Error("killed");
    };
    await expect(retain({ opened: step === "stub" ? { ...opened, log } : failing }).run()).rejects.toThrow(
      "killed",
    );
    const [stub] = readdirSync(join(folder, "dropped"));
    const file = join(folder, "records", (stub as string).replace(".json", ".jsonl"));
    expect(existsSync(file)).toBe(true);
    await close();
    expect(verify()).toMatchObject({ verdict: "whole" });
    return file;
  }

  test("before the drop was recorded: the next start takes it back, and it is dropped anew", async () => {
    const file = await killedAt("stub");
    await open();
    expect(existsSync(file)).toBe(true);
    expect(readdirSync(join(folder, "dropped"))).toEqual([]);
    expect(await retain().run()).toBeGreaterThan(4);
    await close();
    expect(verify(folder, { archive })).toMatchObject({ verdict: "whole", dropped: 0 });
  });

  test("before the file was removed: the next start keeps it, and it is dropped anew", async () => {
    const file = await killedAt("record");
    await open();
    expect(existsSync(file)).toBe(true);
    expect((await opened.verified)?.problems).toEqual([]);
    expect(await retain().run()).toBeGreaterThan(0);
    expect(existsSync(file)).toBe(false);
    await opened.checkpointNow();
    await close();
    expect(verify()).toMatchObject({ verdict: "whole", problems: [] });
  });

  test("in the middle of a file of the archive: it is written anew", async () => {
    await open();
    await writeDays(8);
    mkdirSync(join(archive, "records"), { recursive: true });
    writeFileSync(archivedPath(0), "half");
    writeFileSync(`${archivedPath(0)}.part`, "half");
    await retain().run();
    await close();
    expect(verify(folder, { archive })).toMatchObject({ verdict: "whole", dropped: 0 });
    expect(readdirSync(join(archive, "records")).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});

describe("an archive that cannot be used", () => {
  test("is another log's: nothing is dropped", async () => {
    await droppedLog();
    const theirs = archive;
    folder = folders.make();
    await open();
    await writeDays(8);
    const files = segmentsOf(folder).length;
    archive = theirs;
    await expect(retain().run()).rejects.toThrow(/is another log's: its first key is gateway\.test\+/);
    expect(segmentsOf(folder)).toHaveLength(files);
    await close();
  });

  test("is gone after it was used: nothing is dropped", async () => {
    await droppedLog();
    rmSync(archive, { recursive: true });
    await open();
    await writeDays(4);
    await expect(retain().run()).rejects.toThrow(/is gone: it holds no log\.vkey/);
    await close();
  });

  test("takes nothing: nothing is dropped, and no part stays behind", async () => {
    await open();
    await writeDays(8);
    writeFileSync(archive, "no folder");
    await expect(retain().run()).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(existsSync(join(folder, "dropped"))).toBe(false);
    expect(readFileSync(archive, "utf8")).toBe("no folder");
    await close();
    expect(verify()).toMatchObject({ verdict: "whole", dropped: 0 });
  });
});
