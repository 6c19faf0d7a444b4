import type { Command } from "commander";
import { command } from "../context.ts";
import { UsageError } from "../exit.ts";
import { requireProgram } from "../find-program.ts";
import { running, type RunOptions, runWithGrant } from "../run-with-grant.ts";

/**
 * `mayfly run`.
 * @param commandLine what stands behind `--` on the command line
 */
export function runCommand(commandLine: readonly string[]): Command {
  return running(
    command(
      "run <operations...>",
      "Request, wait for approval, run a command with the ways in, and release however it ends",
      'mayfly run orders-db/read-orders --reason "TICKET-123" -- psql -c "select 1"',
      // Its output is the command's.
      ["json"],
    ),
  )
    .usage("[options] CONNECTION/OPERATION... -- COMMAND...")
    .addHelpText(
      "after",
      "\nThe command finds PGHOST, PGPORT, PGUSER, PGPASSWORD and the like in its\n" +
        "environment, and the connection string in DATABASE_URL and MAYFLY_DSN; for a\n" +
        "cluster, KUBECONFIG names a file that lives as long as the command. Where the\n" +
        "gateway has a CA of its own, curl, Node, Python and Go trust it beside the\n" +
        "others. PG* variables of yours, MAYFLY_TOKEN and MAYFLY_ID_TOKEN are not passed\n" +
        "on; signals are. After SIGKILL, or when a laptop is closed, the gateway hears\n" +
        "from us no more and ends the grant within seconds. When the gateway cannot be\n" +
        "reached for as long, the command is ended.",
    )
    .action((names: string[], options: RunOptions) => {
      const [name, ...args] = commandLine;
      if (name === undefined)
        throw new UsageError("no command is named", "write it behind '--': mayfly run … -- psql");
      requireProgram(name, "nothing was asked for: the command behind '--' must be on this machine");
      return runWithGrant(names, options, () => [name, ...args]);
    });
}
