import { createWriteStream, renameSync, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createInterface } from "node:readline";
import type { AuditFilter, AuditRecord, AuditRecords, AuditSearch } from "@mayfly/sdk";
import { Command } from "commander";
import { count, grantId, moment, oneOf, requestId, sessionId } from "../arguments.ts";
import { command, type CommonOptions, connect } from "../context.ts";
import { counted, note, oneLine, out, safeJson } from "../print.ts";
import { logsCommand } from "./audit-logs.ts";
import { verifyCommand } from "./audit-verify.ts";
import { replayCommand } from "./replay.ts";
import { wordsOf } from "../record-words.ts";

interface SearchOptions extends CommonOptions, Omit<AuditSearch, "before" | "limit"> {
  readonly limit: string;
}

/** `mayfly audit`. */
export function auditCommand(): Command {
  return new Command("audit")
    .description("Read, search and verify the audit log (auditors, operators)")
    .addCommand(tailCommand())
    .addCommand(searchCommand())
    .addCommand(replayCommand())
    .addCommand(exportCommand())
    .addCommand(logsCommand())
    .addCommand(verifyCommand());
}

function tailCommand(): Command {
  return command("tail", "Print the newest records, oldest of them first", "mayfly audit tail --follow")
    .option("-n, --lines <count>", "how many", count, "20")
    .option("-f, --follow", "keep printing new ones")
    .action(async (options: CommonOptions & { readonly lines: string; readonly follow?: boolean }) => {
      const { mayfly } = connect(options);
      const {
        records,
        last_event_id: last,
        partial = [],
        retired = [],
      } = await mayfly.audit.search({ limit: Number(options.lines) });
      for (const one of partial) tellPartial(one);
      for (const one of retired) tellRetired(one);
      for (const record of records.toReversed()) print(record, options);
      if (options.follow !== true) return;
      await mayfly.events((record) => print(record, options), {
        signal: new AbortController().signal,
        ...(last === undefined ? {} : { lastEventId: last }),
        onReset: (from) =>
          note(
            `records${from === undefined ? "" : ` before #${from}`} were missed: mayfly audit search finds them`,
          ),
      });
    });
}

/** Gives a command the options that narrow a search. */
function filtered(made: Command): Command {
  return made
    .option("--type <types>", "record types, separated by commas: request.created, act.denied, …")
    .option("--log <name>", "one log, where gateways or workers share a store")
    .option("--principal <text>", "part of a name, subject or client")
    .option("--connection <name>", "one connection")
    .option("--operation <name>", "one operation, with its connection or without")
    .option("--request <id>", "one request", requestId)
    .option("--grant <id>", "one grant", grantId)
    .option("--session <id>", "one session", sessionId)
    .option("--decision <permit|deny>", "what was decided", oneOf("permit", "deny"))
    .option("--text <words>", "words found anywhere in the record")
    .option("--from <time>", "how long ago (30m, 1h, 7d), a day, or RFC 3339: 2026-11-24T15:00:00Z", (text) =>
      moment(text),
    )
    .option("--to <time>", "the same", (text) => moment(text));
}

function searchCommand(): Command {
  return filtered(
    command(
      "search",
      "Search the audit log, newest first",
      "mayfly audit search --connection orders-db --decision deny --from 1h",
    ),
  )
    .option("-n, --limit <count>", "how many at most", count, "100")
    .action(async (options: SearchOptions, self: Command) => {
      const { url: _url, ca: _ca, profile: _profile, json: _json, limit, ...narrow } = options;
      let left = Number(limit);
      const { audit } = connect(options).mayfly;
      for await (const record of audit.all(
        // One more than is shown: whether there are older ones.
        { ...narrow, limit: Math.min(left + 1, 1000) },
        tellArchived,
        tellPartial,
        tellRetired,
      )) {
        if (left === 0) {
          // Who gave a limit knows it.
          if (self.getOptionValueSource("limit") === "default")
            note(
              `note: there are older records than these ${limit}: see more with --limit, or narrow the search`,
            );
          break;
        }
        print(record, options);
        left -= 1;
      }
    });
}

/** A log whose gateway does not answer. */
export function tellPartial({ log, reason }: { readonly log: string; readonly reason: string }): void {
  note(`note: ${log}: ${reason}`);
}

const LACKS = {
  acts: "its acts were not searched for these words",
  bodies: "of its acts the store knows who, when and where alone",
  newest: "its last records may not be in the store",
};

/** A log that was given up. */
export function tellRetired({ log, lacks, by, at }: NonNullable<AuditRecords["retired"]>[number]): void {
  note(oneLine(`note: ${log}: ${by} retired it at ${at}; ${LACKS[lacks]}`));
}

/** What a search cannot show it says. */
function tellArchived({ records, to }: { readonly records: number; readonly to: string }): void {
  note(
    `note: ${counted(records, "older record")}, up to ${to}, ${records === 1 ? "is" : "are"} in the log's archive and not searched`,
  );
}

interface ExportOptions extends CommonOptions, AuditFilter {
  readonly format: "jsonl" | "csv";
  readonly output?: string;
}

function exportCommand(): Command {
  return filtered(
    command(
      "export",
      "Write every record that matches, newest first, as JSON lines or CSV",
      "mayfly audit export --format csv --decision deny --output denied.csv",
      // The format is its own: --format.
      ["json"],
    ),
  )
    .option("--format <jsonl|csv>", "how", oneOf("jsonl", "csv"), "jsonl")
    .option("-o, --output <file>", "where to; left out: standard output")
    .action(async (options: ExportOptions) => {
      const { url: _url, ca: _ca, profile: _profile, format, output, ...filter } = options;
      const { audit } = connect(options).mayfly;
      const parts = Readable.from(await audit.export(filter, format));
      const { logs } = await audit.logs();
      for (const { name, retired } of logs)
        if (retired !== undefined && (filter.log ?? name) === name)
          note(
            oneLine(
              `note: ${name}: ${retired.by} retired it at ${retired.at}; the export may lack its last records, and what its acts say`,
            ),
          );
      if (output === undefined) {
        // Into a file or a program as the log has it, byte for byte; a terminal acts on nothing of it.
        if (!process.stdout.isTTY) await pipeline(parts, process.stdout, { end: false });
        else for await (const line of createInterface({ input: parts })) out(safeJson(line));
        return;
      }
      // Under another name until it is whole: a part must not be taken for all.
      const part = `${output}.part`;
      try {
        await pipeline(parts, createWriteStream(part, { mode: 0o600 }));
        renameSync(part, output);
      } catch (error) {
        rmSync(part, { force: true });
        throw error;
      }
      note(`wrote ${output}`);
    });
}

/** One record: as a line of JSON, or as a line to read. */
function print(record: AuditRecord, options: CommonOptions): void {
  if (options.json === true) {
    out(safeJson(JSON.stringify(record)));
    return;
  }
  const about = [
    record.session ?? record.grant ?? record.request,
    record.operations
      ?.map((name) =>
        name.includes("/") || record.connection === undefined ? name : `${record.connection}/${name}`,
      )
      .join(" ") ?? record.connection,
  ];
  const detail = wordsOf(record) ?? JSON.stringify(record.detail);
  const line = [
    ...(record.log === undefined ? [] : [record.log]),
    `#${record.seq}`,
    record.time.slice(0, 19).replace("T", " "),
    record.type,
    record.principal?.name ?? "-",
    ...about.filter((part) => part !== undefined),
    detail === "{}" ? "" : detail,
  ].join("  ");
  out(oneLine(line).trimEnd());
}
