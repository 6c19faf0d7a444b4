import { hash } from "node:crypto";
import { MayflyError } from "../../kernel/errors.ts";
import type { AuditQuery } from "../index/port.ts";
import { archivedIn, sumOf } from "./archived.ts";
import type { Asking } from "./asking.ts";
import { mergePages, type LogPage } from "./merge.ts";
import { readPlaces, writePlaces, type Places } from "./places.ts";
import type {
  AuditLogs,
  FoundRecords,
  LogsQuery,
  NumberedLog,
  PartialLog,
  RetiredLog,
  ToldLog,
} from "./port.ts";
import { lackForGood, type Retirement } from "./retired.ts";
import { createLogSearch, type LogSearchParts, type OnDisk, type SearchedLog } from "./search-log.ts";

/** What the logs are made of. */
export interface AuditLogsParts extends LogSearchParts {
  readonly all: () => Promise<readonly ToldLog[]>;
  readonly asking: Pick<Asking, "ask">;
  /** Logs that were given up, by their ids; left out: none can be. */
  readonly retired?: () => Promise<ReadonlyMap<string, Retirement>>;
}

/** Makes the reading side of all logs of a deployment. */
export function auditLogs(parts: AuditLogsParts): AuditLogs {
  const searchLog = createLogSearch(parts);

  /** Which of the logs answer, and below which record. */
  async function asked({ log, before }: LogsQuery): Promise<{
    readonly known: readonly ToldLog[];
    readonly logs: readonly ToldLog[];
    readonly places: Places;
    /** Those of which earlier pages had everything. */
    readonly ended: readonly NumberedLog[];
  }> {
    const known = await parts.all();
    const named = log === undefined ? known : known.filter(({ name }) => name === log);
    if (named.length === 0)
      throw noSuchLog(
        log ?? "",
        known.map(({ name }) => name),
      );
    if (before === undefined) return { known, logs: named, places: new Map(), ended: [] };
    const number = named.find(({ id }) => log !== undefined || id === parts.own)?.number ?? 0;
    const places = before.includes(".") ? readPlaces(before) : new Map([[number, Number(before)]]);
    const logs = named.filter((one) => places.has(one.number));
    // A number alone asks one log, whatever others there are.
    const ended = before.includes(".") ? named.filter((one) => !logs.includes(one)) : [];
    return { known, logs, places, ended };
  }

  /** How far the index has logs. */
  const endsOf = (logs: readonly NumberedLog[]) =>
    Promise.all(
      logs.map(async ({ id, number }): Promise<[number, number]> => [
        number,
        (await parts.index(id).last()) + 1,
      ]),
    );

  async function searchAll(query: LogsQuery): Promise<FoundRecords> {
    const { known, logs, places, ended } = await asked(query);
    const { log: _log, before: _before, ...filter } = query;
    const queryOf = ({ number }: NumberedLog): AuditQuery => {
      const before = places.get(number);
      return { ...filter, ...(before === undefined ? {} : { before }) };
    };
    // Taken before the search, which looks through all that is below.
    const ends = await endsOf(query.before === undefined && isFiltered(filter) ? logs : []);
    const others = logs.filter(({ id }) => id !== parts.own);
    const answers = await parts.asking.ask(others, (log) => ({ kind: "search", query: queryOf(log) }));
    const found = await Promise.all(logs.map((log) => searchLog(log, queryOf(log), answers)));
    const merged = mergePages(
      found.map(({ page }) => page),
      query.limit,
    );
    const names = new Map(known.map(({ number, name }) => [number, name]));
    const lacking = await lackingOf(
      parts,
      found.map((one, at) => ({ id: logs[at]?.id ?? "", ...one })),
    );
    // The last page tells it of those that have ended on earlier ones, too.
    const before = merged.places.size === 0 ? await archivedIn(parts, ended) : [];
    const archived = sumOf([...found.flatMap((one) => one.archived ?? []), ...before]);
    return {
      records: merged.records.map(({ log, record }) =>
        known.length === 1 ? record : { ...record, log: names.get(log) ?? "" },
      ),
      ...nextOf(merged.places),
      ...(archived === undefined ? {} : { archived }),
      ...lacking,
      after: afterOf(
        found.map(({ page }) => page),
        new Map(ends),
        await endsOf(query.before === undefined ? known.filter((one) => !logs.includes(one)) : []),
      ),
    };
  }

  return { search: searchAll, payload: (digest) => payloadOf(parts, digest) };
}

