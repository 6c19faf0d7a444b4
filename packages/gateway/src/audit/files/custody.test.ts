import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { segmentsOf, verifyLog } from "@mayfly/audit-verifier";
import { afterAll, expect, test } from "vitest";
import { actsOf, openTestLog, recordsIn, testFolders, writeActs } from "../testing/log.ts";
import { fileFaults, mayMount } from "../testing/file-faults.ts";
import { LogUnavailable } from "../unavailable.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

const canMount = mayMount(folders.make());
const faults = fileFaults.filter(({ mounts }) => mounts === undefined || canMount);

/** A log that has been at work: full files, a checkpoint, records behind it. */
async function workingLog() {
  // Below a folder of its own: some faults strike there.
  const folder = join(folders.make(), "data/audit");
  mkdirSync(join(folder, ".."), { recursive: true });
  const problems: string[] = [];
  const opened = await openTestLog(folder, { segmentBytes: 4000, onProblem: (text) => problems.push(text) });
  for (let i = 0; i < 6; i += 1) writeActs(opened, 2);
  await opened.checkpointNow();
  writeActs(opened, 2);
  return { folder, opened, problems };
}

type Working = Awaited<ReturnType<typeof workingLog>>;

/** Longest that a test waits, in real milliseconds: files are read back and verified in threads of their own. */
const PATIENCE_MS = 25_000;

/** Time goes by. */
async function passes({ opened }: Working, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    opened.clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Time goes by until it is so. */
async function comesTo(working: Working, isReached: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !isReached() && Date.now() < end;) await passes(working, 100);
}

test.concurrent.each(faults)(
  "$name: noticed while nothing is written, and undone",
  async ({ strike, names }) => {
    const working = await workingLog();
    const { opened, problems } = working;
    // What was written is read back once, and signed for; from here on the log is at rest.
    await passes(working, 1500);
    await opened.checkpointNow();
    expect(opened.log.unavailable).toBeUndefined();
    const undo = strike(working.folder);
    await comesTo(working, () => opened.log.unavailable !== undefined);
    expect(opened.log.unavailable).toMatch(names);
    expect(() => opened.log.append({ type: "request.created", detail: {} })).toThrow(LogUnavailable);
    await expect(opened.log.sync()).rejects.toThrow(names);
    expect(problems.at(-1)).toContain(`the audit log in ${working.folder} takes no records: `);
    // It does not get over it by itself.
    await passes(working, 800);
    expect(opened.log.unavailable).toBeDefined();
    if (undo === undefined) {
      await opened.log.close().catch(() => undefined);
      return;
    }
    undo();
    await comesTo(working, () => opened.log.unavailable === undefined);
    expect(opened.log.unavailable).toBeUndefined();
    expect(problems.at(-1)).toContain("is whole again");
    writeActs(opened, 1, "select 'after'");
    await opened.log.close();
    expect(verifyLog(working.folder, [opened.verifierKey])).toMatchObject({ verdict: "whole", problems: [] });
    expect(recordsIn(working.folder).at(-2)?.type).toBe("act.outcome");
  },
);

/** What strikes where records are written to. */
const whereWritten = faults.filter(
  ({ name, full }) => full === undefined && !/key|checkpoint|lock/.test(name),
);

