import type { PostgresCover } from "../act.ts";
import { Worker } from "node:worker_threads";
import type { Verdict } from "../../../gate/protocol.ts";
import { createCredit } from "./credit.ts";
import type { Answer, Question } from "../guard/judge-worker.ts";
import type { Judge } from "../guard/verdicts.ts";
import { isLong, longer, MAX_JUDGING_MS } from "./judging-time.ts";
import type { Text } from "./texts.ts";

/**
 * Who judges a text, and when. What is cheap is judged at once, on the thread that serves everybody, as long as the
 * principal has not used up its share of it. All else goes to workers, which are killed when a text takes too long.
 * Each principal has one queue and one worker at a time, so that its texts delay its own sessions and no others.
 */
export interface Judging {
  /**
   * Sees to it that `text.judged` holds this judge's verdict.
   * @param settled called once when the answer is false and the verdict has come
   * @returns true when it is there now; else what cancels the question
   */
  ahead(who: string, judge: Judge, text: Text, settled: () => void): true | (() => void);
  /** Ends the workers. */
  stop(): void;
}

export interface JudgingOptions {
  /** The longest that one text may be judged. */
  readonly limitMs?: number;
  readonly workers?: number;
}

/** Started with type stripping in development, compiled when shipped. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "../guard/judge-worker.ts" : "../guard/judge-worker.js",
  import.meta.url,
);

const MAX_WORKERS = 2;
/** The heap of one worker, and by how much it may have grown before it is replaced by a fresh one. */
const MAX_WORKER_MB = 1024;
const MAX_KEPT_GROWTH_BYTES = 67_108_864;
/** A worker that has nothing to do for so long is ended, and its memory is given back. */
const IDLE_WORKER_MS = 5000;
/** How long a principal whose text had to be stopped shares no last worker with others. */
const SUSPECT_MS = 60_000;
/** Scopes that a worker is told before it is replaced. */
const MAX_TOLD_JUDGES = 200;

/** What a principal may use of the thread that serves everybody, for texts that are new: burst and share. */
const INLINE_BURST_MS = 25;
const INLINE_SHARE = 0.1;
/** What a principal may use of the workers. */
const WORKER_BURST_MS = 2000;
const WORKER_SHARE = 0.5;

interface Job {
  readonly who: string;
  readonly judge: Judge;
  readonly text: Text;
  readonly settled: () => void;
}

