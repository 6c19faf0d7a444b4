import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { checkpointsFile } from "@mayfly/audit-verifier";
import { afterAll, expect, test, vi } from "vitest";
import { openTestLog, testFolders, writeActs } from "../testing/log.ts";
import { realFiles, type LogFiles } from "./files.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

/** Files whose next sync of the checkpoints waits until it is let go, and fails then if it is told to. */
function heldFiles() {
  const began = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let held: "no" | "next" | "now" = "no";
  const checkpoints = new Set<number>();
  const files: LogFiles = {
    ...realFiles,
    open(path, flags) {
      const fd = realFiles.open(path, flags);
      if (path.endsWith(checkpointsFile)) checkpoints.add(fd);
      return fd;
    },
    close(fd) {
      checkpoints.delete(fd);
      realFiles.close(fd);
    },
    async sync(fd) {
      if (held === "next" && checkpoints.has(fd)) {
        held = "now";
        began.resolve();
        await release.promise;
      }
      await realFiles.sync(fd);
    },
  };
  return {
    files,
    hold: () => void (held = "next"),
    began: began.promise,
    letGo: () => release.resolve(),
    fail: (why: Error) => release.reject(why),
  };
}

/** Waits until the file system's clock has gone on behind a file's last write: within one tick no look tells two apart. */
function letTick(file: string): void {
  const probe = join(folders.make(), "probe");
  const written = statSync(file, { bigint: true }).mtimeNs;
  do writeFileSync(probe, "");
  while (statSync(probe, { bigint: true }).mtimeNs <= written);
}

const strikes: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  ["removed", (file) => rmSync(file), /checkpoints\.txt is gone/],
  ["truncated", (file) => truncateSync(file, 0), /checkpoints\.txt has 0 bytes where/],
  ["added to", (file) => appendFileSync(file, "more\n"), /checkpoints\.txt has \d+ bytes where/],
  [
    "altered",
    (file) => {
      // A digit of the root, and another one than is there: a fixed one is what is there in one run of 64.
      const was = readFileSync(file, "utf8")[20];
      const fd = openSync(file, "r+");
      writeSync(fd, was === "9" ? "8" : "9", 20);
      closeSync(fd);
    },
    /checkpoints\.txt does not verify/,
  ],
];

test.each(
  strikes.flatMap(([name, strike, words]) =>
    ([true, false] as const).map((fails) => ({ name, strike, words, fails })),
  ),
)(
  "checkpoints that are $name while one is on its way to the disk are missed (and its sync fails: $fails)",
  async ({ strike, words, fails }) => {
    const folder = join(folders.make(), "audit");
    const { files, hold, began, letGo, fail } = heldFiles();
    const opened = await openTestLog(folder, { files, checkpointEvery: 1e9 });
    writeActs(opened, 2);
    await opened.checkpointNow();
    writeActs(opened, 2);
    hold();
    const signing = opened.checkpointNow().catch((error: unknown) => error);
    await began;
    letTick(join(folder, checkpointsFile));
    strike(join(folder, checkpointsFile));
    if (fails) fail(new Error("ENOSPC"));
    else letGo();
    await signing;
    await vi.waitFor(
      () => {
        opened.clock.advance(250);
        expect(opened.log.unavailable).toMatch(words);
      },
      { timeout: 45_000 },
    );
    await opened.log.close().catch(() => undefined);
  },
);

test("a checkpoint whose sync fails is taken back, and the next one is written", async () => {
  const folder = join(folders.make(), "audit");
  const { files, hold, began, fail } = heldFiles();
  const opened = await openTestLog(folder, { files, checkpointEvery: 1e9 });
  writeActs(opened, 2);
  await opened.checkpointNow();
  const before = opened.checkpoint();
  writeActs(opened, 2);
  hold();
  const signing = opened.checkpointNow().catch((error: unknown) => error);
  await began;
  fail(new Error("ENOSPC"));
  expect(String(await signing)).toContain("ENOSPC");
  for (let at = 0; at < 8; at += 1) opened.clock.advance(250);
  expect(opened.log.unavailable).toBeUndefined();
  await opened.checkpointNow();
  expect(opened.checkpoint()).not.toBe(before);
  await opened.log.close();
});
