import { createHash } from "node:crypto";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { payloadPath, segmentsOf, verifyLog } from "@mayfly/audit-verifier";
import fc from "@mayfly/testing/fast-check.ts";
import { afterAll, expect, test } from "vitest";
import { canonicalJson, type Json } from "../kernel/canonical.ts";
import { MAX_DETAIL_BYTES } from "./lines.ts";
import { outsource } from "./payloads.ts";
import { actsOf, context, linesIn, openTestLog, recordsIn, testFolders, writeActs } from "./testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

test("what is written is canonical, in order, and verifies with the public key alone", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  expect(
    opened.log.append({ type: "request.created", ...context, detail: { reason: 'Zoë\'s \u2028 "ticket"' } }),
  ).toBe(1);
  expect(recordsIn(folder)).toHaveLength(1);
  writeActs(opened, 3, "select 'ü'");
  await opened.log.close();
  const records = recordsIn(folder);
  expect(records.map(({ type }) => type)).toEqual([
    "log.opened",
    "request.created",
    "session.opened",
    ...Array.from({ length: 3 }, () => ["act.intent", "act.outcome"]).flat(),
    "log.closed",
  ]);
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i));
  for (const line of linesIn(folder)) expect(canonicalJson(JSON.parse(line) as Json)).toBe(line);
  expect(records[2]).toMatchObject({ ...context, time: "2026-01-01T12:00:00.000Z" });
  // Of what its session shares, an act carries the number of the opening record alone.
  expect(linesIn(folder)[3]).toBe(
    `{"detail":{"act":{"sql":"select 'ü'"}},"seq":3,"session":2,"time":"2026-01-01T12:00:00.000Z","type":"act.intent"}`,
  );
  const report = verifyLog(folder, [readFileSync(join(folder, "log.vkey"), "utf8")]);
  expect(report).toMatchObject({
    verdict: "whole",
    records: 10,
    uncovered: 0,
    unknownCount: 0,
    problems: [],
  });
  expect(statSync(join(folder, "key.pem")).mode & 0o777).toBe(0o600);
});

test("records that no signed checkpoint covers are never called whole", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  writeActs(opened, 3);
  await opened.log.close();
  const forged = folders.copy(folder);
  rmSync(join(forged, "checkpoints.txt"));
  const report = verifyLog(forged, [opened.verifierKey]);
  expect(report).toMatchObject({ verdict: "incomplete", problems: [], checkpoints: 0 });
  expect(report.notes).toMatchObject([{ file: "checkpoints.txt" }]);
});

test("a log is read back and goes on where it ended, over several files", async () => {
  const folder = folders.make();
  for (let round = 0; round < 3; round++) {
    const opened = await openTestLog(folder, { segmentBytes: 1500 });
    for (let i = 0; i < 5; i++) writeActs(opened, 2);
    await opened.log.close();
  }
  const records = recordsIn(folder);
  expect(records).toHaveLength(3 * 23);
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i));
  const segments = segmentsOf(folder);
  expect(segments.length).toBeGreaterThan(5);
  expect(
    segments.every(
      ({ first, file }) => statSync(join(folder, file)).size > 0 && records[first]?.seq === first,
    ),
  ).toBe(true);
  const opened = await openTestLog(folder);
  expect((await opened.verified)?.verdict).toBe("whole");
  await opened.log.close();
});

test("an intent without an outcome reads as unknown, and what no checkpoint covers is counted", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  await opened.checkpointNow();
  const seq = actsOf(opened).append("act.intent", `{"act":{}}`);
  opened.log.flush();
  const report = verifyLog(folders.copy(folder), [opened.verifierKey]);
  expect(report).toMatchObject({ verdict: "whole", unknown: [seq], uncovered: 2 });
  await opened.log.close();
});

test("checkpoints come while records come in", async () => {
  const opened = await openTestLog(folders.make());
  await opened.checkpointNow();
  const first = opened.checkpoint();
  writeActs(opened, 1);
  opened.clock.advance(1000);
  await opened.checkpointNow();
  expect(opened.checkpoint()).not.toBe(first);
  expect(opened.checkpoint()).toMatch(/^gateway\.test\n4\n/);
  await opened.log.close();
});

test("bulky values stand beside the log; an erased one and a tampered one are told apart", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  const sql = `select '${"x".repeat(300_000)}'`;
  writeActs(opened, 1, sql);
  await opened.log.close();
  const digest = `sha256:${createHash("sha256").update(sql).digest("hex")}`;
  expect(recordsIn(folder)[2]?.detail).toEqual({ act: { sql: { bytes: sql.length, payload: digest } } });
  const file = join(folder, payloadPath(digest));
  expect(readFileSync(file, "utf8")).toBe(sql);
  expect(verifyLog(folder, [opened.verifierKey])).toMatchObject({ verdict: "whole", payloads: 1 });
  writeFileSync(file, sql.replace("x", "y"));
  expect(verifyLog(folder, [opened.verifierKey]).problems[0]).toMatchObject({
    file: "records/000000000000.jsonl",
    line: 3,
    message: expect.stringContaining("tampered") as string,
  });
  rmSync(file);
  const report = verifyLog(folder, [opened.verifierKey]);
  expect(report).toMatchObject({ verdict: "incomplete", problemCount: 0, missingPayloadCount: 1 });
  // The log opens again: erasing a payload is the operator's right.
  await (await openTestLog(folder)).log.close();
});

test("arguments that only look like a reference to a payload are kept as one", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  const fake = { bytes: 1, payload: `sha256:${"0".repeat(64)}` };
  actsOf(opened).append("act.denied", canonicalJson({ act: { arguments: fake } }));
  opened.log.flush();
  await opened.log.close();
  expect(verifyLog(folder, [opened.verifierKey])).toMatchObject({ verdict: "whole", payloads: 1 });
});

