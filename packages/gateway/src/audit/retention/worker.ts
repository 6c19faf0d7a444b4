import { parentPort, workerData } from "node:worker_threads";
import { holdsInForce, type Hold } from "./holds.ts";
import { factsKeeper, goneBefore, holdLines, type FactsKeeper } from "./known-facts.ts";
import { planDrops, type RetentionRules } from "./plan.ts";
import { prepareDrop, type Held, type Prepared } from "./prepare.ts";

/** Asks for the next file that is to go to be made ready for it. */
export interface RetentionRequest {
  readonly archive: string;
  readonly rules: RetentionRules;
  /** Files with a record of this number or a later one stay. */
  readonly below: number;
  /** How many records the log has. */
  readonly at: number;
  readonly live: { readonly file: string; readonly size: number };
  /** The first records of files that holds keep, as earlier answers said. */
  readonly passed: readonly number[];
  /** Holds of the gateways that share the store, as these have told of them: they keep what is here, too. */
  readonly shared: readonly Hold[];
  /** The folders of other logs whose holds are asked for, too, once nothing is due. */
  readonly others: readonly string[];
}

/** The worker's answer. */
export type RetentionAnswer =
  /** Nothing more is due. Holds are those of all logs. */
  | { readonly kind: "nothing"; readonly holds: readonly Hold[]; readonly goneBefore: number | undefined }
  | { readonly kind: "held"; readonly held: Held }
  | { readonly kind: "prepared"; readonly prepared: Prepared }
  | { readonly kind: "failed"; readonly error: string };

/** What the worker is started with. */
export interface RetentionWorkerStart {
  readonly kind: "retention";
  readonly folder: string;
}

/** By the first records of files that holds keep: the holds that were in force when the file was read. */
type HeldFiles = Map<number, string>;

const keepersOfOthers = new Map<string, FactsKeeper>();

/** @throws Error when they cannot be known: then nothing is forgotten */
function holdsOfOther(folder: string): readonly Hold[] {
  const keeper = keepersOfOthers.get(folder) ?? factsKeeper(folder, false);
  keepersOfOthers.set(folder, keeper);
  return holdsInForce(holdLines(keeper.look()));
}

/** Each once: the store has this log's, too. */
const unique = (holds: readonly Hold[]): readonly Hold[] => [
  ...new Map(holds.map((hold) => [`${hold.id} ${JSON.stringify(hold.on)}`, hold])).values(),
];

function next(
  folder: string,
  { keeper, heldFiles }: { readonly keeper: FactsKeeper; readonly heldFiles: HeldFiles },
  request: RetentionRequest,
): RetentionAnswer {
  const known = keeper.look(request.live);
  const holds = unique([...holdsInForce(holdLines(known)), ...request.shared]);
  const inForce = JSON.stringify(holds);
  // A full file does not change: under the same holds it is read once.
  const due = planDrops(known.full, known.live, request.rules, request.below).find(
    ({ facts: { first } }) => !request.passed.includes(first) && heldFiles.get(first) !== inForce,
  );
  if (due === undefined) {
    const before = goneBefore(known);
    const all = before === undefined ? holds : unique([...holds, ...request.others.flatMap(holdsOfOther)]);
    return { kind: "nothing", holds: all, goneBefore: before };
  }
  const done = prepareDrop({ folder, archive: request.archive, holds, at: request.at }, due, known);
  if ("held" in done) heldFiles.set(due.facts.first, inForce);
  return "held" in done ? { kind: "held", ...done } : { kind: "prepared", ...done };
}

// The worker's side. Nothing runs when the main thread imports this file for its types.
if (parentPort !== null && isStart(workerData)) {
  const port = parentPort;
  const { folder } = workerData;
  const looked = { keeper: factsKeeper(folder, true), heldFiles: new Map<number, string>() };
  port.on("message", (request: RetentionRequest) => {
    try {
      port.postMessage(next(folder, looked, request));
    } catch (error) {
      port.postMessage({ kind: "failed", error: (error as Error).message } satisfies RetentionAnswer);
    }
  });
}

function isStart(data: unknown): data is RetentionWorkerStart {
  return typeof data === "object" && data !== null && "kind" in data && data.kind === "retention";
}
