import type { Command, Option } from "commander";
import { workerOption } from "../workers/option.ts";
import type { HoldOptions } from "../commands/retention.ts";

/** Options of `mayflyd retention` itself, which its own commands take too. */
type OfLog = { readonly config: string; readonly worker?: number };

/** Adds `mayflyd retention` and what is below it. @param done told the exit code */
export function addRetention(
  program: Command,
  configOption: () => Option,
  done: (code: number) => void,
): void {
  const retention = program
    .command("retention")
    .description("what of the audit log is kept, archived and dropped; and legal holds")
    .addOption(configOption())
    .addOption(workerOption())
    .option("--dry-run", "show what would go now, and what keeps the rest", false)
    .addHelpText("after", "\nExample:\n  mayflyd retention --dry-run -c mayfly.yaml")
    .action(async (options: OfLog & { dryRun: boolean }) => {
      const { retentionDryRun } = await import("../commands/retention.ts");
      done(await retentionDryRun(options));
    });
  retention
    .command("hold")
    .description("keep everything of a request, of a principal or on a connection, whatever its age")
    .addOption(configOption())
    .option("--request <id>", "a request")
    .option("--principal <name>", "a name, subject or client, or the person behind an agent")
    .option("--connection <name>", "a connection")
    .requiredOption("--reason <text>", "why; the record keeps it")
    .addHelpText("after", '\nExample:\n  mayflyd retention hold --principal support-bot --reason "INC-12"')
    .action(async (options: HoldOptions) => {
      const { placeHold } = await import("../commands/retention.ts");
      done(await placeHold({ ...options, ...retention.opts<OfLog>() }));
    });
  retention
    .command("lift")
    .argument("<hold>", "its id, as `mayflyd retention --dry-run` shows it")
    .description("lift a hold")
    .addOption(configOption())
    .requiredOption("--reason <text>", "why; the record keeps it")
    .addHelpText(
      "after",
      '\nExample:\n  mayflyd retention lift hold_7k2m9q4t0x5c8v1n --reason "INC-12 is closed"',
    )
    .action(async (hold: string, options: { config: string; reason: string }) => {
      const { liftHold } = await import("../commands/retention.ts");
      done(await liftHold({ ...options, ...retention.opts<OfLog>(), hold }));
    });
}
