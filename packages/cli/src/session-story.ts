import type { AuditRecord } from "@mayfly/sdk";
import { formatDuration } from "@mayfly/sdk/formats";
import { type Recording, recordingOf } from "@mayfly/sdk/recordings";
import { oneLine } from "./print.ts";
import { wordsOf } from "./record-words.ts";

/** One thing that happened in a session. */
export interface Step {
  readonly at: number;
  readonly words: string;
  readonly recording?: Recording;
}

type Detail = Readonly<Record<string, unknown>>;

const detailOf = (record: AuditRecord): Detail =>
  typeof record.detail === "object" && record.detail !== null ? record.detail : {};

/**
 * What happened in a session, in order: an act and its outcome are one step, and an act without an outcome is said to be
 * unknown.
 * @param records of one session, oldest first
 */
export function storyOf(records: readonly AuditRecord[]): readonly Step[] {
  const outcomes = new Map<unknown, AuditRecord>();
  for (const record of records)
    if (record.type === "act.outcome") outcomes.set(detailOf(record)["intent"], record);
  return records.flatMap((record) => {
    if (record.type === "act.outcome") return [];
    const words = wordsOf(record) ?? JSON.stringify(record.detail);
    const at = Date.parse(record.time);
    if (record.type === "act.denied") return [{ at, words }];
    if (record.type !== "act.intent")
      return [{ at, words: `${record.type}  ${words === "{}" ? "" : words}`.trim() }];
    const outcome = outcomes.get(record.seq);
    if (outcome === undefined) return [{ at, words: `${words}  → outcome unknown` }];
    const recording = recordingOf(detailOf(outcome));
    return [
      {
        at,
        words: `${words}  → ${outcomeWords(outcome)}`,
        ...(recording === undefined ? {} : { recording }),
      },
    ];
  });
}

function outcomeWords(outcome: AuditRecord): string {
  const { milliseconds: ms, status } = detailOf(outcome);
  const said = (wordsOf(outcome) ?? "").replace(/^#\d+: ?/, "");
  return [
    ...(typeof status === "number" ? [`status ${status}`] : []),
    ...(said === "" ? [] : [said]),
    ...(typeof ms === "number" ? [formatDuration(ms)] : []),
  ].join(", ");
}

/** A step as a line: the time of day, how long after the first, and what. */
export function lineOf({ at, words }: Step, first: number): string {
  const time = Number.isNaN(at) ? "--:--:--.---" : new Date(at).toISOString().slice(11, 23);
  return `${time}  ${`+${formatDuration(Math.max(0, at - first))}`.padEnd(8)}  ${oneLine(words)}`;
}
