import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { isCheapToParse } from "../guard/inline.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { cheapText, insertOf, judge, judged, slowTexts } from "../testing/judging.ts";
import { createJudging, type Judging, type JudgingOptions } from "./judging.ts";
import { createTexts } from "./texts.ts";

let judging: Judging;

beforeAll(loadGrammar);
afterEach(() => {
  vi.useRealTimers();
  judging.stop();
});

function begin(options: JudgingOptions = {}): void {
  judging = createJudging(options);
}

/** For texts that are to be judged to their end, however busy the machine is. */
const patient: JudgingOptions = { limitMs: 50_000 };

test("a cheap text is judged at once; a long one by a worker, to the same verdict, with its effects", async () => {
  begin(patient);
  const short = createTexts()("select a from t");
  expect(judging.ahead("agent", judge, short, () => undefined)).toBe(true);
  const rows = Array.from({ length: 5000 }, (_, n) => `(${n})`).join(",");
  const long = createTexts()(`prepare p as insert into t (a) values ${rows}`);
  expect(judging.ahead("agent", judge, long, () => undefined)).not.toBe(true);
  const known = (await judged(judging, long.sql)).judged?.verdict;
  // From the worker with what it found out, and with the very operations of this thread's judge.
  expect(known).toEqual(judge.check({ sql: long.sql }));
  expect(known).toMatchObject({ cover: { effects: [{ kind: "prepare", name: "p" }] } });
  expect(known?.kind === "permit" && known.cover.operations[0]?.tables).toBeInstanceOf(Map);
  const denied = await judged(judging, `select b from t where a in (${rows})`);
  expect(denied.judged?.verdict).toEqual(judge.check({ sql: denied.sql }));
  expect(denied.judged?.verdict.kind).toBe("deny");
});

test.each(slowTexts)("a text made to take long is denied, and the next is judged: %.40s", async (sql) => {
  begin({ limitMs: 400 });
  expect((await judged(judging, sql)).judged?.verdict.kind).toBe("deny");
  const next = await judged(judging, "select a from t where a = 1");
  expect(next.judged?.verdict.kind).toBe("permit");
});

test("many texts that are each cheap use up their principal's share of the thread, and go to a worker from then on", async () => {
  begin(patient);
  const texts = createTexts();
  let inline = 0;
  let asked = 0;
  const waits: Promise<void>[] = [];
  for (let n = 0; n < 3000; n += 1)
    waits.push(
      new Promise((resolve) => {
        const answer = judging.ahead("agent", judge, texts(cheapText(n)), resolve);
        if (answer === true) {
          inline += 1;
          resolve();
        } else asked += 1;
      }),
    );
  expect(inline).toBeGreaterThan(0);
  expect(asked).toBeGreaterThan(inline);
  // Another principal has its own share.
  const other = texts("select a from t where a = 'mine'");
  expect(judging.ahead("other", judge, other, () => undefined)).toBe(true);
  await Promise.all(waits);
});

test("a text that is asked for in answer to another's verdict leaves no limit behind that would strike later", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  begin(patient);
  const texts = createTexts();
  const rows = "1,".repeat(3000);
  await new Promise<void>((resolve) => {
    const ask = (left: number): void => {
      if (left === 0) {
        resolve();
        return;
      }
      const text = texts(`select a from t where a in (${rows}${left})`);
      expect(judging.ahead("agent", judge, text, () => ask(left - 1))).not.toBe(true);
    };
    ask(5);
  });
  // One is left: that which ends the worker when it has had nothing to do.
  expect(vi.getTimerCount()).toBe(1);
});

test("an INSERT of a megabyte is judged by its rows", async () => {
  begin(patient);
  const sql = insertOf(1_000_000);
  expect((await judged(judging, sql)).judged?.verdict).toMatchObject({ kind: "permit" });
  const hidden = await judged(judging, `${sql}, ((select b from t limit 1))`);
  expect(hidden.judged?.verdict.kind).toBe("deny");
});

test("of long texts one is judged at a time, whoever sends them, so that common ones are not behind them", async () => {
  begin({ limitMs: 3000 });
  const long = (n: number): string => `select ${n} ${"/**/".repeat(75_000)}`;
  const order: string[] = [];
  const sent = ["first", "second"].map(async (who, n) => {
    await judged(judging, long(n), who);
    order.push(who);
  });
  const text = await judged(judging, `select a from t where a in (0${",1".repeat(5000)})`, "other");
  expect(text.judged?.verdict.kind).toBe("permit");
  order.push("other");
  await Promise.all(sent);
  expect(order.at(-1)).toBe("second");
});

test("a question can be taken back", async () => {
  begin({ limitMs: 300, workers: 1 });
  const texts = createTexts();
  const first = judged(judging, `select 1 ${"/**/".repeat(60_000)}`);
  const second = texts(`select 2 ${"/**/".repeat(60_000)}`);
  let isSettled = false;
  const cancel = judging.ahead("agent", judge, second, () => {
    isSettled = true;
  });
  expect(cancel).not.toBe(true);
  if (cancel !== true) cancel();
  await first;
  await judged(judging, `select a from t where a in (0${",1".repeat(5000)})`);
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