test("a detail of any shape and size fits its record", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 1, max: 20_000 }), (value, times) => {
      const detail = canonicalJson({ value: value as Json, list: Array.from({ length: times }, () => "v") });
      const kept: Buffer[] = [];
      const text = outsource(detail, (bytes) => {
        kept.push(bytes);
        return { bytes: bytes.length, payload: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
      });
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_DETAIL_BYTES);
      expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
      expect(kept.length > 0 || Buffer.byteLength(detail) <= MAX_DETAIL_BYTES).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("one detail cannot become two records", async () => {
  const opened = await openTestLog(folders.make());
  expect(() => actsOf(opened).append("act.intent", `{"a":1}\n{"b":2}`)).toThrow("canonical JSON");
  await opened.log.close();
  expect(() => opened.log.append({ type: "request.created", detail: {} })).toThrow("it is closed");
});

test("a context too large for a line is refused, not cut", async () => {
  const opened = await openTestLog(folders.make());
  const operations = Array.from({ length: 9000 }, (_, i) => `operation-${i}`);
  expect(() => opened.log.append({ type: "session.opened", operations, detail: {} })).toThrow(
    "too much room",
  );
  await opened.log.close();
});

test("a folder has one writer; the name and the key of a log stay", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  await expect(openTestLog(folder)).rejects.toThrow("in use by another process");
  await opened.log.close();
  await expect(openTestLog(folder, { name: "other.test" })).rejects.toThrow(
    "is not the key of the log other.test",
  );
  await expect(openTestLog(folder, { name: "a b" })).rejects.toThrow("cannot name an audit log");
  rmSync(join(folder, "key.pem"));
  await expect(openTestLog(folder)).rejects.toThrow("key.pem is missing, but the log has records");
});

test("the checkpoint kept outside must be in the log", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  await opened.checkpointNow();
  const old = folders.copy(folder);
  writeActs(opened, 4);
  await opened.log.close();
  const witnessed = join(folders.make(), "outside.txt");
  // As `tail -n 6 checkpoints.txt` copies it.
  writeFileSync(witnessed, `${opened.checkpoint()!}\n`);
  await (await openTestLog(folder, { witnessed })).log.close();
  await expect(openTestLog(old, { witnessed })).rejects.toThrow("it shrank");
  // The old copy went on with other records: long enough, but another log.
  const forked = await openTestLog(old);
  writeActs(forked, 20, "select 2");
  await forked.log.close();
  await expect(openTestLog(old, { witnessed })).rejects.toThrow("do not match the checkpoint kept outside");
});

test("what is no checkpoint, among those kept outside, stops the start: it may have been the newest", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  await opened.checkpointNow();
  const old = folders.copy(folder);
  writeActs(opened, 4);
  await opened.log.close();
  const witnessed = join(folders.make(), "outside.txt");
  // The newest of many, altered so that it is none: what it would tell is not known.
  const [before, newest] = [
    readFileSync(join(old, "checkpoints.txt"), "utf8").trimEnd() + "\n",
    opened.checkpoint()!,
  ];
  for (const altered of [newest.replaceAll("\n", "\r\n"), newest.replace(/\n$/, " \n")]) {
    writeFileSync(witnessed, `${before}\n${before}\n${altered}\n`);
    await expect(openTestLog(old, { witnessed })).rejects.toThrow(/outside.txt:13 is no checkpoint/);
  }
  const kept = folders.make();
  writeFileSync(join(kept, "1.checkpoint"), before);
  writeFileSync(join(kept, "2.checkpoint"), newest.replaceAll("\n", "\r\n"));
  await expect(openTestLog(old, { witnessed: kept })).rejects.toThrow(/2.checkpoint is no checkpoint/);
  rmSync(join(kept, "2.checkpoint"));
  writeFileSync(join(kept, "2.txt"), newest);
  const said: string[] = [];
  await (
    await openTestLog(folders.copy(old), { witnessed: kept, onProblem: (message) => said.push(message) })
  ).log.close();
  expect(said).toEqual([expect.stringContaining("2.txt")]);
});

test("a reference to a payload that was put stays a reference, and verifies; one that was not does not", async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  const own = opened.log.payload(Buffer.from("a recording"));
  const forged = { bytes: 5, payload: `sha256:${"0".repeat(64)}` };
  actsOf(opened).append("act.outcome", canonicalJson({ more: { own: { ...own }, forged } }));
  opened.log.flush();
  await opened.log.close();
  const report = verifyLog(folder, [opened.verifierKey]);
  expect(report).toMatchObject({ verdict: "whole", payloads: 2 });
  expect(readFileSync(join(folder, "payloads", own.payload.slice(7, 9), own.payload.slice(9)), "utf8")).toBe(
    "a recording",
  );
});

test("a payload that was altered, at the same length, is written anew when it is met again, and that is said", async () => {
  const folder = folders.make();
  const problems: string[] = [];
  const opened = await openTestLog(folder, { onProblem: (text) => problems.push(text) });
  const { payload } = opened.log.payload(Buffer.from("a recording"));
  const file = join(folder, payloadPath(payload));
  writeFileSync(file, "a_recording");
  expect(opened.log.payload(Buffer.from("a recording")).payload).toBe(payload);
  expect(readFileSync(file, "utf8")).toBe("a recording");
  expect(problems).toEqual([
    `the audit log's ${payloadPath(payload)} was altered; it is written anew, as it was`,
  ]);
  opened.log.payload(Buffer.from("a recording"));
  expect(problems).toHaveLength(1);
  await opened.log.close();
});
