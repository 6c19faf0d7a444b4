import { Command, CommanderError, Option } from "commander";
import { readFileSync } from "node:fs";
import { MayflyError, messageOf } from "../kernel/errors.ts";

// Commands are imported when they are called: `mayflyd check` need not load a web server.
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("mayflyd")
  .description("The Mayfly gateway: just-in-time access for AI agents.")
  .version(version)
  .showHelpAfterError("hint: mayflyd --help")
  .exitOverride()
  .addHelpText(
    "after",
    "\nExit codes: 0 good; 1 failed, or a configuration with errors; 2 wrong usage; 3 judge denied something.",
  );

const configOption = (): Option =>
  new Option("-c, --config <file>", "the configuration").env("MAYFLY_CONFIG").default("mayfly.yaml");
let exitCode = 0;

program
  .command("serve")
  .description("run the gateway until SIGTERM; SIGHUP reads the configuration again")
  .addOption(configOption())
  .addOption(
    new Option("--log-level <level>", "of the gateway's own log")
      .choices(["debug", "info", "warn", "error"])
      .default("info"),
  )
  .action(async (options: { config: string; logLevel: string }) => {
    const { serve } = await import("./commands/serve.ts");
    exitCode = await serve(options);
  });

program
  .command("check")
  .argument("<file>", "the configuration")
  .description("print every error of a configuration as file:line:column, with a hint")
  .option("--secrets", "also fail when a secret that the file names is not set here", false)
  .option("--json", "print one JSON object", false)
  .addHelpText("after", "\nExample:\n  mayflyd check mayfly.yaml")
  .action(async (file: string, options: { json: boolean; secrets: boolean }) => {
    const { check } = await import("./commands/check.ts");
    exitCode = await check(file, options);
  });

program
  .command("judge")
  .argument("<connection/operation>")
  .argument("[statement...]", 'left out: JSON Lines {"id", "act"} on standard input')
  .description("say what an operation's scope makes of statements, without touching any database")
  .addOption(configOption())
  .option("--json", "print JSON Lines", false)
  .addHelpText(
    "after",
    '\nExamples:\n  mayflyd judge orders-db/read-orders "select * from orders" "delete from orders"\n  echo \'{"id": 1, "act": ["prepare p as select 1", "execute p"]}\' | mayflyd judge orders-db/read-orders',
  )
  .action(async (name: string, statements: string[], options: { config: string; json: boolean }) => {
    const { judge } = await import("./commands/judge.ts");
    exitCode = await judge(name, statements, options);
  });

program
  .command("explain")
  .description("say what a principal could request, and why not the rest")
  .addOption(configOption())
  .requiredOption("--as <name>", "a client id or name of the directory, or any name together with --groups")
  .option("--groups <a,b>", "the groups of a made-up principal")
  .option("--person", "the principal is a person", false)
  .option("--for-person", "the agent acts for a person", false)
  .option("--person-groups <a,b>", "the groups of the person whom the agent acts for")
  .option("--json", "print one JSON object", false)
  .addHelpText(
    "after",
    "\nExamples:\n  mayflyd explain --as support-bot\n  mayflyd explain --as new-bot --groups support-agents",
  )
  .action(
    async (options: {
      config: string;
      as: string;
      groups?: string;
      person: boolean;
      forPerson: boolean;
      personGroups?: string;
      json: boolean;
    }) => {
      const { explain } = await import("./commands/explain.ts");
      exitCode = await explain({
        ...options,
        groups: options.groups,
        personGroups: options.personGroups,
      });
    },
  );

program
  .command("pin")
  .argument("<connection>", "an MCP connection")
  .description("print the digests of an MCP server's tools, to be accepted into its pins")
  .addOption(configOption())
  .addHelpText("after", "\nExample:\n  mayflyd pin crm")
  .action(async (name: string, options: { config: string }) => {
    const { pin } = await import("./commands/pin.ts");
    exitCode = await pin(name, options);
  });

program
  .command("accept-log-loss")
  .description("let the next start go on although the audit log that the store knows is gone or shorter")
  .addOption(configOption())
  .requiredOption("--reason <text>", "what was lost and why; the new log's first record keeps it")
  .addHelpText(
    "after",
    '\nRun it while mayflyd is stopped, and only when the log cannot be put back.\n\nExample:\n  mayflyd accept-log-loss -c mayfly.yaml --reason "INC-12: the disk of the log is lost"',
  )
  .action(async (options: { config: string; reason: string }) => {
    const { acceptLogLoss } = await import("./commands/accept-log-loss.ts");
    exitCode = await acceptLogLoss(options);
  });

const imports = program.command("import").description("write configuration from other documents");
imports
  .command("openapi")
  .argument("<file>", "an OpenAPI 3 document, JSON or YAML")
  .description("print an HTTP connection with one operation an endpoint, to be trimmed")
  .option("--name <connection>", "the connection's name", "api")
  .option("--schemas <folder>", "write the bodies' JSON Schemas there and name them")
  .addHelpText(
    "after",
    "\nExample:\n  mayflyd import openapi billing.yaml --name billing-api --schemas schemas",
  )
  .action(async (file: string, options: { name: string; schemas?: string }) => {
    const { importOpenApiFile } = await import("./commands/import-openapi.ts");
    exitCode = await importOpenApiFile(file, options);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    exitCode = 1;
    console.error(
      error instanceof MayflyError && error.code === "configuration_refused"
        ? error.message
        : `mayflyd: ${messageOf(error)}`,
    );
    if (error instanceof MayflyError && error.hint !== undefined) console.error(`hint: ${error.hint}`);
  }
}
// The process ends by itself: process.exit waits for compiler threads of V8 that can wait for this very thread, and then
// never ends (seen with Node 24.21). What is still open after a moment (worker threads, keep-alive sockets) may not keep it.
process.exitCode = exitCode;
const EXIT_GRACE_MS = 250;
setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
