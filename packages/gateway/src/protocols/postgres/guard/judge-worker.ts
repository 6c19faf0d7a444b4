import { getHeapStatistics } from "node:v8";
import { parentPort } from "node:worker_threads";
import type { NamedScope, Verdict } from "../../../gate/protocol.ts";
import { effectsOf } from "../effects.ts";
import type { PostgresScope } from "../scope.ts";
import { type Effect, mayHaveEffects } from "../texts.ts";
import { grammarBytes, loadGrammar } from "./grammar.ts";
import { type Judge, judgeOf } from "./verdicts.ts";

/** What a worker is asked: to judge one text. */
export interface Question {
  readonly key: string;
  /** The scopes under that key; left out when this worker has been told them. */
  readonly judge?: {
    readonly scopes: readonly NamedScope<PostgresScope>[];
    readonly searchPath: readonly string[];
  };
  readonly sql: string;
}

/** What it answers; once, when it is ready, nothing. */
export interface Answer {
  readonly verdict: Verdict;
  readonly effects: readonly Effect[] | undefined;
  /** How long it took, milliseconds. */
  readonly milliseconds: number;
  /** How much memory it has taken since it was ready, bytes: a worker that has grown is replaced. */
  readonly grown: number;
}

const bytes = (): number => grammarBytes() + getHeapStatistics().total_heap_size;
const judges = new Map<string, Judge>();

await loadGrammar();
const atFirst = bytes();
parentPort?.on("message", ({ key, judge: told, sql }: Question) => {
  const started = performance.now();
  let judge = judges.get(key);
  if (judge === undefined && told !== undefined) {
    judge = judgeOf(told.scopes, told.searchPath);
    judges.set(key, judge);
  }
  if (judge === undefined) throw new Error("a judge that was never told");
  const answer: Answer = {
    verdict: judge.check({ sql }),
    effects: mayHaveEffects.test(sql) ? effectsOf(sql) : [],
    milliseconds: performance.now() - started,
    grown: bytes() - atFirst,
  };
  parentPort?.postMessage(answer, []);
});
parentPort?.postMessage(undefined, []);
