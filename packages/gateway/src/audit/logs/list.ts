import { hash } from "node:crypto";
import type { KnownLog } from "../known/known-log.ts";
import type { NewRecord } from "../records.ts";
import type { Retirement } from "./retired.ts";

/** A log in the list of a deployment. */
export interface LogEntry {
  readonly name: string;
  /** Its first verifier key, which tells it from every other. */
  readonly key: string;
  /** The machine whose gateway writes it; undefined: none does now. */
  readonly host: string | undefined;
  /** Records that are on its disk, as of `seenAt`. */
  readonly records: number;
  /** Its newest checkpoint, a signed note. */
  readonly checkpoint: string | undefined;
  /** When its gateway last said so, milliseconds since the epoch. */
  readonly seenAt: number;
  /** That it was given up; undefined: it was not, or its gateway is back. */
  readonly retired?: Retirement;
}

/** The logs of the gateways that share a store, as one of them lists them. */
export interface LogsListed {
  readonly logs: readonly LogEntry[];
  /** The same, signed with the key of this gateway's log. */
  readonly note: string;
  /** The key that the note verifies with. */
  readonly key: string;
}

/**
 * The list of logs, this gateway's own always among them. Pure.
 * @param live the machines of gateways that live, by their names
 * @param own what this gateway knows of its own log, which is newer than what the store has
 * @param retired those that were given up, by their ids
 */
export function entriesOf(
  known: readonly KnownLog[],
  live: ReadonlyMap<string, string>,
  own: Pick<LogEntry, "key" | "records" | "checkpoint" | "seenAt">,
  retired: ReadonlyMap<string, Retirement> = new Map(),
): readonly LogEntry[] {
  const [ownName = ""] = own.key.split("+");
  const others = known.map(({ name, key, records, checkpoint, at }) => ({
    name,
    key,
    records,
    checkpoint,
    seenAt: at,
    ...(key === own.key ? own : {}),
    host: live.get(name),
    ...retiredIn(retired, key === own.key || live.has(name) ? undefined : key),
  }));
  if (others.some(({ key }) => key === own.key)) return others;
  return [...others, { name: ownName, host: live.get(ownName), ...own }];
}

function retiredIn(
  retired: ReadonlyMap<string, Retirement>,
  key: string | undefined,
): Pick<LogEntry, "retired"> {
  const found = key === undefined ? undefined : retired.get(key);
  return found === undefined ? {} : { retired: found };
}

/** Keys that a record has room for. */
const MAX_RECORDED = 300;

/** What a log records of the logs that there are: their first keys, and where those are many the first of them. */
export function recordOfLogs(keys: readonly string[]): Pick<NewRecord, "type" | "detail"> {
  const sorted = keys.toSorted();
  return {
    type: "log.listed",
    detail: {
      count: sorted.length,
      logs: sorted.slice(0, MAX_RECORDED),
      sha256: hash("sha256", sorted.map((key) => `${key}\n`).join(""), "hex"),
    },
  };
}
