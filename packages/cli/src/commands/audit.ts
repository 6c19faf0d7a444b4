import { createWriteStream, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { formatProblem, verifyLog } from "@mayfly/audit-verifier";
import type { AuditFilter, AuditRecord, AuditSearch } from "@mayfly/sdk";
import { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { exitCodes, UsageError } from "../exit.ts";
import { note, oneLine, out, outJson } from "../print.ts";
import { wordsOf } from "../record-words.ts";

interface SearchOptions extends CommonOptions, Omit<AuditSearch, "before" | "limit"> {
  readonly limit: string;
}

interface VerifyOptions {
  readonly key: readonly string[];
  readonly checkpoint: readonly string[];
  readonly json?: boolean;
}

/** `mayfly audit`. */
export function auditCommand(): Command {
  return new Command("audit")
    .description("Read, search and verify the audit log (auditors, operators)")
    .addCommand(tailCommand())
    .addCommand(searchCommand())
    .addCommand(exportCommand())
    .addCommand(verifyCommand());
}

function tailCommand(): Command {
  return command("tail", "Print the newest records, oldest of them first", "mayfly audit tail --follow")
    .option("-n, --lines <count>", "how many", "20")
    .option("-f, --follow", "keep printing new ones")
    .action(async (options: CommonOptions & { readonly lines: string; readonly follow?: boolean }) => {
      const { mayfly } = connect(options);
      const newest = (await mayfly.audit.search({ limit: count(options.lines) })).records.toReversed();
      for (const record of newest) print(record, options);
      if (options.follow !== true) return;
      const last = newest.at(-1)?.seq;
      await mayfly.events((record) => print(record, options), {
        signal: new AbortController().signal,
        ...(last === undefined ? {} : { lastEventId: last }),
        onReset: (from) => note(`records before #${from} were missed: mayfly audit search finds them`),
      });
    });
}

/** Gives a command the options that narrow a search. */
function filtered(made: Command): Command {
  return made
    .option("--type <types>", "record types, separated by commas: request.created, act.denied, …")
    .option("--principal <text>", "part of a name, subject or client")
    .option("--connection <name>", "one connection")
    .option("--operation <name>", "one operation, with its connection or without")
    .option("--request <id>", "one request")
    .option("--grant <id>", "one grant")
    .option("--session <id>", "one session")
    .option("--decision <permit|deny>", "what was decided")
    .option("--text <words>", "words found anywhere in the record")
    .option("--from <time>", "RFC 3339, for example 2026-11-24T00:00:00Z")
    .option("--to <time>", "RFC 3339");
}

function searchCommand(): Command {
  return filtered(
    command(
      "search",
      "Search the audit log, newest first",
      "mayfly audit search --connection orders-db --decision deny --from 2026-11-24T00:00:00Z",
    ),
  )
    .option("-n, --limit <count>", "how many at most", "100")
    .action(async (options: SearchOptions) => {
      const { url: _url, ca: _ca, profile: _profile, json: _json, limit, ...narrow } = options;
      let left = count(limit);
      for await (const record of connect(options).mayfly.audit.all({
        ...narrow,
        limit: Math.min(left, 1000),
      })) {
        print(record, options);
        left -= 1;
        if (left === 0) break;
      }
    });
}

interface ExportOptions extends CommonOptions, AuditFilter {
  readonly format: string;
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
    .option("--format <jsonl|csv>", "how", "jsonl")
    .option("-o, --output <file>", "where to; left out: standard output")
    .action(async (options: ExportOptions) => {
      const { url: _url, ca: _ca, profile: _profile, format, output, ...filter } = options;
      if (format !== "jsonl" && format !== "csv")
        throw new UsageError(`there is no format '${format}'`, "jsonl or csv");
      const parts = Readable.from(await connect(options).mayfly.audit.export(filter, format));
      if (output === undefined) {
        await pipeline(parts, process.stdout, { end: false });
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

function verifyCommand(): Command {
  const list = (value: string, before: readonly string[]): string[] => [...before, value];
  return new Command("verify")
    .description("Verify a log offline, with nothing but its files and the public key")
    .argument("<folder>", "the log's folder, or a copy of it")
    .requiredOption(
      "--key <vkey>",
      "the verifier key, or a file that holds it; noted down outside the gateway",
      list,
      [],
    )
    .option("--checkpoint <file>", "a checkpoint kept elsewhere, which the log must contain", list, [])
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  mayfly audit verify /var/lib/mayfly/audit --key mayfly.internal/log+1234abcd+AbC…",
    )
    .action((folder: string, options: VerifyOptions) => verify(folder, options));
}

function verify(folder: string, options: VerifyOptions): void {
  const keys = options.key
    .flatMap((key) => (existsSync(key) ? readFileSync(key, "utf8").split("\n") : [key]))
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const report = verifyLog(folder, keys, {
    witnessed: options.checkpoint.map((from) => ({ from, note: readFileSync(from, "utf8") })),
  });
  if (report.verdict === "broken") process.exitCode = exitCodes.failed;
  if (report.verdict === "incomplete") process.exitCode = exitCodes.incomplete;
  if (options.json === true) {
    outJson(report);
    return;
  }
  for (const problem of report.problems) note(formatProblem(problem));
  for (const missing of report.missingPayloads) note(formatProblem(missing));
  for (const other of report.notes) note(`note: ${formatProblem(other)}`);
  if (report.uncovered > 0 && report.verdict === "whole")
    note(`note: no signed checkpoint covers the last ${report.uncovered} records yet: nothing proves these`);
  if (options.checkpoint.length === 0)
    note(
      "note: these files cannot tell whether newer records are missing behind them: a checkpoint kept elsewhere can (--checkpoint)",
    );
  out(
    `${report.verdict}: ${report.records} records${report.last === undefined ? "" : ` up to ${report.last.time}`}, ${report.checkpoints} checkpoints, ${report.uncovered} records after the newest; ` +
      `${report.problemCount} problems, ${report.missingPayloadCount} payloads erased, ${report.unknownCount} acts with unknown outcome`,
  );
}

/** One record: as a line of JSON, or as a line to read. */
function print(record: AuditRecord, options: CommonOptions): void {
  if (options.json === true) {
    out(JSON.stringify(record));
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
    `#${record.seq}`,
    record.time.slice(0, 19).replace("T", " "),
    record.type,
    record.principal?.name ?? "-",
    ...about.filter((part) => part !== undefined),
    detail === "{}" ? "" : detail,
  ].join("  ");
  out(oneLine(line).trimEnd());
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 1000)
    throw new UsageError(`'${text}' is not a count`, "give 1 to 1000");
  return number;
}
