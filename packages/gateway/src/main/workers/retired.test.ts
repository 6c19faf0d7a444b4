import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkpointsFile } from "@mayfly/audit-verifier";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Configuration } from "../../configuration/types.ts";
import { openJournal } from "../../grants/durability/journal-file.ts";
import { mustBeHandedOver, retiredLogs } from "./retired.ts";

let folder: string;
let configuration: Configuration;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-retired-"));
  configuration = {
    dataFolder: folder,
    audit: { folder: path.join(folder, "audit"), name: "mayfly.test" },
    limits: {},
    listen: { https: {}, ports: new Map() },
    export: { destinations: [] },
  } as unknown as Configuration;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Leaves what shows that there is a log. */
function logIn(...place: readonly string[]): void {
  const at = path.join(folder, "audit", ...place);
  mkdirSync(at, { recursive: true });
  writeFileSync(path.join(at, checkpointsFile), "");
}

const names = (count: number | undefined): readonly string[] =>
  retiredLogs(configuration, count).map(({ name }) => name);

test("logs are found that nobody writes to, whichever way the number of workers changed", () => {
  expect(names(undefined)).toEqual([]);
  for (const place of [[], ["worker-1"], ["worker-2"], ["worker-3"], ["other"]]) logIn(...place);
  expect(names(1)).toEqual(["mayfly.test", "mayfly.test-2", "mayfly.test-3"]);
  expect(names(3)).toEqual(["mayfly.test"]);
  expect(names(undefined)).toEqual(["mayfly.test-1", "mayfly.test-2", "mayfly.test-3"]);
});

test("ends that one of them has yet to store stop a start without it, and no other", async () => {
  logIn("worker-2");
  mkdirSync(path.join(folder, "worker-2"));
  const journal = await openJournal(path.join(folder, "worker-2", "mayfly.test-2.ends"));
  mustBeHandedOver(configuration, 1);
  const takeOut = await journal.keep({
    kind: "grant",
    grant: "gr_7k2m9q4t0x5c8v1n",
    state: "revoked",
    event: "revoke",
    by: "olga@example.com",
    reason: "INC-7",
    at: 1,
  } as never);
  expect(() => mustBeHandedOver(configuration, 1)).toThrow(/mayfly\.test-2 has ended grants/);
  expect(() => mustBeHandedOver(configuration, undefined)).toThrow(/mayfly\.test-2 has ended grants/);
  mustBeHandedOver(configuration, 2);
  await takeOut();
  mustBeHandedOver(configuration, 1);
  await journal.close();
});
