import { spawn, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { parseResidentMemory, parseStat, treeTimes } from "./process-times.ts";

const stat = (name: string): string =>
  `4711 (${name}) S 1 4711 4711 0 -1 4194560 1520 77 0 0 12 34 56 78 20 0 11 0 8833 1288490188 9001`;

test("a process's times are read, its own and those of its ended children, in microseconds", () => {
  expect(parseStat(stat("node"))).toEqual({
    own: { user: 120_000, kernel: 340_000 },
    ended: { user: 560_000, kernel: 780_000 },
  });
});

test("a name with spaces and parentheses shifts nothing", () => {
  expect(parseStat(stat("nginx: (worker) 1) S"))).toEqual(parseStat(stat("node")));
});

test("what is no process's stat is refused", () => {
  expect(() => parseStat("")).toThrow("no process's stat");
  expect(() => parseStat("1 (a) S 1 2 3")).toThrow("no process's stat");
  expect(() => parseStat(stat("a").replace(" 56 ", " many "))).toThrow("no process's stat");
});

test("resident memory is read in bytes", () => {
  expect(parseResidentMemory("Name:\tnode\nVmHWM:\t    9000 kB\nVmRSS:\t    2048 kB\n")).toBe(2_097_152);
  expect(() => parseResidentMemory("Name:\tnode\n")).toThrow("no process's status");
});

test("what a child does counts while it lives and after it has ended", async () => {
  const busy = "const until = process.cpuUsage().user + 200_000; while (process.cpuUsage().user < until);";
  // The parent waits for one child after the other and lives on: one has ended when it says so, the other goes on.
  const parent = spawn(
    process.execPath,
    [
      "-e",
      `const { spawnSync, spawn } = require("node:child_process");
       spawnSync(process.execPath, ["-e", ${JSON.stringify(busy)}]);
       const living = spawn(process.execPath, ["-e", ${JSON.stringify(`${busy} console.log("done"); setInterval(() => {}, 1000);`)}]);
       living.stdout.once("data", () => console.log("both"));
       process.stdin.once("end", () => { living.kill(); process.exit(); }).resume();`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  try {
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    expect(treeTimes(parent.pid ?? 0).user).toBeGreaterThanOrEqual(380_000);
  } finally {
    parent.stdin.end();
    await new Promise((resolve) => parent.once("close", resolve));
  }
});

test("a process that is gone has no times", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  expect(treeTimes(pid)).toEqual({ user: 0, kernel: 0 });
});