/**
 * Looks for a payload in all logs.
 * @throws MayflyError payload_tampered where one log has other bytes under its name, and none has the right ones
 */
async function payloadOf(parts: AuditLogsParts, digest: string): Promise<Buffer | undefined> {
  let tampered: unknown;
  const read = (from: Pick<OnDisk, "payload"> | undefined) =>
    Promise.resolve(from?.payload(digest)).catch((error: unknown) => {
      tampered ??= error;
      return undefined;
    });
  const own = await read(parts.reader);
  if (own !== undefined) return own;
  const others = (await parts.all()).filter(({ id }) => id !== parts.own);
  for (const { id } of others) {
    const found = await read(parts.onDisk(id));
    if (found !== undefined) return found;
  }
  const { said } = await parts.asking.ask(others, () => ({ kind: "payload", digest }));
  for (const answer of said.values()) {
    const bytes = typeof answer === "string" ? Buffer.from(answer, "base64") : undefined;
    // It came through the store.
    if (bytes !== undefined && `sha256:${hash("sha256", bytes, "hex")}` === digest) return bytes;
  }
  if (tampered !== undefined) throw tampered;
  return undefined;
}

/** What an answer lacks: for now, or for good, since somebody gave the log up whose gateway is gone. */
async function lackingOf(
  { retired, onProblem }: Pick<AuditLogsParts, "retired" | "onProblem">,
  found: readonly (Pick<SearchedLog, "partial" | "isAbsent"> & { readonly id: string })[],
): Promise<Pick<FoundRecords, "partial" | "retired">> {
  const lacking = found.flatMap(({ id, partial, isAbsent = false }) =>
    partial === undefined ? [] : [{ id, partial, isAbsent }],
  );
  if (retired === undefined || !lacking.some(({ isAbsent }) => isAbsent))
    return { partial: lacking.map(({ partial }) => partial) };
  const given = await retired().catch((error: unknown) => {
    // Then nobody is taken for given up.
    onProblem(error);
    return new Map<string, Retirement>();
  });
  const partial: PartialLog[] = [];
  const gone: RetiredLog[] = [];
  for (const one of lacking) {
    const retirement = one.isAbsent ? given.get(one.id) : undefined;
    if (retirement === undefined) partial.push(one.partial);
    else gone.push(lackForGood(one.partial, retirement));
  }
  return { partial, ...(gone.length === 0 ? {} : { retired: gone }) };
}

/** What a search of a log says that there is not. */
export function noSuchLog(log: string, names: readonly string[]): MayflyError {
  return new MayflyError("not_found", `there is no log ${log}`, {
    status: 404,
    hint: `the logs are: ${names.join(", ")}`,
  });
}

/** Always with the log's number, however many there are: another gateway takes a number alone for a place in its own log. */
function nextOf(places: Places): Pick<FoundRecords, "next"> {
  return places.size === 0 ? {} : { next: writePlaces(places) };
}

/** Whether a search leaves out records of a log. */
export const isFiltered = (query: Omit<AuditQuery, "before">): boolean =>
  Object.entries(query).some(([name, value]) => name !== "limit" && value !== undefined);

/**
 * Events go on behind the newest record that each log has shown.
 * @param searched what was looked through of each where records were left out: events go on behind that
 */
function afterOf(
  pages: readonly LogPage[],
  searched: ReadonlyMap<number, number>,
  unasked: readonly (readonly [number, number])[],
): string {
  const shown = pages.map(
    ({ log, records }) => [log, Math.max((records[0]?.seq ?? -1) + 1, searched.get(log) ?? 0)] as const,
  );
  return writePlaces(new Map([...shown, ...unasked]));
}
