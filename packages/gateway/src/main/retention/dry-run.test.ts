import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { checkpointsFile, verifierKeysFile } from "@mayfly/audit-verifier";
import { openAuditLog } from "../../audit/open.ts";
import { beginSent } from "../../audit/retention/sent.ts";
import { writeDaysTo } from "../../audit/retention/testing/days.ts";
import { testFolders } from "../../audit/testing/log.ts";
import type { Configuration } from "../../configuration/types.ts";
import { cursorFile } from "../../export/cursor-file.ts";
import { systemClock } from "../../kernel/clock.ts";
import { dryRunLines } from "./dry-run.ts";

const DAY = 86_400_000;
const folders = testFolders();
afterAll(() => folders.removeAll());

let folder: string;
let data: string;
let archive: string;
let log: string;
beforeEach(async () => {
  let ahead = 0;
  [folder, data, archive] = [folders.make(), folders.make(), folders.make()];
  const opened = await openAuditLog({
    folder,
    name: "gateway.test",
    clock: { ...systemClock, wall: () => Date.UTC(2026, 0, 1) + ahead },
    sync: "batched",
    checkpointEvery: 60_000,
    segmentBytes: 4000,
  });
  await writeDaysTo(opened, 8, () => (ahead += DAY));
  await opened.log.close();
  log = opened.id;
});

// Nothing listens there: whoever asked the bucket or the destination would fail.
const bucket = { endpoint: "https://127.0.0.1:1", bucket: "acme", prefix: "audit/" };

/** What is said with three days kept. */
async function lines({
  to = {},
  destinations = [],
  holdBack = Number.MAX_SAFE_INTEGER,
}: {
  readonly to?: object;
  readonly destinations?: readonly { readonly name: string; readonly from: "beginning" | "now" }[];
  readonly holdBack?: number;
} = {}): Promise<readonly string[]> {
  return dryRunLines({
    dataFolder: data,
    audit: { folder, name: "gateway.test", retention: { keep: 3 * DAY, archive, ...to } },
    export: { holdBack, destinations },
  } as unknown as Configuration);
}

/** The lines of files that are due, without what is in the files. */
const due = (all: readonly string[]): readonly string[] =>
  all.filter((line) => /^(?:would|is due)/.test(line)).map((line) => line.split(": records ")[0] ?? "");
/** The number of the first record behind each of these files. */
const ends = (all: readonly string[]): readonly number[] =>
  all.flatMap((line) => {
    const [, last] = /: records \d+ to (\d+),/.exec(line) ?? [];
    return last === undefined ? [] : [Number(last) + 1];
  });

const GOES = "would go (older than 3d)";

test("what is due goes to the archive's folder, and on to the bucket, which is not asked", async () => {
  const here = await lines();
  expect(here).toContain(`archive: ${archive}`);
  expect(due(here).length).toBeGreaterThan(2);
  expect(new Set(due(here))).toEqual(new Set([GOES]));
  const on = `archive: ${archive}, and from there https://127.0.0.1:1/acme/audit/gateway.test/`;
  expect(await lines({ to: { bucket } })).toContain(on);
  const file = { sha256: "0".repeat(64), bytes: 1 };
  beginSent(archive, "https://127.0.0.1:1/acme/audit/", new Map([["log.vkey", file]]));
  expect(await lines({ to: { bucket } })).toContain(`${on} (1 file was sent)`);
  beginSent(archive, "https://elsewhere.test/old/", new Map([["log.vkey", file]]));
  expect(await lines({ to: { bucket } })).toContain(
    `${on} (1 file was sent to https://elsewhere.test/old/: nothing goes until all of them are in the new place)`,
  );
});

test("what a destination has not got stays, up to hold_back", async () => {
  const all = ends(await lines());
  const [first = 0, second = 0] = all;
  await cursorFile(join(data, "exports"), "siem").keep(log, second - 1);
  const destinations = [
    { name: "siem", from: "beginning" },
    { name: "fresh", from: "now" },
  ] as const;
  const held = await lines({ destinations });
  const stays = "would stay (destination siem lacks records of it)";
  expect(due(held)).toEqual([GOES, ...all.slice(1).map(() => stays)]);
  expect(first).toBeLessThan(second);
  expect(held).toContainEqual(
    expect.stringMatching(new RegExp(`^destination siem: lacks \\d+ records, from ${second - 1} on$`)),
  );
  expect(held).toContain("destination fresh: has everything");

  const given = await lines({ destinations, holdBack: 1 });
  const goes =
    "would go (older than 3d; destination siem lacks records of it, and is more than hold_back behind)";
  expect(due(given)).toEqual([GOES, ...all.slice(1).map(() => goes)]);

  // What is kept of another log, or cannot be read, says nothing: it is sent from the beginning.
  for (const text of [JSON.stringify({ log: "another", next: 1e6 }), "{"]) {
    writeFileSync(join(data, "exports", "siem.json"), text);
    expect(due(await lines({ destinations }))).toEqual(all.map(() => stays));
  }
});

test("several destinations are named together", async () => {
  const destinations = [
    { name: "siem", from: "beginning" },
    { name: "lake", from: "beginning" },
  ] as const;
  expect(due(await lines({ destinations }))[0]).toBe(
    "would stay (destinations siem, lake lack records of it)",
  );
});

test("what no checkpoint covers stays", async () => {
  const path = join(folder, checkpointsFile);
  const notes = readFileSync(path, "utf8").split(/(?<=\n\n)(?=gateway\.test\n)/);
  writeFileSync(path, notes.slice(0, 3).join(""));
  const covered = Number(notes[2]?.split("\n")[1]);
  const shown = await lines();
  expect(due(shown)).toEqual(
    ends(shown).map((end) => (end > covered ? "would stay (no checkpoint covers it yet)" : GOES)),
  );
  expect(new Set(due(shown)).size).toBe(2);
});

test("an archive that is another log's, or not what was written, takes nothing", async () => {
  const key = "another+00000000+AAAA";
  writeFileSync(join(archive, verifierKeysFile), `${key}\n`);
  const shown = await lines();
  expect(shown).toContain(`nothing goes: the archive ${archive} is another log's: its first key is ${key}`);
  expect(new Set(due(shown))).toEqual(new Set(["is due (older than 3d)"]));
  writeFileSync(join(archive, verifierKeysFile), readFileSync(join(folder, verifierKeysFile)));
  writeFileSync(join(archive, "sent.txt"), "nonsense\n");
  expect(await lines({ to: { bucket } })).toContain(
    `nothing goes: ${join(archive, "sent.txt")} is not what was written to it`,
  );
});
