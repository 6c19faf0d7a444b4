import { MayflyError } from "../../kernel/errors.ts";

/** A log as the store remembers it: what a start must find. */
export interface KnownLog {
  readonly name: string;
  /** Its first verifier key, which tells it from every other log. */
  readonly key: string;
  /** How many records were on the disk when this was written. */
  readonly records: number;
  /** The newest signed checkpoint, as a note; undefined before the first. */
  readonly checkpoint?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** An operator has accepted that the next start finds another log, or less of this one. */
  readonly accepted?: Acceptance;
}

/** Who accepted the loss of a log, and why. */
export interface Acceptance {
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What the store remembers of the logs of the gateways that share it. */
export interface KnownLogs {
  all(): Promise<readonly KnownLog[]>;
  /**
   * Remembers how far a log has come, and with it that the store takes writes. An acceptance is over then. What a log
   * of that name with another key had yet to record is this one's to record.
   * @param instead the name of a log whose place this one takes: it is not looked for any more
   */
  remember(log: Omit<KnownLog, "accepted">, instead?: string): Promise<void>;
  /** Keeps that a loss was accepted, and that store and log are not known to agree about anything any more. */
  accept(name: string, acceptance: Acceptance): Promise<void>;
}

/** What is found of a log before it opens. */
export interface FoundLog {
  readonly folder: string;
  /** Its first verifier key; undefined where there is no log. */
  readonly key: string | undefined;
  readonly records: number;
}

const accept =
  "if it is lost for good, `mayflyd accept-log-loss --reason …` lets the next start go on, and records who said so and why";

/** The name that a verifier key begins with. */
function nameIn(key: string): string {
  return key.split("+")[0] ?? key;
}

/**
 * Compares what is found with what the store knows.
 * @returns why the log must not be opened, with both sizes; undefined when it is the log that the store knows
 */
export function judgeFound(known: KnownLog, found: FoundLog): MayflyError | undefined {
  const there = `the store knows the log ${known.name} with ${known.records} records, last seen ${new Date(known.at).toISOString()}`;
  const refuse = (message: string, hint: string): MayflyError =>
    new MayflyError("log_lost", message, { status: 500, hint });
  if (found.key === undefined)
    return refuse(
      `${found.folder} holds no audit log (0 records), but ${there}`,
      `is the folder's disk mounted, and is audit.folder the same as before? Put the folder back; ${accept}`,
    );
  if (found.key !== known.key)
    return refuse(
      `${found.folder} holds another audit log, ${nameIn(found.key)} with ${found.records} records and the key ${found.key}, but ${there} and the key ${known.key}`,
      `put the folder of that log back, or give each gateway that shares the store an audit.name of its own; ${accept}`,
    );
  if (found.records < known.records)
    return refuse(
      `${found.folder} holds ${found.records} records, but ${there}: ${known.records - found.records} are gone`,
      `put the newest copy of the folder back; ${accept}`,
    );
  return undefined;
}

/**
 * Which of the logs that a store knows is the one to be found at a start.
 * @param isAlone whether no other gateway can share the store: then a log of another name is looked for, too
 */
export function knownOf(all: readonly KnownLog[], name: string, isAlone: boolean): KnownLog | undefined {
  const named = all.find((log) => log.name === name);
  return named ?? (isAlone ? all.toSorted((a, b) => b.at - a.at)[0] : undefined);
}
