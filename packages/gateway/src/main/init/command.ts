import type { Command } from "commander";
import type { InitOptions } from "../commands/init.ts";

/** Adds `mayflyd init`. @param ended told the exit code */
export function addInit(program: Command, ended: (code: number) => void): void {
  program
    .command("init")
    .argument("[file]", "the configuration to write", "mayfly.yaml")
    .description("write a first configuration that starts; asks on a terminal for what the options leave out")
    .option("--url <url>", "where agents and people reach the gateway; left out: this host, port 8443")
    .option("--issuer <url>", "Okta's authorization server that issues the agents' tokens")
    .option("--audience <text>", "the audience of its tokens", "api://mayfly")
    .option("--data <folder>", "the folder of the audit log, the store and the gateway's own CA", "data")
    .option("--postgres-port <port>", "where PostgreSQL clients connect", "6432")
    .option("--agent <id=name>", "a service app: its client id, and its name here")
    .option("--group <group>", "the agents' group; left out: support-agents")
    .option("--database <url>", "a first database, postgres://USER@HOST/DATABASE, without its password")
    .option("--connection <name>", "the name of its connection; left out: the database's")
    .option(
      "--table <schema.table>",
      "a table that may be read; repeat it for more",
      (table, before: string[]) => [...before, table],
      [],
    )
    .addHelpText(
      "after",
      "\nExample:\n  mayflyd init --issuer https://example.okta.com/oauth2/aus4x2kq --agent 0oa1b2c3d4=support-bot \\\n    --database postgres://mayfly@db.internal/shop --table public.orders",
    )
    .action(async (file: string, options: InitOptions) => {
      const { init } = await import("../commands/init.ts");
      ended(await init(file, options));
    });
}
