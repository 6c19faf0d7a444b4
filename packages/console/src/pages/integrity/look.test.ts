import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { rotationText, signNote, verifierKeyOf } from "@mayfly/audit-verifier";
import { describe, expect, test } from "vitest";
import { compareWith, look, type AskProofs } from "./look.ts";
import { readNoted, writeNoted } from "./noted.ts";
import { memoryStore } from "./testing/memory-store.ts";
import { testLog, type TestLog } from "./testing/log.ts";
import { verdictOf } from "./verdict.ts";

const now = "2026-01-01T12:00:00.000Z";
const later = "2026-01-02T12:00:00.000Z";
const key = generateKeyPairSync("ed25519").privateKey;
const line = (seq: number): string => `{"seq":${seq},"type":"x"}`;
const log = (count: number, change: (seq: number) => string = line): TestLog =>
  testLog(count, { key, line: change });
const asking =
  (of: TestLog): AskProofs =>
  (asked) =>
    Promise.resolve(of.answer(asked));

test("first use notes the gateway's key and the head", async () => {
  const store = memoryStore();
  const found = await look(asking(log(70)), store, now);
  expect(verdictOf(found).state).toBe("first use");
  expect(readNoted(store)).toMatchObject({
    key: found.gatewayKey,
    from: "first use",
    at: now,
    head: { size: 70, at: now },
  });
});

test("the next look proves that the log only grew, however far", async () => {
  for (const grown of [70, 71, 119, 400]) {
    const store = memoryStore();
    await look(asking(log(70)), store, now);
    const found = await look(asking(log(grown)), store, later);
    expect(found.grown).toEqual(
      grown === 70 ? { state: "same", records: 0 } : { state: "grew", records: grown - 70 },
    );
    expect(readNoted(store)).toMatchObject({ at: now, head: { size: grown, at: later } });
  }
});

test("an alarm stays: the head that was seen before is not forgotten", async () => {
  const store = memoryStore();
  await look(asking(log(70)), store, now);
  const rewritten = asking(log(400, (seq) => (seq === 3 ? `{"seq":3,"type":"y"}` : line(seq))));
  for (const ask of [rewritten, asking(log(60)), rewritten]) {
    const found = await look(ask, store, later);
    expect(verdictOf(found).state).toBe("alarm");
    expect(readNoted(store)?.head?.size).toBe(70);
  }
});

describe("a key that was changed", () => {
  const next = generateKeyPairSync("ed25519").privateKey;
  const after = generateKeyPairSync("ed25519").privateKey;
  const name = "mayfly.test";
  const textOf = (of: KeyObject): string => verifierKeyOf(name, of).text;
  const signed = (by: KeyObject, to: KeyObject, logName = name): string =>
    signNote(rotationText(logName, textOf(to)), [{ name, key: by }]);
  const answering =
    (count: number, by: KeyObject, rotations: readonly string[]): AskProofs =>
    async (asked) => ({ ...testLog(count, { key: by, line }).answer(asked), rotations });
  const noted = (): ReturnType<typeof memoryStore> => {
    const store = memoryStore();
    writeNoted(store, { key: textOf(key), from: "pasted", at: now });
    return store;
  };

  test("in good order is followed from the noted one, however often, and counts from then on", async () => {
    const store = noted();
    await look(answering(70, key, []), store, now);
    const found = await look(answering(80, after, [signed(key, next), signed(next, after)]), store, later);
    expect(verdictOf(found)).toMatchObject({ state: "trusted", alarms: [] });
    expect(verdictOf(found).proven.join(" ")).toMatch(
      /mayfly\.test\+\w{8} signed for mayfly\.test\+\w{8} signed for mayfly\.test\+\w{8}/,
    );
    expect(readNoted(store)).toMatchObject({
      key: textOf(after),
      from: "pasted",
      earlier: [textOf(key), textOf(next)],
      head: { size: 80 },
    });
    // Whoever has the old key alone signs nothing any more.
    const old = await look(answering(90, key, []), store, later);
    expect(verdictOf(old).state).toBe("alarm");
    expect(readNoted(store)?.key).toBe(textOf(after));
  });

  test("is not followed from the middle on: a key that was noted later passes what came before it over", async () => {
    const store = memoryStore();
    writeNoted(store, { key: textOf(next), from: "pasted", at: now });
    const found = await look(answering(80, after, [signed(key, next), signed(next, after)]), store, later);
    expect(verdictOf(found).state).toBe("trusted");
  });

  test.each([
    ["nobody", []],
    ["itself alone", [signed(next, next)]],
    ["another key", [signed(after, next)]],
    ["the old key, for another log", [signed(key, next, "other.test")]],
    ["a note that was altered", [signed(key, next).replace("mayfly-log-key", "mayfly-log-kez")]],
    ["what is no note", ["hunter2", ""]],
  ])("is an alarm when it is signed for by %s", async (_, rotations) => {
    const store = noted();
    await look(answering(70, key, []), store, now);
    const found = await look(answering(80, next, rotations), store, later);
    expect(verdictOf(found).alarms.join(" ")).toMatch(/another key.*proves nothing/);
    expect(readNoted(store)).toMatchObject({ key: textOf(key), head: { size: 70 } });
  });
});

