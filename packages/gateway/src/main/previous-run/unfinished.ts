import type { AuditLog } from "../../audit/log.ts";
import type { AuditReader } from "../../audit/index/port.ts";
import type { AuditRecord, NewRecord } from "../../audit/records.ts";

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
  /** Whether the gateway stops: the next start closes what this one does not. */
  readonly isStopping: () => boolean;
  /** Waits before the next try. */
  readonly pause: () => Promise<void>;
  /** For the operator's log: why it has to try again. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Closes in the log the sessions that an earlier run could not close, because it was killed. Of their acts, those
 * without an outcome are named as unknown: the target may or may not have done them. Goes on until it could, or the gateway
 * stops. Never rejects.
 * @returns how many sessions it closed
 */
export async function closeUnfinished(parts: UnfinishedParts): Promise<number> {
  while (!parts.isStopping()) {
    try {
      if (await isIndexed(parts)) return await closeAll(parts);
    } catch (error) {
      parts.onProblem(error);
      await parts.pause();
    }
  }
  return 0;
}

/**
 * Whether what earlier runs wrote is indexed: a session whose end is not there yet would be closed twice, and one whose
 * beginning is not, never. Waits for it, some seconds at most.
 */
async function isIndexed({ reader, first }: UnfinishedParts): Promise<boolean> {
  return !(await reader.search({ before: first, limit: 1 })).isBehind;
}

async function closeAll(parts: UnfinishedParts): Promise<number> {
  const { log, reader, first } = parts;
  const { records: opened } = await reader.search({
    types: ["session.opened"],
    before: first,
    limit: MAX_SESSIONS,
  });
  const oldest = opened.at(-1);
  if (oldest === undefined) return 0;
  const { records: closed } = await reader.search({
    types: ["session.closed"],
    from: Date.parse(oldest.time),
    before: first,
    limit: 2 * MAX_SESSIONS,
  });
  const over = new Set(closed.map(({ session }) => session));
  const last: NewRecord[] = [];
  for (const session of opened)
    if (session.session !== undefined && !over.has(session.session))
      last.push(await lastRecord(parts, session, session.session));
  // With one write: if it fails, none is closed, and the next try closes all.
  for (const record of last) log.append(record);
  if (last.length > 0) log.flush();
  return last.length;
}

async function lastRecord(
  { reader, first, configuration }: UnfinishedParts,
  { principal, request, grant, connection, operations, policy, time, detail }: AuditRecord,
  session: string,
): Promise<NewRecord> {
  const { records } = await reader.search({
    session,
    types: ["act.intent", "act.denied", "act.outcome"],
    before: first,
    limit: MAX_RECORDS,
  });
  const known = new Set(records.map((record) => record.detail["intent"]));
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
      ...(detail["traceparent"] === undefined ? {} : { traceparent: detail["traceparent"] }),
    },
  };
}
