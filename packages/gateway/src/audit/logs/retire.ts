import { MayflyError } from "../../kernel/errors.ts";
import type { KnownLog, KnownLogs } from "../known/known-log.ts";
import type { AuditLog } from "../log.ts";
import type { NewRecord, RecordPrincipal } from "../records.ts";
import { noSuchLog } from "./logs.ts";
import type { RetiredLogs, Retirement } from "./retired.ts";

/** What retires logs. */
export interface RetireParts {
  /** The id of this gateway's own log. */
  readonly own: string;
  readonly log: Pick<AuditLog, "append" | "sync">;
  readonly known: Pick<KnownLogs, "all">;
  readonly retired: RetiredLogs;
  /** The names of gateways that live. */
  readonly live: () => ReadonlySet<string>;
  /** The time of day, milliseconds since the epoch. */
  readonly wall: () => number;
}

/** Who gives up which log, and why. */
export interface RetireOrder {
  /** The log's name. */
  readonly log: string;
  readonly reason: string;
  readonly by: RecordPrincipal;
}

const conflict = (code: string, message: string, hint: string): MayflyError =>
  new MayflyError(code, message, { status: 409, hint });

/**
 * Makes what gives up a log whose gateway and files are gone: searches and exports go on without it. It is recorded before it
 * counts, and counts no more once the log's gateway is back.
 * @throws MayflyError of status 404 where there is no such log, 409 where it is this gateway's own, is written, or retired
 */
export function createRetire(parts: RetireParts): (order: RetireOrder) => Promise<Retirement> {
  const { own, log, retired } = parts;
  return async ({ log: name, reason, by }) => {
    const all = await parts.known.all();
    const known = all.find((one) => one.name === name);
    if (known === undefined)
      throw noSuchLog(
        name,
        all.map((one) => one.name),
      );
    if (known.key === own)
      throw conflict("log_own", `${name} is this gateway's own log`, "it is written here: nothing is lost");
    if (parts.live().has(name)) throw lives(name);
    const requireNotRetired = async (): Promise<void> => {
      const before = (await retired.all()).find((one) => one.log === known.key);
      if (before !== undefined) throw retiredAlready(name, before);
    };
    await requireNotRetired();
    const retirement = retirementOf(known, { by: by.name, reason, at: parts.wall() });
    log.append({ type: "log.retired", principal: by, detail: detailOf(retirement) });
    await log.sync();
    if (await retired.retire(retirement)) return retirement;
    // Another operator may have been first: then it is given up all the same, and not back.
    await requireNotRetired();
    log.append({ type: "log.returned", principal: by, detail: { log: known.key, name } });
    await log.sync();
    throw lives(name);
  };
}

const lives = (name: string): MayflyError =>
  conflict(
    "log_written",
    `the gateway of the log ${name} lives`,
    "stop it first; one that was killed counts as gone after 15 s",
  );

const retiredAlready = (name: string, { by, at }: Retirement): MayflyError =>
  conflict(
    "log_retired",
    `${by} retired the log ${name} at ${new Date(at).toISOString()}`,
    "it counts already: mayfly audit logs",
  );

function retirementOf(
  { key, name, records, checkpoint }: KnownLog,
  order: Pick<Retirement, "by" | "reason" | "at">,
): Retirement {
  return { log: key, name, records, ...(checkpoint === undefined ? {} : { checkpoint }), ...order };
}

function detailOf({ log, name, records, checkpoint, reason }: Retirement): NewRecord["detail"] {
  return { log, name, records, ...(checkpoint === undefined ? {} : { checkpoint }), reason };
}

/** The record that a log is back, of the gateway that writes it. */
export function recordOfReturn({
  log,
  name,
  records,
  by,
  reason,
  at,
}: Retirement): Pick<NewRecord, "type" | "detail"> {
  const retired = { records, by, reason, at: new Date(at).toISOString() };
  return { type: "log.returned", detail: { log, name, retired } };
}
