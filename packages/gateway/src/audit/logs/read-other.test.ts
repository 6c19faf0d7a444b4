import { expect, it } from "vitest";
import type { AuditRecord } from "../records.ts";
import type { Asked } from "./asking.ts";
import type { LogQuestion } from "./port.ts";
import { createReadOther, NotIndexed } from "./read-other.ts";

const LOG = { number: 2, name: "b", id: "b+1+K", end: 8 };
const recordOf = (seq: number, type: AuditRecord["type"]): AuditRecord => ({
  seq,
  time: "2026-01-01T12:00:00.000Z",
  type,
  detail: {},
});
const ACTS = [recordOf(5, "act.intent"), recordOf(6, "act.denied")];

/** The log `b`, whose gateway lives and says what is given. */
function other(answer: (seqs: readonly number[]) => Asked) {
  const ranges: [number, number][] = [];
  const asked: (readonly number[])[] = [];
  const state = {
    lives: true,
    /** The number behind the last record of which the index has more than acts' stubs, and has these. */
    end: 8,
    stubsEnd: 8,
    onStubs: (): void => undefined,
  };
  const read = createReadOther({
    index: {
      async range(_log, from, to) {
        ranges.push([from, to]);
        const records = [recordOf(4, "request.created"), recordOf(7, "grant.expired")];
        const there = (all: readonly AuditRecord[]) => all.filter(({ seq }) => seq < state.end);
        return { records: there(records), acts: there(ACTS), end: state.end };
      },
      async stubs(_log, seqs) {
        const opening = JSON.stringify(recordOf(1, "session.opened"));
        const found = seqs
          .filter((seq) => seq < state.stubsEnd)
          .map((seq) => ({ seq, type: "act.intent", time: 0, opening }));
        state.onStubs();
        return found;
      },
    },
    asking: {
      async ask(logs, questionFor) {
        const question: LogQuestion | undefined = logs.map(questionFor)[0];
        const seqs = question?.kind === "read" ? question.seqs : [];
        asked.push(seqs);
        return answer(seqs);
      },
      lives: () => state.lives,
    },
    onDisk: () => undefined,
  });
  return { read, ranges, asked, state };
}

const said = (seqs: readonly number[], isCut = false): Asked => ({
  said: new Map([[LOG.id, { records: ACTS.filter(({ seq }) => seqs.includes(seq)), isCut }]]),
  unasked: new Set(),
});
const all = (): boolean => true;

it("reads once for all who read the same, and gives each what they want", async () => {
  const { read, ranges, asked } = other((seqs) => said(seqs));
  const wants = [all, (type: string) => type.startsWith("request."), (type: string) => type !== "act.intent"];
  const readers = Array.from({ length: 300 }, (_, at) => read(LOG, 4, 8, wants[at % 3] ?? all));
  const found = await Promise.all(readers);
  expect(ranges).toEqual([[4, 8]]);
  // Of acts that nobody wants nothing is asked.
  expect(asked).toEqual([[5, 6], [6]]);
  const seqs = found.map(({ records }) => records.map(({ seq }) => seq));
  expect(seqs.slice(0, 3)).toEqual([[4, 5, 6, 7], [4], [4, 6, 7]]);
  expect(found.every(({ next }) => next === 8)).toBe(true);
  await read(LOG, 4, 8, all);
  expect(ranges).toHaveLength(2);
});

it("goes on behind what an answer had room for", async () => {
  const { read } = other((seqs) => said(seqs.slice(0, 1), true));
  const { records, next } = await read(LOG, 4, 8, all);
  expect(records.map(({ seq }) => seq)).toEqual([4, 5]);
  expect(next).toBe(6);
});

it.each<[string, Asked, string]>([
  ["that says nothing", { said: new Map(), unasked: new Set() }, "does not answer"],
  [
    "that answers something else",
    { said: new Map([[LOG.id, "yes"]]), unasked: new Set() },
    "does not answer",
  ],
  ["that was not asked", { said: new Map(), unasked: new Set([LOG.id]) }, "was not asked"],
])("reads again from a gateway %s", async (_name, answer, words) => {
  const { read, ranges } = other(() => answer);
  await expect(Promise.all([read(LOG, 4, 8, all), read(LOG, 4, 8, all)])).rejects.toThrow(words);
  await expect(read(LOG, 4, 8, all)).rejects.toThrow(words);
  expect(ranges).toHaveLength(2);
});

it("goes no further than the index, and waits where it has nothing of a stretch", async () => {
  const { read, state } = other((seqs) => said(seqs));
  state.end = 6;
  const { records, next } = await read(LOG, 4, 8, all);
  expect(records.map(({ seq }) => seq)).toEqual([4, 5]);
  expect(next).toBe(6);
  await expect(read(LOG, 6, 8, all)).rejects.toThrow(NotIndexed);
  state.end = 0;
  await expect(read(LOG, 4, 8, all)).rejects.toThrow(NotIndexed);
});

it("leaves out no act because the index is built anew between two reads", async () => {
  const { read, state } = other((seqs) => said(seqs));
  state.lives = false;
  state.stubsEnd = 6;
  state.onStubs = () => {
    state.end = 6;
  };
  await expect(read(LOG, 4, 8, all)).rejects.toThrow(NotIndexed);
  // It has come back before anybody looked.
  state.end = 8;
  state.onStubs = () => {
    state.stubsEnd = 8;
  };
  expect((await read(LOG, 4, 8, all)).records.map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
});

it("goes on without acts that were dropped meanwhile", async () => {
  const { read, state } = other((seqs) => said(seqs));
  state.lives = false;
  state.stubsEnd = 6;
  expect((await read(LOG, 4, 8, all)).records.map(({ seq }) => seq)).toEqual([4, 5, 7]);
});
