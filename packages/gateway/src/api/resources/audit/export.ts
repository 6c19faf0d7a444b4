import { Readable } from "node:stream";
import * as z from "zod";
import type { AuditLogs, FoundRecords, LogsQuery } from "../../../audit/logs/port.ts";
import { MayflyError } from "../../../kernel/errors.ts";
import { logsOf, readFilter, recordFilterSchema } from "./audit.ts";
import { csvHeader, csvRow } from "./csv.ts";
import type { ApiServices } from "../../services.ts";
import { endpoint } from "../../contract/endpoint.ts";
import { timeOf } from "../../contract/schemas.ts";

/** Records a page; a page is in memory, and no more than one. */
const page = 500;
/** Searches for one page, where the index is behind each time; a search waits two seconds for it. */
const MAX_TRIES = 5;
/** Text handed on in one go, UTF-16 code units. */
const chunk = 65_536;
/** Looks again whether the caller may still read the log this often, milliseconds. */
const lookEvery = 15_000;

const mediaTypes = {
  jsonl: "application/jsonl; charset=utf-8",
  csv: "text/csv; charset=utf-8; header=present",
};

/** What an export is made of. */
export interface ExportParts {
  readonly logs: Pick<AuditLogs, "search">;
  readonly filter: Omit<LogsQuery, "before" | "limit">;
  /** Names of the logs that were given up, as the answer says: it may lack something of these alone. */
  readonly retired: readonly string[];
  readonly format: keyof typeof mediaTypes;
  readonly monotonic: () => number;
  /** Rejects once the caller may no longer read the log. */
  readonly again: () => Promise<unknown>;
}

/**
 * Every record that matches, newest first, page by page and no faster than it is read. Records written after it
 * began are not in it. What goes wrong on the way ends it with an error, never as if it were whole.
 */
export async function* exportText(parts: ExportParts): AsyncGenerator<string> {
  const { logs, filter, format, monotonic } = parts;
  let before: string | undefined;
  let looked = monotonic();
  let text = format === "csv" ? csvHeader : "";
  for (;;) {
    if (monotonic() - looked >= lookEvery) {
      await parts.again();
      looked = monotonic();
    }
    const { records, next, retired } = await wholePage(logs, {
      ...filter,
      ...(before === undefined ? {} : { before }),
      limit: page,
    });
    requireSaid(retired, parts.retired);
    for (const record of records) {
      text += format === "csv" ? csvRow(record) : `${JSON.stringify(record)}\n`;
      if (text.length < chunk) continue;
      yield text;
      text = "";
    }
    if (next === undefined) break;
    before = next;
  }
  if (text !== "") yield text;
}

/**
 * A page that lacks nothing: a part must not be taken for the whole, nor an act without what it says for one that says nothing.
 * @throws MayflyError log_partial
 */
async function wholePage(logs: ExportParts["logs"], query: LogsQuery): Promise<FoundRecords> {
  for (let tries = 1; ; tries += 1) {
    const found = await logs.search(query);
    const [lacking] = found.partial;
    if (lacking === undefined) return found;
    // Each search waits for the index, which gets further meanwhile.
    if (tries < MAX_TRIES && found.partial.every(({ lacks }) => lacks === "newest")) continue;
    throw new MayflyError("log_partial", `${lacking.log}: ${lacking.reason}`, {
      status: 503,
      hint:
        lacking.lacks === "newest"
          ? "export again in a moment; if that gateway is down, start it, or export the logs of the others one by one, with log="
          : "start that gateway, or export the logs of the others one by one, with log=; one that is lost for good can be retired: mayfly audit logs retire",
    });
  }
}

/** @throws MayflyError log_partial where a page lacks something of a log that the answer does not name as given up */
function requireSaid(retired: FoundRecords["retired"] = [], said: readonly string[]): void {
  const unsaid = retired.find(({ log }) => !said.includes(log));
  if (unsaid === undefined) return;
  throw new MayflyError("log_partial", `${unsaid.log}: it was given up after the export had begun`, {
    status: 503,
    hint: "export again: the new answer names it as given up",
  });
}

/** Which logs that were given up an export is over. */
async function retiredNames(
  services: Pick<ApiServices, "listLogs">,
  only: string | undefined,
): Promise<readonly string[]> {
  const { logs } = await services.listLogs();
  return logs
    .filter(({ name, retired }) => retired !== undefined && (only ?? name) === name)
    .map(({ name }) => name);
}

/** Names them in a header: records have no room for it. */
function retiredHeader(names: readonly string[]): Readonly<Record<string, string>> {
  return names.length === 0
    ? {}
    : { "mayfly-retired-logs": names.map((name) => encodeURIComponent(name)).join(", ") };
}

/** The text with its first part made, so that what stops it there is answered for as a problem. @param end ends its place */
async function begun(text: AsyncGenerator<string>, end: () => void): Promise<AsyncIterable<string>> {
  try {
    const first = await text.next();
    return (async function* all() {
      if (first.done !== true) yield first.value;
      yield* text;
    })();
  } catch (error) {
    end();
    throw error;
  }
}

/** The whole answer to a search, as a file. */
export const exportRecords = endpoint({
  id: "GET /v1/audit/export",
  operationId: "exportRecords",
  summary: "Export every record that matches, newest first, as JSON lines or CSV",
  description:
    "An export that fails on the way is cut without its last chunk, so that a part is not taken for the whole. In CSV, a cell that a spreadsheet would take for a formula begins with an apostrophe. Logs that an operator has given up are in it as far as the store has them: their acts have `detail.body_at` in the place of what they say, and are not found by words. The header `mayfly-retired-logs` names them.",
  query: recordFilterSchema.extend({ format: z.enum(["jsonl", "csv"]).optional() }),
  answers: {
    200: { description: "A file", schema: z.string(), mediaType: "application/octet-stream" },
  },
  async handle({ services, query, signal, startStream, again }) {
    const { format = "jsonl", ...filter } = query;
    const retired = await retiredNames(services, filter.log);
    const end = startStream("export");
    const text = exportText({
      logs: logsOf(services),
      filter: readFilter(filter),
      retired,
      format,
      monotonic: () => services.clock.monotonic(),
      again,
    });
    const stream = Readable.from(await begun(text, end), {
      objectMode: false,
      highWaterMark: chunk,
      signal,
    });
    stream.once("close", end);
    const name = `mayfly-audit-${timeOf(services.clock.wall()).slice(0, 19).replaceAll(":", "")}Z.${format}`;
    return {
      status: 200,
      mediaType: mediaTypes[format],
      headers: { "content-disposition": `attachment; filename="${name}"`, ...retiredHeader(retired) },
      stream,
    };
  },
});
