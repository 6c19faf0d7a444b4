import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterEach, beforeAll, expect, test } from "vitest";
import { effectsOf } from "./effects.ts";
import { loadGrammar } from "./guard/grammar.ts";
import { isCheapToParse } from "./guard/inline.ts";
import { type Judge, judgeOf } from "./guard/verdicts.ts";
import { createJudging, type Judging, type JudgingOptions } from "./judging.ts";
import { scopeSchema } from "./scope.ts";
import { createTexts, type Text } from "./texts.ts";

const judge = judgeOf(
  [
    {
      name: "shop/read",
      scope: scopeSchema.parse({ statements: ["select", "insert"], tables: { "public.t": ["a"] } }),
    },
  ],
  ["public"],
);
let judging: Judging;

beforeAll(loadGrammar);
afterEach(() => judging.stop());

/** Asks for a text's verdict, and waits for it. */
async function judged(sql: string, who = "agent", by: Judge = judge): Promise<Text> {
  const text = createTexts(effectsOf)(sql);
  await new Promise<void>((resolve) => {
    if (judging.ahead(who, by, text, resolve) === true) resolve();
  });
  expect(text.judged?.by).toBe(by);
  return text;
}

function begin(options: JudgingOptions = {}): void {
  judging = createJudging(options);
}

test("a cheap text is judged at once; a long one by a worker, to the same verdict, with its effects", async () => {
  begin();
  const short = createTexts(effectsOf)("select a from t");
  expect(judging.ahead("agent", judge, short, () => undefined)).toBe(true);
  const rows = Array.from({ length: 5000 }, (_, n) => `(${n})`).join(",");
  const long = createTexts(effectsOf)(`prepare p as insert into t (a) values ${rows}`);
  expect(judging.ahead("agent", judge, long, () => undefined)).not.toBe(true);
  expect((await judged(long.sql)).effects).toEqual([{ kind: "prepare", name: "p" }]);
  const denied = await judged(`select b from t where a in (${rows})`);
  expect(denied.judged?.verdict).toEqual(judge.check({ sql: denied.sql }));
  expect(denied.judged?.verdict.verdict).toBe("deny");
});

/** Texts that PostgreSQL's scanner or the guard takes long for; the guard's own budget ends some. */
const slow: readonly string[] = [
  `SELECT 1 ${"/*".repeat(100_000)}`,
  `select 1 ${"/**/".repeat(60_000)}`,
  `select 1 ${"+-".repeat(60_000)}1`,
  `select 1 ${"-+".repeat(1800)}1`,
  "select 1 from ".concat("(select *,* from ".repeat(20), "t", ")x".repeat(20), ";").repeat(300),
  `select ${"@ ".repeat(120_000)}1`,
  `select ${"(".repeat(120_000)}1`,
];

test.each(slow)(
  "a text made to take long is denied within its time, and the thread goes on meanwhile: %.40s",
  async (sql) => {
    begin({ limitMs: 400 });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const started = performance.now();
    const text = await judged(sql);
    delay.disable();
    expect(text.judged?.verdict.verdict).toBe("deny");
    expect(performance.now() - started).toBeLessThan(5000);
    expect(delay.max / 1e6).toBeLessThan(250);
    expect((await judged("select a from t where a = 1")).judged?.verdict.verdict).toBe("permit");
  },
);

test("many texts that are each cheap use up their principal's share of the thread, and go to a worker from then on", async () => {
  begin();
  const texts = createTexts(effectsOf);
  let inline = 0;
  let asked = 0;
  const started = performance.now();
  const waits: Promise<void>[] = [];
  for (let n = 0; n < 3000; n += 1) {
    const text = texts(
      `select a, '${n}' from t where a in (1,2,3,4,5,6,7,8) and ${"@ ".repeat(40)} a > ${n}`,
    );
    waits.push(
      new Promise((resolve) => {
        const answer = judging.ahead("agent", judge, text, resolve);
        if (answer === true) {
          inline += 1;
          resolve();
        } else asked += 1;
      }),
    );
  }
  expect(inline).toBeGreaterThan(0);
  expect(asked).toBeGreaterThan(inline);
  expect(performance.now() - started).toBeLessThan(1000);
  // Another principal has its own share.
  const other = texts("select a from t where a = 'mine'");
  expect(judging.ahead("other", judge, other, () => undefined)).toBe(true);
  await Promise.all(waits);
});

test("one principal's slow texts delay no other's", async () => {
  begin({ limitMs: 400 });
  const attack = Array.from({ length: 8 }, (_, n) =>
    judged(`select ${n} ${"/**/".repeat(60_000)}`, "attacker"),
  );
  const long = `select a from t where a in (0${",1".repeat(5000)})`;
  await judged(long, "other");
  const times: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const started = performance.now();
    const text = await judged(`${long} and a <> '${n}'`, "other");
    expect(text.judged?.verdict.verdict).toBe("permit");
    times.push(performance.now() - started);
  }
  const [median = 0] = times.toSorted((a, b) => a - b).slice(times.length / 2);
  expect(median).toBeLessThan(250);
  judging.stop();
  await Promise.race([Promise.all(attack), Promise.resolve()]);
});

test("a question can be taken back", async () => {
  begin({ limitMs: 300, workers: 1 });
  const texts = createTexts(effectsOf);
  const first = judged(`select 1 ${"/**/".repeat(60_000)}`);
  const second = texts(`select 2 ${"/**/".repeat(60_000)}`);
  let isSettled = false;
  const cancel = judging.ahead("agent", judge, second, () => {
    isSettled = true;
  });
  expect(cancel).not.toBe(true);
  if (cancel !== true) cancel();
  await first;
  await judged(`select a from t where a in (0${",1".repeat(5000)})`);
  expect(isSettled).toBe(false);
});

test.each([
  ["select 1", true],
  [`select ${"1,".repeat(2000)}1`, true],
  [`select ${"1,".repeat(2100)}1`, false],
  [`select 1 ${"+".repeat(190)}`, true],
  [`select 1 ${"+".repeat(210)}`, false],
  [`select 1 ${"-- ---- \n".repeat(100)}`, true],
])("whether a text is cheap to parse: %.30s", (sql, cheap) => expect(isCheapToParse(sql)).toBe(cheap));
