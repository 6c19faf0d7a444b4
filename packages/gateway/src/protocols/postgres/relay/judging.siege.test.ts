import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterEach, beforeAll, expect, test } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { cheapText, insertOf, judge, judged, slowTexts } from "../testing/judging.ts";
import { createJudging, type Judging } from "./judging.ts";
import { createTexts } from "./texts.ts";

// How long texts that are made to take long hold somebody up. What becomes of them is in `judging.test.ts`.

let judging: Judging;

beforeAll(loadGrammar);
afterEach(() => judging.stop());

/** A machine that stands still for a moment delays everything once, what is wrong delays it each time. */
const measured = { retry: 2 };

test.each(slowTexts)(
  "a text made to take long is denied within its time, and the thread goes on meanwhile: %.40s",
  measured,
  async (sql) => {
    judging = createJudging({ limitMs: 400 });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const started = performance.now();
    const text = await judged(judging, sql);
    delay.disable();
    expect(text.judged?.verdict.kind).toBe("deny");
    expect(performance.now() - started).toBeLessThan(5000);
    expect(delay.max / 1e6).toBeLessThan(250);
  },
);

test("many texts that are each cheap take a second of the thread at most", measured, () => {
  judging = createJudging();
  const texts = createTexts();
  const started = performance.now();
  for (let n = 0; n < 3000; n += 1) judging.ahead("agent", judge, texts(cheapText(n)), () => undefined);
  expect(performance.now() - started).toBeLessThan(1000);
});

test("one principal's slow texts delay no other's", measured, async () => {
  judging = createJudging({ limitMs: 400 });
  const attack = Array.from({ length: 8 }, (_, n) =>
    judged(judging, `select ${n} ${"/**/".repeat(60_000)}`, "attacker"),
  );
  const long = `select a from t where a in (0${",1".repeat(5000)})`;
  await judged(judging, long, "other");
  const times: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const started = performance.now();
    const text = await judged(judging, `${long} and a <> '${n}'`, "other");
    expect(text.judged?.verdict.kind).toBe("permit");
    times.push(performance.now() - started);
  }
  const [median = 0] = times.toSorted((a, b) => a - b).slice(times.length / 2);
  expect(median).toBeLessThan(250);
  judging.stop();
  await Promise.race([Promise.all(attack), Promise.resolve()]);
});

test("an INSERT of a megabyte is judged by its rows, and none of it in this thread", measured, async () => {
  judging = createJudging();
  const sql = insertOf(1_000_000);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const { judged: known } = await judged(judging, sql);
  delay.disable();
  expect(known?.verdict).toMatchObject({ kind: "permit" });
  expect(delay.max / 1e6).toBeLessThan(250);
});
