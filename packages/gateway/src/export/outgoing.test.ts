import { expect, test } from "vitest";
import type { AuditRecord } from "../audit/records.ts";
import { bareRecord, exportSource, mayflyFormat, ocsfFormat } from "./outgoing.ts";
import { ocsfProblems } from "./testing/ocsf-schema.ts";

/** A log whose records have texts of these lengths; those of no length are in the archive. */
function sourceOf(lengths: readonly number[]) {
  const asked: number[] = [];
  const reader = {
    readWithOpenings(seq: number, limit: number) {
      asked.push(limit);
      const next = Math.min(seq + limit, lengths.length);
      const records = lengths.flatMap((length, at): AuditRecord[] => {
        if (at < seq || at >= next || length === 0) return [];
        const detail = { reason: "x".repeat(length) };
        return [{ seq: at, time: "2026-01-01T12:00:00.000Z", type: "act.intent", detail }];
      });
      return Promise.resolve({ records, next, openings: new Map<number, number>() });
    },
  };
  return { source: exportSource(reader, () => lengths.length, mayflyFormat), asked };
}

/** Reads all. @returns the numbers of each batch, and where each ended */
async function batchesOf(source: ReturnType<typeof sourceOf>["source"], end: number) {
  const batches: { readonly seqs: readonly number[]; readonly next: number; readonly length: number }[] = [];
  for (let seq = 0; seq < end;) {
    const { records, next } = await source.read(seq, 128);
    const length = records.reduce((sum, { text }) => sum + text.length, 0);
    batches.push({ seqs: records.map((record) => record.seq), next, length });
    seq = next;
  }
  return batches;
}

test("small records come as many as are asked for", async () => {
  const { source } = sourceOf(Array<number>(300).fill(100));
  expect((await batchesOf(source, 300)).map(({ seqs }) => seqs.length)).toEqual([128, 128, 44]);
});

test("large ones come until they are a quarter of a mebibyte, each once, and few are read twice", async () => {
  const lengths = Array.from({ length: 600 }, (_, at) => (at % 5 === 0 ? 0 : 47_500));
  const { source, asked } = sourceOf(lengths);
  const batches = await batchesOf(source, 600);
  expect(batches.flatMap(({ seqs }) => seqs)).toEqual(
    lengths.flatMap((length, at) => (length === 0 ? [] : [at])),
  );
  expect(Math.max(...batches.map(({ length }) => length))).toBeLessThan(262_144 + 50_000);
  expect(asked.reduce((sum, limit) => sum + limit, 0)).toBeLessThan(600 * 2 + 128);
});

test("a record that is larger than a batch goes alone, and small ones are many again", async () => {
  const { source } = sourceOf([3_000_000, 3_000_000, ...Array<number>(1000).fill(100)]);
  const batches = await batchesOf(source, 1002);
  expect(batches.slice(0, 2).map(({ seqs }) => seqs)).toEqual([[0], [1]]);
  expect(batches.length).toBeLessThan(22);
});

test("a bare record has nothing of what anybody wrote, and is of its format", () => {
  const record = { seq: 7, at: Date.UTC(2026, 0, 1, 12), type: "act.intent", text: '{"of":"an agent"}' };
  const bare = bareRecord(record, mayflyFormat);
  expect({ ...bare, text: "" }).toEqual({ ...record, text: "" });
  expect(JSON.parse(bare.text)).toEqual({
    seq: 7,
    time: "2026-01-01T12:00:00.000Z",
    type: "act.intent",
    detail: { omitted: expect.stringContaining("refused") as string },
  });
  const exporter = { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" };
  const event = JSON.parse(bareRecord(record, ocsfFormat(exporter)).text) as object;
  expect(ocsfProblems({ ...event })).toEqual([]);
  expect(event).toMatchObject({ metadata: { sequence: 7, event_code: "act.intent" } });
});
