import { parentPort, workerData } from "node:worker_threads";
import { createLineProver, type LineProver, type ProofRequest, type Proved } from "./line-prover.ts";

/** The worker's answer. */
export type ProofAnswer =
  | ({ readonly kind: "proved" } & Proved)
  /** Base64. */
  | { readonly kind: "grown"; readonly hashes: readonly string[] }
  /** How many leaves are hashed so far: hashing goes on. */
  | { readonly kind: "hashing"; readonly done: number }
  | { readonly kind: "failed"; readonly error: string };

/** What the worker is started with. */
export interface ProofWorkerStart {
  readonly kind: "prove";
  readonly folder: string;
}

// The worker's side. Nothing runs when the main thread imports this file for its types.
if (parentPort !== null && isStart(workerData)) {
  const port = parentPort;
  const { folder } = workerData;
  let prover = createLineProver(folder);
  const monotonic = (): number => performance.now();
  /** Goes on after an answer that it is not done, between whatever else is asked. */
  const goOn = (size: number): void => {
    setImmediate(() => {
      try {
        if (prover.hash(size, monotonic) < size) goOn(size);
      } catch {
        prover = createLineProver(folder);
      }
    });
  };
  port.on("message", (request: ProofRequest) => {
    try {
      const done = prover.hash(request.size, monotonic);
      if (done < request.size) {
        port.postMessage({ kind: "hashing", done } satisfies ProofAnswer);
        goOn(request.size);
      } else port.postMessage(answerTo(prover, request));
    } catch (error) {
      // What it hashed may not be what stands there now: it starts anew.
      prover = createLineProver(folder);
      port.postMessage({ kind: "failed", error: (error as Error).message } satisfies ProofAnswer);
    }
  });
}

function answerTo(prover: LineProver, request: ProofRequest): ProofAnswer {
  return "old" in request
    ? { kind: "grown", hashes: prover.proveGrowth(request) }
    : { kind: "proved", ...prover.prove(request) };
}

function isStart(data: unknown): data is ProofWorkerStart {
  return typeof data === "object" && data !== null && "kind" in data && data.kind === "prove";
}
