import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { joinRecord, type StoredRecord, verifyLog } from "@mayfly/audit-verifier";
import type { Way } from "./load.ts";
import type { Seen } from "./upstreams.ts";

/** When no gateway, or one of them, could hear what others did; milliseconds since the epoch. */
export interface Deafness {
  readonly from: number;
  readonly to: number;
}

/** An end reaches every gateway that can hear within this; docs/several-gateways.md has what was measured. */
export const REVOCATION_BOUND_MS = 2000;
/** Between the gateway's check and the moment at which an upstream looks at its clock, on a busy machine. */
export const DEADLINE_BOUND_MS = 500;

export interface Verdicts {
  readonly acts: number;
  /** Acts that an upstream has seen and no log holds. */
  readonly unrecorded: readonly string[];
  readonly pastDeadline: readonly string[];
  readonly afterRevocation: readonly string[];
  /** Acts of sessions that were open at a gateway that could not hear of the revocation. */
  readonly unheard: number;
  /** The latest of each, milliseconds after the end. */
  readonly latest: { readonly deadline: number; readonly revocation: number };
}

/** Holds what upstreams have seen against what the logs say and when grants ended. */
export function judge(
  seen: readonly Seen[],
  recorded: ReadonlySet<string>,
  ways: ReadonlyMap<string, Way>,
  deaf: readonly Deafness[],
): Verdicts {
  const latest = { deadline: 0, revocation: 0 };
  const pastDeadline: string[] = [];
  const afterRevocation: string[] = [];
  let unheard = 0;
  for (const { mark, at } of seen) {
    const way = ways.get(mark.slice(0, mark.lastIndexOf("-")));
    if (way === undefined) continue;
    latest.deadline = Math.max(latest.deadline, at - way.endsAt);
    if (at > way.endsAt + DEADLINE_BOUND_MS) pastDeadline.push(mark);
    if (way.revokedAt === undefined || at <= way.revokedAt) continue;
    const { revokedAt } = way;
    const during = deaf.find(({ from, to }) => revokedAt >= from - REVOCATION_BOUND_MS && revokedAt <= to);
    const known = during === undefined ? revokedAt : during.to;
    latest.revocation = Math.max(latest.revocation, at - known);
    if (at > known + REVOCATION_BOUND_MS) afterRevocation.push(mark);
    else if (during !== undefined && at > revokedAt + REVOCATION_BOUND_MS) unheard += 1;
  }
  return {
    acts: seen.length,
    unrecorded: seen.filter(({ mark }) => !recorded.has(mark)).map(({ mark }) => mark),
    pastDeadline,
    afterRevocation,
    unheard,
    latest,
  };
}

/** What one gateway's log holds of acts. */
export interface LogActs {
  readonly marks: ReadonlySet<string>;
  readonly intents: number;
  /** Intents without an outcome: whether they happened, this log does not know. */
  readonly unknown: number;
}

export function actsOf(folder: string): LogActs {
  const records = path.join(folder, "records");
  const stored = readdirSync(records)
    .toSorted()
    .flatMap((file) => readFileSync(path.join(records, file), "utf8").split("\n"))
    // The last line may be half there while the gateway writes, and after a kill until it starts again.
    .flatMap((line): readonly StoredRecord[] =>
      line.endsWith("}") ? [JSON.parse(line) as StoredRecord] : [],
    );
  const marks = new Set<string>();
  const open = new Set<number>();
  let intents = 0;
  for (const one of stored) {
    const { type, seq, detail } = joinRecord(one, (number) => stored[number]) as unknown as {
      readonly type: string;
      readonly seq: number;
      readonly detail: Readonly<Record<string, unknown>>;
    };
    if (type === "act.intent") {
      intents += 1;
      open.add(seq);
      for (const [mark] of JSON.stringify(detail).matchAll(/gr_[0-9a-z]{16}-\d+/g)) marks.add(mark);
    } else if (type === "act.outcome") open.delete(Number(detail["intent"]));
  }
  return { marks, intents, unknown: open.size };
}

/** @returns what the offline verifier finds wrong */
export function problemsOf(folder: string): readonly string[] {
  const key = readFileSync(path.join(folder, "log.vkey"), "utf8").trim();
  return verifyLog(folder, [key]).problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
}
