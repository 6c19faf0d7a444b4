import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkpointsFile } from "@mayfly/audit-verifier";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Configuration } from "../../configuration/types.ts";
import { logsHere, otherLogFolders } from "./logs.ts";

let folder: string;
let configuration: Configuration;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-logs-"));
  configuration = {
    dataFolder: folder,
    audit: { folder: path.join(folder, "audit"), name: "mayfly.test" },
    limits: {},
    listen: { https: {}, ports: new Map() },
    export: { destinations: [] },
  } as unknown as Configuration;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const audit = (...place: readonly string[]): string => path.join(folder, "audit", ...place);

/** Leaves what shows that there is a log. */
function logIn(...place: readonly string[]): void {
  mkdirSync(audit(...place), { recursive: true });
  writeFileSync(path.join(audit(...place), checkpointsFile), "");
}

const found = (worker?: number): readonly (readonly [string, string])[] =>
  logsHere(configuration, worker).map(({ audit: { name }, dataFolder }) => [name, dataFolder]);

test("a command is about every log of the gateway here, or about that of one worker", () => {
  logIn("worker-1");
  logIn("worker-2");
  mkdirSync(audit("worker-3"));
  const [first, second] = ["worker-1", "worker-2"].map((name) => path.join(folder, name));
  expect(found()).toEqual([
    ["mayfly.test-1", first],
    ["mayfly.test-2", second],
  ]);
  expect(found(2)).toEqual([["mayfly.test-2", second]]);
  logIn();
  expect(found()).toContainEqual(["mayfly.test", folder]);
});

test("a command about a log that is not there is refused", () => {
  expect(() => found()).toThrow(/there is no audit log in/);
  logIn("worker-1");
  expect(() => found(3)).toThrow(/there is no audit log in .*worker-3/);
});

test("a process finds the logs of the others, and not its own", () => {
  const own = { folder: audit("worker-2") };
  for (const worker of ["worker-1", "worker-2"]) logIn(worker);
  expect(otherLogFolders(own, { own: 2, count: 2 })).toEqual([audit("worker-1")]);
  logIn();
  expect(otherLogFolders(own, { own: 2, count: 2 })).toEqual([audit(), audit("worker-1")]);
  expect(otherLogFolders({ folder: audit() }, undefined)).toEqual([audit("worker-1"), audit("worker-2")]);
});
