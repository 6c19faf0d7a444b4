import { fork } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { hostileText } from "@mayfly/testing/hostile-text.ts";
import { expect, test } from "vitest";
import { hasInvisible } from "../../kernel/invisible-characters.ts";
import { createLogger } from "./logger.ts";

const full = fileURLToPath(new URL("./testing/log-full.ts", import.meta.url));
const flood = fileURLToPath(new URL("./testing/log-flood.ts", import.meta.url));

test("what a terminal would act on is an escape in a log, which reads as it was", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-log-"));
  const file = path.join(folder, "log");
  const descriptor = openSync(file, "w");
  createLogger("info", descriptor).info({ name: hostileText }, `said ${hostileText}`);
  await expect.poll(() => readFileSync(file, "utf8")).toMatch(/\n$/);
  const line = readFileSync(file, "utf8");
  expect(hasInvisible(line.trimEnd())).toBe(false);
  expect(JSON.parse(line)).toMatchObject({ name: hostileText, msg: `said ${hostileText}` });
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

test("a log that nobody reads holds up no work, and tells how many of its lines were left out", async () => {
  const child = fork(flood, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  // Nobody reads its standard error yet: a process that waited for that would never say so.
  const [said] = (await once(child, "message")) as [string];
  expect(said).toBe("at work");
  const { stderr } = child;
  if (stderr === null) throw new Error("it has no standard error");
  let all = "";
  let isAsked = false;
  for await (const chunk of stderr.setEncoding("utf8") as AsyncIterable<string>) {
    all += chunk;
    // What comes later finds room again.
    if (isAsked || !all.includes("were left out")) continue;
    isAsked = true;
    child.send("again");
  }
  const lines = all
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { msg: string; lines?: number });
  const written = lines.filter(({ msg }) => msg === "flood").length;
  const leftOut = lines.reduce((sum, line) => sum + (line.lines ?? 0), 0);
  expect(leftOut).toBeGreaterThan(10_000);
  expect(written + leftOut).toBe(40_000);
  expect(lines.some(({ msg }) => msg === "after the flood")).toBe(true);
});

test("a log that nobody reads holds no process that ends", async () => {
  const child = fork(flood, ["end"], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const stop = setTimeout(() => child.kill("SIGKILL"), 40_000);
  expect(await once(child, "exit")).toEqual([7, null]);
  clearTimeout(stop);
}, 60_000);

// Linux has a disk that is always full.
test.runIf(existsSync("/dev/full"))(
  "a log that finds no room ends no gateway, and holds none that ends",
  async () => {
    const child = fork(full, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const said = once(child, "message");
    const exited = once(child, "exit");
    const stop = setTimeout(() => child.kill("SIGKILL"), 40_000);
    await expect(Promise.race([said, exited])).resolves.toEqual(["at work", undefined]);
    await expect(exited).resolves.toEqual([7, null]);
    clearTimeout(stop);
  },
  60_000,
);
