import { type Command, InvalidArgumentError } from "commander";
import type { InventoryOptions } from "./options.ts";

const more = (each: string, before: string[]): string[] => [...before, ...each.split(",")];

function countFrom1(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("a whole number from 1.");
}

/** Adds `mayflyd inventory`. @param ended told the exit code */
export function addInventory(program: Command, ended: (code: number) => void): void {
  program
    .command("inventory")
    .argument(
      "<source...>",
      "logs of the database or of what stands before the API, audit logs of the cluster, recordings of MCP, a folder of Mayfly's own audit log, or - for standard input",
    )
    .description("propose the operations that cover what was really done, and no more")
    .requiredOption("--connection <name>", "the connection that the sources are about")
    .option(
      "--kind <kind>",
      "its kind, where neither -c nor the sources tell it: postgres, http, kubernetes, mcp",
    )
    .option("-c, --config <file>", "propose only what this configuration does not cover yet")
    .option("--check", "print what the configuration would refuse of it", false)
    .option("--unused", "print what the configuration grants and nobody used", false)
    .option(
      "--by <name>",
      "only what they did, as the sources name them, or at Mayfly this agent; repeat it",
      more,
      [],
    )
    .option("--database <name>", "only what was done in this database")
    .option("--host <name>", "only what was asked of this host")
    .option("--since <duration>", "only what was done since then: 90d")
    .option("--min-seen <times>", "what was done less often is set apart", countFrom1, 1)
    .option(
      "--schema <file>",
      "what the target's structure is: pg_dump --schema-only, an OpenAPI document, JSON or YAML, or an MCP server's answer to tools/list",
    )
    .option(
      "--search-path <schemas>",
      "where PostgreSQL's names without a schema are, without a configuration: app,public",
    )
    .option(
      "--format <format>",
      "of the sources, where their beginning does not tell: postgres-json, postgres-csv, pg-stat-statements, http-combined, http-envoy, http-json, har, kubernetes-audit, mcp-messages, mcp-har",
    )
    .option("--json", "print one JSON object", false)
    .addHelpText(
      "after",
      "\nExit codes: 3 where --check finds something refused, or --unused something unused; where a line could not be read; where nothing counted.\n\nExamples:\n  mayflyd inventory --connection orders-db --schema schema.sql postgresql.json\n  mayflyd inventory --connection orders-db -c mayfly.yaml --check postgresql.csv\n  mayflyd inventory --connection orders-db -c mayfly.yaml --unused --since 90d data/audit",
    )
    .action(async (sources: string[], options: InventoryOptions) => {
      const { inventory } = await import("../commands/inventory.ts");
      ended(await inventory(sources, options));
    });
}
