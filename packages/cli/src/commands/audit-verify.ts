import { existsSync, readFileSync } from "node:fs";
import { readOutside, verifyLog } from "@mayfly/audit-verifier";
import { Command, Option } from "commander";
import { exitCodes, UsageError } from "../exit.ts";
import { counted, note, out, outJson } from "../print.ts";
import { findingsOf } from "./audit-findings.ts";
import { logsIn, refuseFolderOfLogs } from "./audit-folders.ts";
import { verifyListed } from "./audit-logs.ts";

interface VerifyOptions {
  readonly key: readonly string[];
  readonly checkpoint: readonly string[];
  readonly witness: readonly string[];
  readonly archive?: string;
  readonly asArchive?: boolean;
  readonly logs?: string;
  readonly json?: boolean;
}

/** `mayfly audit verify`. */
export function verifyCommand(): Command {
  const list = (value: string, before: readonly string[]): string[] => [...before, value];
  return new Command("verify")
    .description("Verify a log offline, with nothing but its files and the public key")
    .argument("<folder...>", "the log's folder, its archive's, or a copy; with --logs those of several logs")
    .requiredOption(
      "--key <vkey>",
      "the verifier key, or a file that holds it; noted down outside the gateway",
      list,
      [],
    )
    .option(
      "--checkpoint <path>",
      "checkpoints kept elsewhere, which the log must contain: a file of one or many, or a folder of them",
      list,
      [],
    )
    .option(
      "--witness <vkey>",
      "a witness's key, or a file that holds it: it must have cosigned one of the checkpoints",
      list,
      [],
    )
    .addOption(
      new Option(
        "--logs <file>",
        "a signed list of logs (mayfly audit logs --save): each is verified by its key and checkpoint there; --key is that of the log that signed it",
      ).conflicts(["checkpoint", "witness", "archive", "asArchive"]),
    )
    .option("--archive <folder>", "the log's archive: what was dropped is verified there")
    .option("--as-archive", "the folder is a log's archive: it proves what it holds, and nothing behind it")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly audit verify /var/lib/mayfly/audit --key log.vkey")
    .action((folders: readonly string[], options: VerifyOptions) => {
      const [folder = ""] = folders;
      for (const each of folders) refuseFolderOfLogs(each, options);
      if (options.logs !== undefined)
        verifyListed(options.logs, folders, trustedKeys(options), options.json === true);
      else if (folders.length === 1) verify(folder, options);
      else
        throw new UsageError(
          `${folders.length} folders are more than one log`,
          "verify one at a time, or all with --logs",
        );
    });
}

function verify(folder: string, options: VerifyOptions): void {
  if (options.archive !== undefined && !existsSync(options.archive))
    throw new UsageError(
      `${options.archive}: no such folder`,
      "give --archive the archive's folder, or a copy",
    );
  const report = verifyLog(folder, trustedKeys(options), {
    ...(options.archive === undefined ? {} : { archive: options.archive }),
    ...(options.asArchive === true ? { asArchive: true } : {}),
    witnessed: options.checkpoint.flatMap(checkpointsOf),
    witnesses: options.witness.flatMap((named) =>
      keysOf(named, "give --witness the witness's key, or a file that holds it: NAME+ID+KEY"),
    ),
  });
  if (report.verdict === "broken") process.exitCode = exitCodes.failed;
  if (report.verdict === "incomplete") process.exitCode = exitCodes.incomplete;
  if (options.json === true) {
    outJson(report);
    return;
  }
  for (const line of findingsOf(report)) note(line);
  const others = logsIn(folder);
  if (others.length > 0)
    note(`note: the logs in ${folder} of ${others.join(", ")} were not verified: each is one by itself`);
  for (const { witness, records, time } of report.cosigned)
    note(`note: ${witness} cosigned ${counted(records, "record")} at ${time}`);
  if (options.checkpoint.length === 0)
    note(
      "note: these files cannot tell whether newer records are missing behind them: a checkpoint kept elsewhere can (--checkpoint)",
    );
  out(
    `${report.verdict}: ${counted(report.records, "record")}${report.last === undefined ? "" : ` up to ${report.last.time}`}, ${counted(report.checkpoints, "checkpoint")}, ${counted(report.uncovered, "record")} after the newest; ` +
      `${counted(report.problemCount, "problem")}, ${counted(report.missingPayloadCount, "payload")} erased, ${counted(report.unknownCount, "act")} with unknown outcome`,
  );
}

function trustedKeys({ key }: VerifyOptions): readonly string[] {
  return key.flatMap((named) =>
    keysOf(named, "give --key the log's log.vkey, or the key itself: NAME+ID+KEY"),
  );
}

/** The keys of a file, one a line; or the one key that stands on the command line, as `NAME+ID+KEY`. */
function keysOf(named: string, hint: string): readonly string[] {
  if (/^[^+]+\+[0-9a-f]{8}\+/.test(named)) return [named];
  return readNamed(named, hint)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** @throws UsageError */
function checkpointsOf(path: string): ReturnType<typeof readOutside> {
  try {
    return readOutside(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === undefined
        ? message
        : `${path}: ${code === "ENOENT" ? "no such file" : `cannot be read (${code})`}`,
      "give --checkpoint the file, or the folder, that you keep elsewhere",
    );
  }
}

/** Reads a file that an option names. @throws UsageError */
function readNamed(path: string, hint: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === "ENOENT" ? `${path}: no such file` : `${path} cannot be read (${code})`,
      hint,
    );
  }
}
