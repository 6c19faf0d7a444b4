import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { range, recordsOf } from "../../testing/stream.ts";
import { handOverSplit, type Bare, type Verdict } from "./split.ts";

const bare: Bare = (record) => ({ ...record, text: "bare" });

/** A receiver that refuses what holds one of these, and takes bare records or not. */
async function handed(count: number, unfit: ReadonlySet<number>, takesBare = true) {
  const taken: number[] = [];
  const calls: number[] = [];
  const verdict = await handOverSplit(
    recordsOf(range(0, count)),
    async (some): Promise<Verdict> => {
      calls.push(some.length);
      if (some.some(({ seq, text }) => unfit.has(seq) && (text !== "bare" || !takesBare)))
        return { kind: "unfit", why: "HTTP 400" };
      taken.push(...some.map(({ seq, text }) => (text === "bare" ? -seq : seq)));
      return { kind: "taken" };
    },
    bare,
  );
  return { verdict, taken, calls };
}

test("what is taken whole is sent once", async () => {
  expect(await handed(128, new Set())).toMatchObject({ verdict: { kind: "taken" }, calls: [128] });
});

test("what a receiver never takes comes bare, however many there are, and the others in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 64 }), fc.uniqueArray(fc.nat(63)), async (count, unfit) => {
      const bad = new Set(unfit.filter((seq) => seq < count));
      const { verdict, taken } = await handed(count, bad);
      expect(taken).toEqual(range(0, count).map((seq) => (bad.has(seq) ? -seq : seq)));
      expect(verdict).toEqual(
        bad.size === 0 ? { kind: "taken" } : { kind: "taken", refused: { count: bad.size, why: "HTTP 400" } },
      );
    }),
  );
});

test("a receiver that refuses everything refuses no records: they are kept, after few calls", async () => {
  const { verdict, calls } = await handed(128, new Set(range(0, 128)), false);
  expect(verdict).toEqual({ kind: "failed", why: "HTTP 400" });
  expect(calls).toEqual([128, 64, 32, 16, 8, 4, 2, 1, 1]);
  expect((await handed(1, new Set([0]), false)).verdict).toEqual({ kind: "failed", why: "HTTP 400" });
});

test("a failure on the way keeps all of it", async () => {
  let calls = 0;
  const verdict = await handOverSplit(
    recordsOf(range(0, 4)),
    async (some): Promise<Verdict> => {
      calls += 1;
      if (some.length > 2) return { kind: "unfit", why: "HTTP 413" };
      return calls < 3 ? { kind: "taken" } : { kind: "failed", why: "HTTP 503", retryAfter: 5000 };
    },
    bare,
  );
  expect(verdict).toEqual({ kind: "failed", why: "HTTP 503", retryAfter: 5000 });
});

test("a failure of the bare record keeps all of it", async () => {
  const away: Verdict = { kind: "failed", why: "HTTP 503" };
  const verdict = await handOverSplit(
    recordsOf([0]),
    ([one]) => Promise.resolve(one?.text === "bare" ? away : { kind: "unfit", why: "HTTP 400" }),
    bare,
  );
  expect(verdict).toEqual(away);
});
