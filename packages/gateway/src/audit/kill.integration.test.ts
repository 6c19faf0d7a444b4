// tier: gate
import { spawn } from "node:child_process";
import { once } from "node:events";
import { verifyLog } from "@mayfly/audit-verifier";
import { afterAll, expect, test } from "vitest";
import { actsOf, openTestLog, recordsIn, testFolders } from "./testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

function writeForever(folder: string) {
  const script = new URL("./testing/write-forever.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4096);
  });
  const ended = once(child, "close");
  return {
    child,
    ended,
    acknowledged: () => Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1) ?? 0),
  };
}

type Writing = ReturnType<typeof writeForever>;

/** Waits until so many records are acknowledged. @throws Error when the process ends before */
async function writes({ child, ended, acknowledged }: Writing, target: number): Promise<void> {
  const tooEarly = ended.then(([code]) => {
    throw new Error(`the writing process ended with ${code} after ${acknowledged()} records`);
  });
  while (acknowledged() < target) await Promise.race([once(child.stdout, "data"), tooEarly]);
  tooEarly.catch(() => undefined);
}

test("a process killed in the middle of writing loses no record that was flushed", async () => {
  const folder = folders.make();
  let acknowledged = 0;
  for (let round = 0; round < 6; round++) {
    const writing = writeForever(folder);
    await writes(writing, acknowledged + 3000 + round * 777);
    writing.child.kill("SIGKILL");
    await writing.ended;
    acknowledged = writing.acknowledged();
    const opened = await openTestLog(folder);
    expect((await opened.verified)?.problems ?? []).toEqual([]);
    await opened.log.close();
    const records = recordsIn(folder);
    expect(records.length).toBeGreaterThanOrEqual(acknowledged);
    expect(verifyLog(folder, [opened.verifierKey])).toMatchObject({ verdict: "whole", uncovered: 0 });
  }
});

test("a second process does not get the folder; after a kill -9 the next one does", async () => {
  const folder = folders.make();
  const writing = writeForever(folder);
  await writes(writing, 100);
  await expect(openTestLog(folder)).rejects.toThrow("in use by another process");
  writing.child.kill("SIGKILL");
  await writing.ended;
  await (await openTestLog(folder)).log.close();
});

test("a large log opens at once and is verified while it is open; what does not verify stops it", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder, { segmentBytes: 1_000_000 });
  const writer = actsOf(opened);
  for (let i = 0; i < 30_000; i++) {
    writer.append("act.intent", `{"act":{"sql":"select ${i}"}}`);
    if (i % 16 === 0) opened.log.flush();
  }
  await opened.log.close();
  const again = await openTestLog(folder);
  expect(await again.verified).toMatchObject({ verdict: "whole" });
  expect(again.log.unavailable).toBeUndefined();
  await again.log.close();
  const { readFileSync, writeFileSync } = await import("node:fs");
  const path = `${folder}/records/000000000000.jsonl`;
  writeFileSync(path, readFileSync(path, "utf8").replace("select 77", "select 78"));
  const problems: string[] = [];
  const tampered = await openTestLog(folder, { onProblem: (message) => problems.push(message) });
  expect((await tampered.verified)?.verdict).toBe("broken");
  expect(problems[0]).toMatch(/does not verify: checkpoints\.txt:\d+: the records do not match/);
  expect(() => tampered.log.append({ type: "request.created", detail: {} })).toThrow("does not verify");
  await tampered.log.close().catch(() => undefined);
});
