import { Worker } from "node:worker_threads";
import { decodeBase64, parseNote } from "@mayfly/audit-verifier";
import { MayflyError } from "../../kernel/errors.ts";
import type { AuditProofs } from "../index/port.ts";
import type { ProofRequest } from "./line-prover.ts";
import type { ProofAnswer, ProofWorkerStart } from "./proof-worker.ts";
import { createWorkerLine } from "./worker-line.ts";

/** Proves that a checkpoint covers records. */
export interface Prover {
  /**
   * @param checkpoint a signed note of this log
   * @param before only records below this number
   * @param also further records to prove with those from a number on and below another
   * @returns the newest `limit` of them, newest first
   * @throws MayflyError `proofs_not_ready` or `log_unproved`, status 503
   */
  prove(
    checkpoint: string,
    before: number | undefined,
    limit: number,
    also?: (from: number, to: number) => Promise<readonly number[]>,
  ): Promise<AuditProofs>;
  /**
   * Proves that the log's first `old` records are the beginning of what the checkpoint covers. Takes the time that
   * hashing takes.
   * @returns the proof's hashes, base64
   * @throws Error when the files do not say so, or `old` is inside a file that was dropped
   */
  proveGrowth(checkpoint: string, old: number, signal: AbortSignal): Promise<readonly string[]>;
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
  const line = createWorkerLine<ProofRequest, ProofAnswer>(
    () =>
      new Worker(workerFile, {
        workerData: { kind: "prove", folder } satisfies ProofWorkerStart,
        execArgv: [],
      }),
  );

  return {
    async proveGrowth(checkpoint, old, signal) {
      for (;;) {
        signal.throwIfAborted();
        const answer = await line.ask({ ...headOf(checkpoint), old });
        if (answer.kind === "grown") return answer.hashes;
        if (answer.kind === "failed") throw new Error(`the log's growth cannot be proved: ${answer.error}`);
      }
    },
    async prove(checkpoint, before, limit, also) {
      const { size, root } = headOf(checkpoint);
      const to = Math.min(before ?? size, size);
      const from = Math.max(0, to - limit);
      const request = { size, root, from, to, also: (await also?.(from, to)) ?? [] };
      const answer = await line.ask(request);
      if (answer.kind === "proved")
        return { checkpoint, entries: answer.entries.toReversed(), referenced: answer.referenced };
      if (answer.kind !== "failed")
        throw new MayflyError(
          "proofs_not_ready",
          `${answer.kind === "hashing" ? answer.done : 0} of ${size} records are hashed for their proofs`,
          { status: 503, hint: "ask again in a moment" },
        );
      throw new MayflyError("log_unproved", `the audit log cannot be proved: ${answer.error}`, {
        status: 503,
        hint: "verify the log's files with `mayfly audit verify`",
      });
    },
    close: () => line.end(),
  };
}
