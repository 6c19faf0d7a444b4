import { Readable } from "node:stream";
import * as z from "zod";
import type { AuditQuery, AuditReader } from "../audit/index-port.ts";
import { readFilter, recordFilterSchema } from "./audit.ts";
import { csvHeader, csvRow } from "./audit-csv.ts";
import { endpoint } from "./endpoint.ts";
import { timeOf } from "./schemas.ts";

/** Records a page; a page is in memory, and no more than one. */
const page = 500;
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
  readonly reader: Pick<AuditReader, "search">;
  readonly filter: Omit<AuditQuery, "limit">;
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
  const { reader, filter, format, monotonic } = parts;
  let before: number | undefined;
  let looked = monotonic();
  let text = format === "csv" ? csvHeader : "";
  for (;;) {
    if (monotonic() - looked >= lookEvery) {
      await parts.again();
      looked = monotonic();
    }
    const records = await reader.search({
      ...filter,
      ...(before === undefined ? {} : { before }),
      limit: page,
    });
    for (const record of records) {
      text += format === "csv" ? csvRow(record) : `${JSON.stringify(record)}\n`;
      if (text.length < chunk) continue;
      yield text;
      text = "";
    }
    const last = records.at(-1);
    if (last === undefined || records.length < page || last.seq === 0) break;
    before = last.seq;
  }
  if (text !== "") yield text;
}

/** The whole answer to a search, as a file. */
export const exportRecords = endpoint({
  id: "GET /v1/audit/export",
  operationId: "exportRecords",
  summary: "Export every record that matches, newest first, as JSON lines or CSV",
  description:
    "An export that fails on the way is cut without its last chunk, so that a part is not taken for the whole. In CSV, a cell that a spreadsheet would take for a formula begins with an apostrophe.",
  query: recordFilterSchema.extend({ format: z.enum(["jsonl", "csv"]).optional() }),
  answers: {
    200: { description: "A file", schema: z.string(), mediaType: "application/octet-stream" },
  },
  handle({ services, query, signal, startStream, again }) {
    const { format = "jsonl", ...filter } = query;
    const end = startStream("export");
    const stream = Readable.from(
      exportText({
        reader: services.reader,
        filter: readFilter(filter),
        format,
        monotonic: () => services.clock.monotonic(),
        again,
      }),
      { objectMode: false, highWaterMark: chunk, signal },
    );
    stream.once("close", end);
    const name = `mayfly-audit-${timeOf(services.clock.wall()).slice(0, 19).replaceAll(":", "")}Z.${format}`;
    return {
      status: 200,
      mediaType: mediaTypes[format],
      headers: { "content-disposition": `attachment; filename="${name}"` },
      stream,
    };
  },
});
