import { Worker } from "node:worker_threads";
import { decodeBase64, parseNote } from "@mayfly/audit-verifier";
import { MayflyError } from "../kernel/errors.ts";
import type { AuditProofs } from "./index-port.ts";
import type { ProofAnswer, ProofRequest, ProofWorkerStart } from "./proof-worker.ts";
import { answerOf } from "./tree.ts";

/** Proves that a checkpoint covers records. */
export interface Prover {
  /**
   * @param checkpoint a signed note of this log
   * @param before only records below this number
   * @returns the newest `limit` of them, newest first
   * @throws MayflyError `proofs_not_ready` or `log_unproved`, status 503
   */
  prove(checkpoint: string, before: number | undefined, limit: number): Promise<AuditProofs>;
  close(): Promise<void>;
}

/** Started with type stripping in development, compiled when shipped. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./proof-worker.ts" : "./proof-worker.js",
  import.meta.url,
);

/** The size and the root that a checkpoint of our own names (C2SP tlog-checkpoint). */
function headOf(checkpoint: string): { readonly size: number; readonly root: string } {
  const [, size = "", root = ""] = parseNote(checkpoint).text.split("\n");
  if (!/^\d{1,15}$/.test(size) || decodeBase64(root)?.length !== 32) throw new Error("not a checkpoint");
  return { size: Number(size), root };
}

/**
 * Makes a prover of a log. It hashes in a thread of its own, begun when the first proof is asked for; a large log is
 * hashed once, and from then on only what is new.
 */
export function createProver(folder: string): Prover {
  let worker: Worker | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function ask(request: ProofRequest): Promise<ProofAnswer> {
    worker ??= new Worker(workerFile, {
      workerData: { kind: "prove", folder } satisfies ProofWorkerStart,
      execArgv: [],
    });
    const busy = worker;
    try {
      busy.ref();
      const reply = answerOf(busy);
      busy.postMessage(request, []);
      return (await reply) as ProofAnswer;
    } catch (error) {
      worker = undefined;
      await busy.terminate();
      throw error;
    } finally {
      busy.unref();
    }
  }

  return {
    async prove(checkpoint, before, limit) {
      const { size, root } = headOf(checkpoint);
      const to = Math.min(before ?? size, size);
      const request = { size, root, from: Math.max(0, to - limit), to };
      const mine = turn.then(() => ask(request));
      turn = mine.catch(() => undefined);
      const answer = await mine;
      if (answer.kind === "proved") return { checkpoint, entries: answer.entries.toReversed() };
      if (answer.kind === "hashing")
        throw new MayflyError(
          "proofs_not_ready",
          `${answer.done} of ${size} records are hashed for their proofs`,
          { status: 503, hint: "ask again in a moment" },
        );
      throw new MayflyError("log_unproved", `the audit log cannot be proved: ${answer.error}`, {
        status: 503,
        hint: "verify the log's files with `mayfly audit verify`",
      });
    },
    async close() {
      await worker?.terminate();
      worker = undefined;
    },
  };
}
