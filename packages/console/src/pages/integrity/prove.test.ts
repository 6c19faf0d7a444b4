import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { verifierKeyOf } from "@mayfly/audit-verifier";
import { check, growth, type Checked, type ProofsAnswer } from "./prove.ts";
import { testLog } from "./testing/log.ts";

const asked = { limit: 50 };
const log = testLog(130);

function states(checked: Checked): readonly string[] {
  return checked.state === "checked" ? checked.entries.map(({ state }) => state) : [];
}

function alter(answer: ProofsAnswer, at: number, change: object): ProofsAnswer {
  return {
    ...answer,
    entries: answer.entries.map((entry, i) => (i === at ? { ...entry, ...change } : entry)),
  };
}

test("the newest fifty records of a whole log are proven", async () => {
  const checked = await check(log.answer(), log.key, asked);
  expect(checked).toMatchObject({
    state: "checked",
    head: { origin: "mayfly.test", size: 130 },
    missing: [],
  });
  expect(states(checked)).toEqual(Array(50).fill("proven"));
  expect(checked).toMatchObject({ entries: { 0: { seq: 129 }, 49: { seq: 80 } } });
});

test("an older page is proven against the same head", async () => {
  const checked = await check(log.answer({ before: 20 }), log.key, { before: 20, limit: 50 });
  expect(checked).toMatchObject({ missing: [] });
  expect(states(checked)).toEqual(Array(20).fill("proven"));
});

test("an empty log is proven empty", async () => {
  const empty = testLog(0);
  expect(await check(empty.answer(), empty.key, asked)).toMatchObject({ entries: [], missing: [] });
});

test("one altered character is shown, and its neighbours stay proven", async () => {
  const answer = log.answer();
  const line = answer.entries[3]!.line.replace("TICKET", "TICKET ");
  const checked = await check(alter(answer, 3, { line }), log.key, asked);
  expect(states(checked).filter((state) => state === "altered")).toHaveLength(1);
  expect(checked).toMatchObject({
    entries: { 3: { state: "altered", why: expect.stringContaining("something else") } },
  });
});

test("two lines that changed places are both shown", async () => {
  const answer = log.answer();
  const [a, b] = [answer.entries[1]!, answer.entries[2]!];
  const swapped = alter(alter(answer, 1, { line: b.line }), 2, { line: a.line });
  expect(states(await check(swapped, log.key, asked)).slice(0, 4)).toEqual([
    "proven",
    "altered",
    "altered",
    "proven",
  ]);
  // Proof and number as the lines say: they still are not what stands at that place.
  const renumbered = alter(answer, 1, { seq: b.seq });
  expect(states(await check(renumbered, log.key, asked))).toContain("altered");
});

test("a record that was left out is missed", async () => {
  const answer = log.answer();
  const entries = answer.entries.filter(({ seq }) => seq !== 100);
  expect(await check({ ...answer, entries }, log.key, asked)).toMatchObject({ missing: [100] });
  expect(await check({ ...answer, entries: [] }, log.key, { limit: 2 })).toMatchObject({
    missing: [129, 128],
  });
});

test("a record that was archived and dropped is told apart from one that was left out, by a proven record alone", async () => {
  const drop = (first: number, count: number): string =>
    `{"detail":{"count":${count},"first":${first}},"seq":129,"time":"2026-01-01T12:00:00.000Z","type":"log.segment_dropped"}`;
  const answerOf = (first: number, count: number) => {
    const of = testLog(130, {
      line: (seq) => (seq === 129 ? drop(first, count) : `{"seq":${seq},"type":"x"}`),
    });
    const answer = of.answer({ before: 60, limit: 20 });
    const referenced = of.answer({ limit: 1 }).entries;
    return { key: of.key, answer: { ...answer, entries: answer.entries.slice(0, 10), referenced } };
  };
  const range = { before: 60, limit: 20 };
  const { key, answer } = answerOf(0, 50);
  expect(await check(answer, key, range)).toMatchObject({
    missing: [],
    archived: [{ first: 0, count: 50, by: 129 }],
  });
  // The same words without a proof, of other records, and of records that came after.
  const unproven = { ...answer, referenced: answer.referenced.map((one) => ({ ...one, proof: [] })) };
  expect(await check(unproven, key, range)).toMatchObject({ missing: { length: 10 }, archived: [] });
  for (const [first, count] of [
    [0, 40],
    [0, 130],
  ] as const) {
    const other = answerOf(first, count);
    expect(await check(other.answer, other.key, range)).toMatchObject({
      missing: { length: 10 },
      archived: [],
    });
  }
});

test.each([
  ["no base64", { proof: ["?"] }],
  ["a short hash", { proof: ["AAAA"] }],
  ["no proof", { proof: [] }],
  ["a line that is no JSON", { line: "x" }],
  ["a line that is null", { line: "null" }],
  ["a line that is too long", { line: `{"seq":129,"x":"${"y".repeat(70_000)}"}` }],
  ["a lone surrogate", { line: '{"seq":129,"x":"\ud800"}' }],
])("an entry with %s is no proof", async (_, change) => {
  expect(states(await check(alter(log.answer(), 0, change), log.key, asked))[0]).toBe("altered");
});

