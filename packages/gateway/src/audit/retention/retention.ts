import { rmSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { join } from "node:path";
import { stubFile, type Stub } from "@mayfly/audit-verifier";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { OpenedAuditLog } from "../opened.ts";
import type { RecordPrincipal } from "../records.ts";
import { createWorkerLine } from "../tree/worker-line.ts";
import { readStub } from "./finish.ts";
import type { Hold } from "./holds.ts";
import type { RetentionRules } from "./plan.ts";
import type { Prepared } from "./prepare.ts";
import type { Uploads } from "./uploads.ts";
import type { RetentionAnswer, RetentionRequest, RetentionWorkerStart } from "./worker.ts";

/** What becomes due is looked for this often, milliseconds. */
const RUN_EVERY_MS = 60_000;
/** And first so long after a start, which has enough to do. */
const FIRST_RUN_MS = 5000;
/** Between two files, so that dropping many takes the machine from nobody, milliseconds. */
const REST_MS = 200;

const system: RecordPrincipal = {
  kind: "system",
  issuer: "mayflyd",
  subject: "retention",
  name: "retention",
};

/** What retention is made of. */
export interface RetentionParts {
  readonly opened: OpenedAuditLog;
  readonly rules: RetentionRules;
  /** The archive's folder. */
  readonly archive: string;
  /** Where the archive goes on to: only what has arrived there goes. Left out: nowhere. */
  readonly uploads?: Uploads;
  /** The number of the first record that something has still to read: the index, the start's agreement with the store. */
  readonly unread: () => Promise<number>;
  /** What else goes with a file of records that went: done until it succeeds, and perhaps twice. */
  readonly forget: (stub: Stub) => Promise<void>;
  readonly onDropped: (stub: Stub) => void;
  /** What was recorded nowhere but asked for is recorded first: holds. */
  readonly recordHolds: () => Promise<void>;
  /** How many orders for holds were recorded since the start. */
  readonly holdsRecorded: () => number;
  /** The holds of all gateways that share the store. @throws what the store throws: then nothing is dropped; left out: none do */
  readonly sharedHolds?: () => Promise<readonly Hold[]>;
  /** The folders of other logs whose holds keep what this one would have forgotten elsewhere; left out: none. */
  readonly others?: () => readonly string[];
  /** All that was due is gone: what has ended before is to be forgotten elsewhere, too, but for what holds keep. */
  readonly onDone: (before: number, holds: readonly Hold[]) => Promise<void>;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

/** Archives and drops what the rules say. */
export interface Retention {
  /** Drops all that is due now. @returns how many files of records went */
  run(): Promise<number>;
  close(): Promise<void>;
}

/** As far as holds were known of at a moment. */
interface HoldsKnown {
  /** How many orders were recorded. */
  readonly recorded: number;
  readonly shared: readonly Hold[];
}

/** What holds are known of, once those that wait are recorded. */
async function holdsNow({ recordHolds, holdsRecorded, sharedHolds }: RetentionParts): Promise<HoldsKnown> {
  await recordHolds();
  return { recorded: holdsRecorded(), shared: (await sharedHolds?.()) ?? [] };
}

/** Started with type stripping in development, compiled when shipped. */
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

function startWorker(folder: string): Worker {
  const workerData: RetentionWorkerStart = { kind: "retention", folder };
  const worker = new Worker(workerFile, { workerData, execArgv: [] });
  worker.unref();
  return worker;
}

/** Starts it: what is due is looked for every minute, once the log is verified. */
export function startRetention(parts: RetentionParts): Retention {
  const { opened, clock } = parts;
  const line = createWorkerLine<RetentionRequest, RetentionAnswer>(() => startWorker(opened.folder));
  let running: Promise<number> | undefined;
  let isClosed = false;
  const closing = new AbortController();
  /** It went, and the rest of it may not have: nothing more goes before. A run that was killed may have left one. */
  let unforgotten = opened.dropped.latest;
  let cancel = clock.schedule(FIRST_RUN_MS, tick);

  function tick(): void {
    void run()
      .catch((error: unknown) => parts.onProblem(`retention: ${messageOf(error)}; nothing is dropped`))
      .finally(() => {
        if (!isClosed) cancel = clock.schedule(RUN_EVERY_MS, tick);
      });
  }

  /** How many records a checkpoint covers that is on the disk. */
  function covered(): number {
    return Number(opened.checkpoint()?.split("\n")[1] ?? 0);
  }

  /** @returns whether it went: not when a hold came meanwhile, which may be on it */
  async function drop(prepared: Prepared, holds: HoldsKnown): Promise<boolean> {
    const { file, ...detail } = prepared;
    const path = join(opened.folder, stubFile(prepared.first));
    const stub = readStub(path);
    await parts.uploads?.send(closing.signal);
    const now = await holdsNow(parts);
    if (now.recorded !== holds.recorded || JSON.stringify(now.shared) !== JSON.stringify(holds.shared)) {
      rmSync(path);
      return false;
    }
    const recorded = opened.log.append({
      type: "log.segment_dropped",
      principal: system,
      detail: { ...detail, file, archive: { ...prepared.archive } },
    });
    // The record of the drop is on the disk before the file goes.
    await opened.log.sync();
    // And signed for: what no checkpoint covers proves nothing.
    await opened.checkpointNow();
    if (covered() <= recorded) throw new Error("no checkpoint covers the record of the drop");
    const { unavailable } = opened.log;
    if (unavailable !== undefined) throw new Error(unavailable);
    await opened.removeSegment(file, stub);
    unforgotten = stub;
    parts.onDropped(stub);
    await forgetRest();
    await parts.uploads?.prune();
    return true;
  }

  async function forgetRest(): Promise<void> {
    if (unforgotten === undefined) return;
    await parts.forget(unforgotten);
    unforgotten = undefined;
  }

  async function once(): Promise<number> {
    // A log that does not verify is left as it is, for whoever finds out why.
    const report = await opened.verified;
    if (report === undefined || report.problemCount > 0) return 0;
    await forgetRest();
    const passed: number[] = [];
    let count = 0;
    for (;;) {
      if (isClosed) break;
      const holds = await holdsNow(parts);
      const below = Math.min(covered(), await parts.unread());
      const { archive, rules } = parts;
      const live = opened.live();
      const answer = await line.ask({
        archive,
        rules,
        below,
        at: opened.written(),
        live,
        passed,
        shared: holds.shared,
        others: parts.others?.() ?? [],
      });
      if (answer.kind === "failed") throw new Error(answer.error);
      if (answer.kind === "nothing") {
        if (answer.goneBefore !== undefined) await parts.onDone(answer.goneBefore, answer.holds);
        break;
      }
      if (isClosed) break;
      if (answer.kind === "held") passed.push(answer.held.first);
      else {
        if (await drop(answer.prepared, holds)) count += 1;
        await new Promise<void>((resolve) => {
          clock.schedule(REST_MS, resolve);
        });
      }
    }
    return count;
  }

  function run(): Promise<number> {
    running ??= once().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    run,
    async close() {
      isClosed = true;
      closing.abort();
      cancel();
      await line.end();
      await running?.catch(() => undefined);
      parts.uploads?.close();
    },
  };
}
