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
      "where the gateway's connections come from, an address or block; or namespace:NAME; repeat it for more",
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
      "--address <address>",
      "the target's address, instead of what its name says here; repeat it",
      more,
      [],
    )
    .option("--target-pods <label=value,...>", "the labels of a target's pods, where it is in Kubernetes")
    .option("--account <namespace/name>", "the gateway's service account in a cluster", "mayfly/mayfly")
    .option("--agent-namespace <name>", "the namespace of agents that are pods")
    .option("--agent-unit <unit>", "the unit of an agent that systemd starts")
    .option("--only <name>", "print one file alone, to be saved")
    .option("--json", "print one JSON object", false)
    .addHelpText(
      "after",
      "\nExamples:\n  mayflyd close orders-db --gateway 10.0.0.5 --keep postgres\n  mayflyd close orders-db --gateway 10.0.0.5 --only pg_hba > orders-db.pg_hba\n  mayflyd close billing-api --gateway 10.0.0.5 --agent-unit support-bot.service",
    )
    .action(async (connection: string, options: CloseOptions) => {
      const { close } = await import("../commands/close.ts");
      ended(await close(connection, options));
    });
}