test("a checkpoint of another key proves nothing, and so no record is proven", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const noted = verifierKeyOf("mayfly.test", privateKey).text;
  const checked = await check(log.answer(), noted, asked);
  expect(checked).toMatchObject({
    state: "unsigned",
    claimed: { size: 130 },
    why: expect.stringContaining("signed by an unknown key"),
  });
});

test("something that is no checkpoint proves nothing", async () => {
  const checked = await check({ ...log.answer(), checkpoint: "mayfly.test\n130\n" }, log.key, asked);
  expect(checked).toMatchObject({ state: "unsigned", claimed: undefined });
});

test("a key that is none is the caller's fault, not the log's", async () => {
  await expect(check(log.answer(), "nonsense", asked)).rejects.toThrow("not a verifier key");
});

async function grown(keptSize: number, of = log, keptOf = log): Promise<string> {
  const checked = await check(of.answer(), of.key, asked);
  if (checked.state !== "checked") throw new Error(checked.why);
  const last = keptSize === 0 ? undefined : of.answer({ before: keptSize, limit: 1 }).entries[0];
  return (await growth({ size: keptSize, root: keptOf.root(keptSize) }, checked.head, last)).state;
}

test("a log that only grew is proven to, from whatever size", async () => {
  for (const size of [0, 1, 2, 63, 64, 65, 127, 128, 129]) expect(await grown(size)).toBe("grew");
  expect(await grown(130)).toBe("same");
});

test("a log that shrank, or holds other records where it had some, is shown", async () => {
  const key = generateKeyPairSync("ed25519").privateKey;
  const first = testLog(80, { key });
  const rewritten = testLog(100, { key, line: (seq) => `{"seq":${seq},"type":"x"}` });
  const sameLength = testLog(80, { key, line: (seq) => `{"seq":${seq}}` });
  expect(await grown(80, testLog(79, { key }), first)).toBe("shrank");
  expect(await grown(80, sameLength, first)).toBe("forked");
  expect(await grown(80, rewritten, first)).toBe("forked");
  // Altered long before the kept head's last record.
  const early = testLog(100, {
    key,
    line: (seq) => (seq === 3 ? `{"seq":3}` : (first.lines[seq] ?? `{"seq":${seq}}`)),
  });
  expect(await grown(80, early, first)).toBe("forked");
  const whole = testLog(100, { key, line: (seq) => first.lines[seq] ?? `{"seq":${seq}}` });
  expect(await grown(80, whole, first)).toBe("grew");
});

test("without its proof, growth is not claimed", async () => {
  const checked = await check(log.answer(), log.key, asked);
  if (checked.state !== "checked") throw new Error(checked.why);
  const kept = { size: 80, root: log.root(80) };
  const entry = log.answer({ before: 80, limit: 1 }).entries[0]!;
  expect((await growth(kept, checked.head, undefined)).state).toBe("unproven");
  expect((await growth(kept, checked.head, { ...entry, proof: entry.proof.slice(1) })).state).toBe(
    "unproven",
  );
  expect((await growth(kept, checked.head, { ...entry, seq: 78 })).state).toBe("unproven");
  // Of another checkpoint: two answers must not be put together.
  const earlier = log.answer({ before: 80, limit: 1, size: 100 }).entries[0]!;
  expect((await growth(kept, checked.head, earlier)).state).toBe("unproven");
});

const time = "2026-01-01T12:00:00.000Z";
/** A session's opening record, an act of it, and one that repeats that act. */
const session = testLog(3, {
  line: (seq) =>
    JSON.stringify(
      [
        {
          connection: "shop",
          detail: {},
          operations: ["read"],
          seq,
          session: "ses_1",
          time,
          type: "session.opened",
        },
        { detail: { act: { kind: "execute", sql: "select $1" } }, seq, session: 0, time, type: "act.intent" },
        { detail: { act: { parameters: ["2"] }, repeats: 1 }, seq, session: 0, time, type: "act.intent" },
      ][seq],
    ),
});

test("an act is shown with what its session's opening record and the act that it repeats say, when they are proven", async () => {
  const { entries, ...answer } = session.answer();
  const [repeated, ...referenced] = entries;
  const shown = async (proofs: ProofsAnswer): Promise<unknown> => {
    const checked = await check(proofs, session.key, { limit: 1 });
    return checked.state === "checked" ? checked.entries[0]?.record : undefined;
  };
  const whole = { ...answer, entries: [repeated!], referenced };
  expect(await shown(whole)).toMatchObject({
    session: "ses_1",
    connection: "shop",
    detail: { act: { sql: "select $1", parameters: ["2"] }, operation: "shop/read" },
  });
  const forged = referenced.map((entry) => ({
    ...entry,
    line: entry.line.replace("shop", "till").replace("$1", "$2"),
  }));
  expect(await shown({ ...whole, referenced: forged })).toEqual({
    detail: { act: { parameters: ["2"] }, decision: "permit", repeats: 1 },
    seq: 2,
    session: "#0",
    time,
    type: "act.intent",
  });
});