test("another key is an alarm, and is not noted", async () => {
  const store = memoryStore();
  await look(asking(log(70)), store, now);
  const before = readNoted(store);
  const found = await look(asking(testLog(70, { line })), store, later);
  expect(verdictOf(found).alarms.join(" ")).toMatch(/another key.*proves nothing/);
  expect(readNoted(store)).toEqual(before);
});

test("a checkpoint signed between two answers is no alarm: both are asked for again", async () => {
  const store = memoryStore();
  await look(asking(log(70)), store, now);
  const logs = [log(200), log(201), log(201), log(201)];
  const found = await look(
    (asked) => Promise.resolve((logs.shift() ?? log(201)).answer(asked)),
    store,
    later,
  );
  expect(found.grown).toEqual({ state: "grew", records: 131 });
});

test("a log that is signed faster than it is asked for is not told to have grown, and the kept head stays", async () => {
  const store = memoryStore();
  await look(asking(log(70)), store, now);
  let count = 200;
  const found = await look((asked) => Promise.resolve(log((count += 1)).answer(asked)), store, later);
  expect(found.grown?.state).toBe("unproven");
  expect(verdictOf(found).state).toBe("first use");
  expect(readNoted(store)?.head?.size).toBe(70);
});

test("a pasted key stays a pasted one", async () => {
  const store = memoryStore();
  const of = log(20);
  writeNoted(store, { key: of.key, from: "pasted", at: now });
  expect(verdictOf(await look(asking(of), store, later)).state).toBe("trusted");
  expect(readNoted(store)).toMatchObject({ from: "pasted", at: now, head: { size: 20 } });
});

test("a checkpoint kept outside is compared", async () => {
  const of = log(300);
  const kept = (size: number): { size: number; root: Uint8Array } => ({ size, root: of.root(size) });
  expect(await compareWith(asking(of), kept(120), of.key)).toEqual({ state: "grew", records: 180 });
  expect(await compareWith(asking(of), kept(300), of.key)).toEqual({ state: "same", records: 0 });
  expect(await compareWith(asking(log(100)), kept(120), of.key)).toEqual({ state: "shrank" });
  expect(await compareWith(asking(of), { size: 120, root: of.root(121) }, of.key)).toEqual({
    state: "forked",
  });
  await expect(compareWith(asking(testLog(300, { line })), kept(120), of.key)).rejects.toThrow(
    "signed by an unknown key",
  );
});

test("a key that is none is said so, whosever it is, and nothing is noted", async () => {
  const store = memoryStore();
  const ask: AskProofs = (asked) => Promise.resolve({ ...log(5).answer(asked), key: "x" });
  await expect(look(ask, store, now)).rejects.toMatchObject({
    code: "bad_key",
    message: expect.stringContaining("the gateway gives"),
  });
  expect(readNoted(store)).toBeUndefined();
  writeNoted(store, { key: "y", from: "pasted", at: now });
  await expect(look(ask, store, now)).rejects.toMatchObject({
    code: "bad_key",
    message: expect.stringContaining("in this browser"),
  });
});