interface Lane {
  readonly worker: Worker;
  readonly told: Set<string>;
  job: Job | undefined;
  isReady: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Of texts that may take seconds one is judged at a time, so that the other worker is there for the rest. */
function hasLong(lanes: ReadonlySet<Lane>, but: Lane): boolean {
  return [...lanes].some((lane) => lane !== but && isLong(lane.job?.text));
}

/** Makes the judging of all sessions. Workers are started when there is something for them to do. */
export function createJudging(options: JudgingOptions = {}): Judging {
  const { limitMs = MAX_JUDGING_MS, workers = MAX_WORKERS } = options;
  const now = (): number => performance.now();
  const inline = createCredit(INLINE_BURST_MS, INLINE_SHARE, now);
  const outside = createCredit(WORKER_BURST_MS, WORKER_SHARE, now);
  const lanes = new Set<Lane>();
  /** What waits, by principal: whoever has been served goes to the end. */
  const queues = new Map<string, Job[]>();
  /** Principals of whom a text had to be stopped lately, and until when that counts. */
  const suspects = new Map<string, number>();
  let wake: NodeJS.Timeout | undefined;
  let stopped = false;

  const settle = (job: Job, verdict: Verdict<PostgresCover>): void => {
    job.text.judged = { by: job.judge, verdict };
    job.settled();
  };

  /** A suspect's next text may cost the worker too: it is judged only while another worker stands ready. */
  const mayUse = (who: string, lane: Lane): boolean => {
    const until = suspects.get(who);
    if (until === undefined || workers === 1) return true;
    if (until < now()) suspects.delete(who);
    return [...lanes].some((other) => other !== lane && other.isReady);
  };

  /** The next job that may run now: the first of the first principal that has credit and no job under way. */
  const next = (lane: Lane): Job | undefined => {
    for (const [who, queue] of queues) {
      if ([...lanes].some(({ job }) => job?.who === who) || !mayUse(who, lane)) continue;
      if (isLong(queue[0]?.text) && hasLong(lanes, lane)) continue;
      if (outside.wait(who) > 0) continue;
      const job = queue.shift();
      queues.delete(who);
      if (queue.length > 0) queues.set(who, queue);
      return job;
    }
    return undefined;
  };

  /** Whoever has used up its share is looked at again once it has some, whether there is a worker by then or not. */
  const wakeLater = (): void => {
    clearTimeout(wake);
    const waits = [...queues.keys()].map((who) => outside.wait(who)).filter((wait) => wait > 0);
    if (waits.length > 0) wake = setTimeout(pump, Math.min(...waits)).unref();
  };

  const drop = (lane: Lane): void => {
    clearTimeout(lane.timer);
    lanes.delete(lane);
    lane.worker.removeAllListeners();
    lane.worker.on("error", () => undefined);
    void lane.worker.terminate();
  };

  const rest = (lane: Lane): void => {
    lane.timer = setTimeout(() => drop(lane), IDLE_WORKER_MS);
    lane.timer.unref();
  };

  /** Gives a lane that is ready its next job. */
  const serve = (lane: Lane): void => {
    if (!lane.isReady || lane.job !== undefined) return;
    const job = next(lane);
    if (job === undefined) return;
    clearTimeout(lane.timer);
    lane.job = job;
    const { judge, text } = job;
    const question: Question = {
      key: judge.key,
      ...(lane.told.has(judge.key)
        ? {}
        : { judge: { scopes: judge.scopes, searchPath: judge.searchPath, database: judge.database } }),
      sql: text.sql,
    };
    lane.told.add(judge.key);
    const started = now();
    const mayTakeMs = limitMs + longer(text);
    lane.timer = setTimeout(() => {
      outside.spend(job.who, now() - started);
      suspects.set(job.who, now() + SUSPECT_MS);
      fail(lane, `the statement takes longer than ${mayTakeMs} ms to be judged`);
    }, mayTakeMs);
    lane.worker.postMessage(question, []);
  };

  /** A worker is lost, and its text is denied: it may have been the text that broke it. */
  const fail = (lane: Lane, why: string): void => {
    const { job } = lane;
    drop(lane);
    if (job !== undefined) settle(job, job.judge.unjudged(why));
    pump();
  };

  const start = (): void => {
    const worker = new Worker(workerFile, {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_WORKER_MB },
    });
    worker.unref();
    const lane: Lane = { worker, told: new Set(), job: undefined, isReady: false, timer: undefined };
    lanes.add(lane);
    worker.on("message", (answer: Answer | undefined) => {
      clearTimeout(lane.timer);
      if (answer === undefined) lane.isReady = true;
      const { job } = lane;
      lane.job = undefined;
      if (answer !== undefined && job !== undefined) {
        outside.spend(job.who, answer.milliseconds);
        settle(job, job.judge.keep(job.text.sql, answer.verdict));
        if (answer.grown > MAX_KEPT_GROWTH_BYTES || lane.told.size > MAX_TOLD_JUDGES) drop(lane);
      }
      // Whoever was settled may have asked again, and the lane be at work on it: its timer is that text's then.
      if (lanes.has(lane) && lane.job === undefined) rest(lane);
      pump();
    });
    worker.on("error", () => fail(lane, "the statement needs too much memory to be judged"));
    worker.on("exit", () => fail(lane, "the statement could not be judged"));
  };

  const pump = (): void => {
    if (stopped) return;
    for (const lane of lanes) serve(lane);
    const starting = [...lanes].filter(({ isReady }) => !isReady).length;
    const served = new Set([...lanes].map((lane) => lane.job?.who));
    const waiting = [...queues.keys()].filter((who) => !served.has(who) && outside.wait(who) === 0).length;
    if (waiting > starting && lanes.size < workers) start();
    wakeLater();
  };

  return {
    ahead(who, judge, text, settled) {
      if (text.judged?.by === judge) return true;
      let verdict = judge.known(text.sql);
      if (verdict === undefined && inline.wait(who) === 0) {
        const started = now();
        verdict = judge.quick(text.sql);
        inline.spend(who, now() - started);
      }
      if (verdict !== undefined) {
        text.judged = { by: judge, verdict };
        return true;
      }
      const job: Job = { who, judge, text, settled };
      const queue = queues.get(who);
      if (queue === undefined) queues.set(who, [job]);
      else queue.push(job);
      pump();
      return () => {
        const left = queues.get(who)?.filter((each) => each !== job) ?? [];
        if (left.length === 0) queues.delete(who);
        else queues.set(who, left);
      };
    },
    stop() {
      stopped = true;
      clearTimeout(wake);
      queues.clear();
      for (const lane of lanes) drop(lane);
    },
  };
}