test.each(whereWritten)("$name: noticed under load", async ({ strike, names, mounts }) => {
  const working = await workingLog();
  const { opened } = working;
  const covered = Number(opened.checkpoint()?.split("\n")[1]);
  const undo = strike(working.folder);
  // Every turn writes; the clock is such that looks before a write are skipped as often as they may be.
  let refused: unknown;
  const end = Date.now() + PATIENCE_MS;
  for (let turn = 0; refused === undefined && Date.now() < end; turn += 1) {
    // Two seconds are enough for it; a worker that reads back takes its own time.
    if (turn < 2000) opened.clock.advance(1);
    try {
      actsOf(opened).append("act.intent", '{"act":{"sql":"select 2"}}');
      opened.log.flush();
    } catch (error) {
      refused = error;
    }
    if (turn % 20 === 0 || turn >= 2000) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(refused).toBeInstanceOf(LogUnavailable);
  // A checkpoint, or reading back what was full a moment ago, may come before the look.
  expect(opened.log.unavailable).toMatch(new RegExp(`${names.source}|does not hold what was written`));
  await expect(opened.log.close()).rejects.toThrow(LogUnavailable);
  if (mounts) undo?.();
  // What remains is never called whole when records are gone from it that a checkpoint covers.
  const report =
    segmentsOf(working.folder).length === 0 ? undefined : verifyLog(working.folder, [opened.verifierKey]);
  expect(report === undefined || report.verdict !== "whole" || report.records >= covered).toBe(true);
});

test.each([
  ["a backup makes hard links", (file: string) => linkSync(file, `${file}.backup`)],
  ["somebody touches a full file", (file: string) => utimesSync(file, 1, 1)],
])("%s: what is there is read back, and service goes on", async (_, touch) => {
  const working = await workingLog();
  const { opened } = working;
  for (const { file } of segmentsOf(working.folder)) touch(join(working.folder, file));
  await passes(working, 2000);
  expect(opened.log.unavailable).toBeUndefined();
  writeActs(opened, 1);
  await opened.log.close();
});

test("what was altered before it was signed for is not signed for", async () => {
  const { folder, opened } = await workingLog();
  const before = opened.checkpoint();
  const file = join(folder, segmentsOf(folder).at(-1)!.file);
  const text = readFileSync(file, "utf8");
  const fd = openSync(file, "r+");
  writeSync(fd, text.replaceAll("select 1", "select 2"), 0);
  closeSync(fd);
  await expect(opened.checkpointNow()).rejects.toThrow("altered before it was signed for");
  expect(opened.checkpoint()).toBe(before);
  expect(opened.log.unavailable).toContain("altered before it was signed for");
  await expect(opened.log.close()).rejects.toThrow(LogUnavailable);
});

test("what no checkpoint covered is signed for once the log is back, though nobody writes anything more", async () => {
  const working = await workingLog();
  const { folder, opened, problems } = working;
  chmodSync(folder, 0o755);
  await comesTo(working, () => problems.some((problem) => problem.includes("checkpoint failed")));
  chmodSync(folder, 0o700);
  const covered = (): number => Number(opened.checkpoint()?.split("\n")[1]);
  await comesTo(working, () => covered() === opened.written());
  expect(covered()).toBe(opened.written());
  await opened.log.close();
});

test("a file put back that lacks a record is not taken for the log", async () => {
  const working = await workingLog();
  const { folder, opened } = working;
  const file = join(folder, segmentsOf(folder).at(-1)!.file);
  const lines = readFileSync(file, "utf8").split("\n");
  rmSync(file);
  await comesTo(working, () => opened.log.unavailable !== undefined);
  const put = (text: string): void => writeFileSync(file, text, { mode: 0o600 });
  put(`${lines.slice(0, -2).join("\n")}\n`);
  // A reading back that began before the file was gone may end after it is back, and says that it was altered.
  const isShort = (): boolean => /has \d+ bytes where/.test(opened.log.unavailable ?? "");
  await comesTo(working, isShort);
  await passes(working, 1500);
  expect(opened.log.unavailable).toMatch(/has \d+ bytes where/);
  put(lines.join("\n").replace("select 1", "select 9"));
  await comesTo(working, () => opened.log.unavailable?.includes("was altered") === true);
  expect(opened.log.unavailable).toContain("was altered");
  put(lines.join("\n"));
  await comesTo(working, () => opened.log.unavailable === undefined);
  expect(opened.log.unavailable).toBeUndefined();
  await opened.log.close();
  expect(verifyLog(folder, [opened.verifierKey]).verdict).toBe("whole");
});
