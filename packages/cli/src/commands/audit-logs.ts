import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type LogsReport, verifyLogs } from "@mayfly/audit-verifier";
import { type AuditLogs, MayflyError } from "@mayfly/sdk";
import type { Command } from "commander";
import { reason } from "../arguments.ts";
import { command, type CommonOptions, connect } from "../context.ts";
import { exitCodes, UsageError } from "../exit.ts";
import { list, listing, type ListOptions } from "../listing.ts";
import { counted, note, oneLine, out, outJson, shortMoment } from "../print.ts";
import { type Column, table } from "../terminal/table.ts";
import { findingsOf } from "./audit-findings.ts";

interface LogsOptions extends ListOptions {
  readonly save?: string;
}

const columns: readonly Column[] = [
  { name: "LOG", givesWay: "never" },
  { name: "STATE", givesWay: "never" },
  { name: "HOST" },
  { name: "RECORDS", givesWay: "never", leaves: 2 },
  { name: "COVERED", givesWay: "never", leaves: 1 },
  { name: "SEEN", givesWay: "never", leaves: 3 },
  { name: "KEY", wide: true },
];

/** `mayfly audit logs`. */
export function logsCommand(): Command {
  const logs = listing(
    command(
      "logs",
      "List the logs of all gateways that share the store; --save keeps the list, signed",
      "mayfly audit logs --save logs.note",
    ),
  )
    .option("--save <file>", "keep the signed list: mayfly audit verify --logs compares with it")
    .action((options: LogsOptions) => {
      const { mayfly } = connect(options);
      return list<AuditLogs>(options, {
        async load() {
          const found = await mayfly.audit.logs();
          if (options.save !== undefined) {
            writeFileSync(options.save, found.note);
            note(`wrote ${options.save}, signed with ${found.key}`);
          }
          return found;
        },
        text: ({ logs }, fit) =>
          table(
            columns,
            logs.map(({ name, state, host, records, covered, seen_at: seen, key }) => [
              name,
              state,
              host ?? "-",
              String(records),
              covered === undefined ? "-" : String(covered),
              shortMoment(seen, fit.wide),
              key,
            ]),
            fit,
          ),
        empty: "No logs",
      });
    });
  return logs.addCommand(retireCommand());
}

/** `mayfly audit logs retire`. */
function retireCommand(): Command {
  return command(
    "retire <log>",
    "Give up a log whose gateway and files are gone: searches and exports go on without it (operators)",
    'mayfly audit logs retire gateway-2 --reason "INC-12: the machine is gone"',
  )
    .requiredOption("--reason <text>", "why; the record keeps it", reason)
    .action(async (name: string, _own: unknown, self: Command) => {
      // What both commands take, the one above has taken.
      const options = self.optsWithGlobals<CommonOptions & { readonly reason: string }>();
      const retired = await connect(options).mayfly.audit.retireLog(name, options.reason);
      if (options.json === true) outJson(retired);
      else
        note(
          oneLine(`${name} is retired, with ${counted(retired.records, "record")} when it was last heard of`),
        );
    });
}

/** Verifies the folders of several logs by a signed list of them. */
export function verifyListed(
  file: string,
  folders: readonly string[],
  keys: readonly string[],
  isJson: boolean,
): void {
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`, "mayfly audit logs --save writes one");
  const report = reportOn(file, folders, keys);
  if (report.verdict === "broken") process.exitCode = exitCodes.failed;
  if (report.verdict === "incomplete") process.exitCode = exitCodes.incomplete;
  if (isJson) outJson(report);
  else print(report);
}

/** @throws MayflyError where the list itself is none, or is signed by nobody who is trusted */
function reportOn(file: string, folders: readonly string[], keys: readonly string[]): LogsReport {
  try {
    return verifyLogs(readFileSync(file, "utf8"), keys, folders);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new MayflyError("log_list_refused", `${file}: ${why}`, {
      cause: thrown,
      hint: "--logs takes what mayfly audit logs --save wrote, and --key the log.vkey of the log that signed it, which that command names",
    });
  }
}

function print({ by, time, verdict, logs, unlisted }: LogsReport): void {
  for (const { name, folder, problem, report, retired } of logs) {
    const where = folder === undefined ? name : `${name} (${folder})`;
    for (const line of report === undefined ? [] : findingsOf(report)) note(oneLine(`${where}: ${line}`));
    if (problem !== undefined) note(oneLine(`${where}: ${problem}`));
    if (retired !== undefined)
      out(oneLine(`${where}: retired, ${counted(retired, "record")} not verified: no folder holds it`));
    if (report !== undefined)
      out(oneLine(`${where}: ${report.verdict}, ${counted(report.records, "record")}`));
  }
  for (const { folder, problem } of unlisted) note(oneLine(`${folder}: ${problem}`));
  const gone = logs.filter(({ retired }) => retired !== undefined).length;
  const but = gone === 0 ? "" : `, ${gone} of them retired and not verified`;
  out(oneLine(`${verdict}: ${counted(logs.length, "log")} in the list that ${by} signed at ${time}${but}`));
}
