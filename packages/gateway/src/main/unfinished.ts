import type { AuditLog } from "../audit/log.ts";
import type { AuditReader } from "../audit/index-port.ts";
import type { AuditRecord } from "../audit/records.ts";

/** Sessions of earlier runs that are looked at, newest first. */
const MAX_SESSIONS = 5000;
/** Records of one session that are looked at, and unknown acts that are named in its last record. */
const MAX_RECORDS = 10_000;
const MAX_NAMED = 100;

export interface UnfinishedParts {
  readonly log: AuditLog;
  readonly reader: AuditReader;
  /** The first record of this run. */
  readonly first: number;
  readonly configuration: () => string;
}

/**
 * Closes in the log the sessions that an earlier run could not close, because it was killed. Of their acts, those
 * without an outcome are named as unknown: the target may or may not have done them.
 * @returns how many sessions it closed
 */
export async function closeUnfinished(parts: UnfinishedParts): Promise<number> {
  const { log, reader } = parts;
  const opened = await reader.search({ types: ["session.opened"], before: parts.first, limit: MAX_SESSIONS });
  const oldest = opened.at(-1);
  if (oldest === undefined) return 0;
  const closed = await reader.search({
    types: ["session.closed"],
    from: Date.parse(oldest.time),
    limit: 2 * MAX_SESSIONS,
  });
  const over = new Set(closed.map(({ session }) => session));
  let count = 0;
  for (const session of opened) {
    if (session.session === undefined || over.has(session.session)) continue;
    log.append(await lastRecord(parts, session, session.session));
    count += 1;
  }
  if (count > 0) log.flush();
  return count;
}

async function lastRecord(
  { reader, configuration }: UnfinishedParts,
  { principal, request, grant, connection, operations, policy, time }: AuditRecord,
  session: string,
): Promise<Parameters<AuditLog["append"]>[0]> {
  const records = await reader.search({
    session,
    types: ["act.intent", "act.denied", "act.outcome"],
    limit: MAX_RECORDS,
  });
  const known = new Set(records.map(({ detail }) => detail["intent"]));
  const intents = records.filter(({ type }) => type === "act.intent");
  const unknown = intents.filter(({ seq }) => !known.has(seq)).map(({ seq }) => seq);
  const last = records.at(0)?.time ?? time;
  return {
    type: "session.closed",
    ...(principal === undefined ? {} : { principal }),
    ...(request === undefined ? {} : { request }),
    ...(grant === undefined ? {} : { grant }),
    session,
    ...(connection === undefined ? {} : { connection }),
    ...(operations === undefined ? {} : { operations }),
    ...(policy === undefined ? {} : { policy }),
    configuration: configuration(),
    detail: {
      acts: intents.length,
      denied: records.filter(({ type }) => type === "act.denied").length,
      milliseconds: Math.max(Date.parse(last) - Date.parse(time), 0),
      reason:
        unknown.length === 0
          ? "the gateway was killed"
          : "the gateway was killed; what its unknown acts did, the target alone can say",
      ...(unknown.length === 0 ? {} : { unknown: unknown.length, unknown_acts: unknown.slice(0, MAX_NAMED) }),
    },
  };
}
