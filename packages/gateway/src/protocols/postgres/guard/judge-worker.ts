import { getHeapStatistics } from "node:v8";
import { parentPort } from "node:worker_threads";
import type { NamedScope } from "../../../gate/protocol.ts";
import type { PostgresScope } from "../scope.ts";
import type { DatabaseFacts } from "./database.ts";
import { grammarBytes, loadGrammar } from "./syntax/grammar.ts";
import { createJudges, type Judge, type PlainVerdict } from "./verdicts.ts";

/** What a worker is asked: to judge one text. */
export interface Question {
  readonly key: string;
  /** The scopes under that key; left out when this worker has been told them. */
  readonly judge?: {
    readonly scopes: readonly NamedScope<PostgresScope>[];
    readonly searchPath: readonly string[];
    readonly database: DatabaseFacts;
  };
  readonly sql: string;
}

/** What it answers; once, when it is ready, nothing. */
export interface Answer {
  readonly verdict: PlainVerdict;
  /** How long it took, milliseconds. */
  readonly milliseconds: number;
  /** How much memory it has taken since it was ready, bytes: a worker that has grown is replaced. */
  readonly grown: number;
}

const bytes = (): number => grammarBytes() + getHeapStatistics().total_heap_size;
const made = createJudges();
const judges = new Map<string, Judge>();

await loadGrammar();
const atFirst = bytes();
parentPort?.on("message", ({ key, judge: told, sql }: Question) => {
  const started = performance.now();
  let judge = judges.get(key);
  if (judge === undefined && told !== undefined) {
    judge = made.of(told.scopes, told.searchPath, told.database);
    judges.set(key, judge);
  }
  if (judge === undefined) throw new Error("a judge that was never told");
  const answer: Answer = {
    verdict: judge.plain(judge.check({ sql })),
    milliseconds: performance.now() - started,
    grown: bytes() - atFirst,
  };
  parentPort?.postMessage(answer, []);
});
parentPort?.postMessage(undefined, []);
