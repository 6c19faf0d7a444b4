import type { Command, Option } from "commander";
import type { CloseOptions } from "./options.ts";

const more = (each: string, before: string[]): string[] => [...before, each];

/** Adds `mayflyd close`. @param ended told the exit code */
export function addClose(program: Command, configOption: () => Option, ended: (code: number) => void): void {
  program
    .command("close")
    .argument("<connection>", "what is to be reached through the gateway alone")
    .description("print the files that leave the gateway as the only way to a target; applies nothing")
    .addOption(configOption())
    .option(
      "--gateway <address>",
      "where the gateway's connections come from, an address or block; in Kubernetes namespace:NAME; repeat it",
      more,
      [],
    )
    .option(
      "--entry <address>",
      "where agents reach the gateway, instead of what its URL's name says here; repeat it",
      more,
      [],
    )
    .option("--gateway-user <account>", "the gateway's account, where agents are on the same host")
    .option(
      "--keep <role[@address]>",
      "a database role that keeps its own way: over the server's socket, or from an address over TLS; repeat it",
      more,
      [],
    )
    .option(
      "--peer <address>",
      "who else reaches a database's port (a standby, a backup); it opens no log-in by itself; repeat it",
      more,
      [],
    )
    .option(
      "--address <address>",
      "the target's address, instead of what its name says here; repeat it",
      more,
      [],
    )
    .option("--target-pods <label=value,...>", "the labels of a target's pods, where it is in Kubernetes")
    .option(
      "--account <account>",
      "who the gateway is in a cluster: NAMESPACE/NAME (left out: mayfly/mayfly), or user:NAME with a certificate",
    )
    .option("--agent-namespace <name>", "the namespace of agents that are pods")
    .option("--agent-unit <unit>", "the unit of an agent that systemd starts")
    .option("--only <name>", "print one file alone, to be saved")
    .option("--json", "print one JSON object", false)
    .addHelpText(
      "after",
      "\nExamples:\n  mayflyd close orders-db --gateway 10.0.0.5 --keep postgres\n  mayflyd close orders-db --gateway 10.0.0.5 --keep postgres --only pg_hba > orders-db.pg_hba\n  mayflyd close billing-api --agent-unit support-bot.service",
    )
    .action(async (connection: string, options: CloseOptions) => {
      const { close } = await import("../commands/close.ts");
      ended(await close(connection, options, process.argv.slice(2)));
    });
}
