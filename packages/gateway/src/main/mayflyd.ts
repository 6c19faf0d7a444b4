import { addClose } from "./close/command.ts";
import { addDiff } from "./diff/command.ts";
import { addInventory } from "./inventory/command.ts";
import { addInit } from "./init/command.ts";
import { addRetention } from "./retention/commands.ts";
import type { JudgeOptions } from "./commands/judge.ts";
import type { ServeOptions } from "./commands/serve.ts";
import type { SignalsTest } from "./commands/signals-test.ts";
import { Command, CommanderError, Option } from "commander";
import { printError } from "./print-error.ts";
import { version } from "./version.ts";
import { workerOption, workersOption } from "./workers/option.ts";
import { say, tell } from "./terminal.ts";

// Commands are imported when they are called: `mayflyd check` need not load a web server.
const program = new Command("mayflyd")
  .description("The Mayfly gateway: just-in-time access for AI agents.")
  .version(version)
  .showHelpAfterError("hint: mayflyd --help")
  .configureOutput({ writeOut: say, writeErr: tell })
  .exitOverride()
  .addHelpText(
    "after",
    "\nExit codes: 0 good; 1 failed, or a configuration with errors; 2 wrong usage; 3 judge denied something, diff found what --fail-on names, or inventory what --check or --unused looks for.",
  );
const configOption = (): Option =>
  new Option("-c, --config <file>", "the configuration").env("MAYFLY_CONFIG").default("mayfly.yaml");
const judgeExamples =
  '\nExamples:\n  mayflyd judge orders-db/read-orders "select * from orders" "delete from orders"\n  echo \'{"id": 1, "act": ["prepare p as select 1", "execute p"]}\' | mayflyd judge orders-db/read-orders';
let exitCode = 0;
const ended = (code: number): void => {
  exitCode = code;
};

program
  .command("serve")
  .description("run the gateway until SIGTERM; SIGHUP reads the configuration again")
  .addOption(configOption())
  .addOption(
    new Option("--log-level <level>", "of the gateway's own log")
      .choices(["debug", "info", "warn", "error"])
      .default("info"),
  )
  .option(
    "--lockdown <reason>",
    "lock down before anybody is let in: for a data folder out of a backup, which knows nothing of later ends",
  )
  .addOption(workersOption())
  .action(async (options: ServeOptions & { readonly workers?: number }) => {
    const { workers, ...own } = options;
    if (workers === undefined) exitCode = await (await import("./commands/serve.ts")).serve(own);
    else
      exitCode = await (await import("./commands/serve-workers.ts")).serveWorkers({ ...own, count: workers });
  });

addInit(program, ended);

program
  .command("check")
  .argument("<file>", "the configuration")
  .description("print every error of a configuration as file:line:column, with a hint")
  .option("--secrets", "also fail when a secret that the file names is not set here", false)
  .option(
    "--online",
    "also ask the databases what sessions would ask them, and Okta's API what the gateway would ask it (takes the secrets)",
    false,
  )
  .option("--json", "print one JSON object", false)
  .addHelpText("after", "\nExamples:\n  mayflyd check mayfly.yaml\n  mayflyd check --online mayfly.yaml")
  .action(async (file: string, options: { json: boolean; secrets: boolean; online: boolean }) => {
    const { check } = await import("./commands/check.ts");
    exitCode = await check(file, options);
  });

program
  .command("judge")
  .argument("<connection/operations>", "CONNECTION/OPERATION, or several with commas: CONNECTION/ONE,OTHER")
  .argument("[statement...]", 'left out: JSON Lines {"id", "act"} on standard input')
  .description("say what operations' scopes make of statements, without touching any database")
  .addOption(configOption())
  .option("--json", "print JSON Lines", false)
  .option("--sent", "also print the text that leaves, where the gateway changes it", false)
  .option("--online", "ask the database first what a session would ask it", false)
  .addHelpText("after", judgeExamples)
  .action(async (...asked: [string, string[], JudgeOptions]) => {
    exitCode = await (await import("./commands/judge.ts")).judge(...asked);
  });

addDiff(program, ended);
addClose(program, configOption, ended);
addInventory(program, ended);

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
  .command("token")
  .argument("[file]", "a file with the token; left out or -: standard input")
  .description(
    "explain a token claim by claim: who it is, what it may request, what to change when it is refused",
  )
  .addOption(configOption())
  .option("--json", "print one JSON object", false)
  .option("--offline", "fetch no keys: the signature is not checked", false)
  .addHelpText(
    "after",
    "\nIt prints neither the token nor its signature. Exit codes: 0 accepted; 1 refused; 2 wrong usage.\n\nExamples:\n  mayflyd token token.txt\n  pbpaste | mayflyd token --offline",
  )
  .action(async (file: string | undefined, options: { config: string; json: boolean; offline: boolean }) => {
    const { token } = await import("./commands/token.ts");
    exitCode = await token(file, options);
  });

const signals = program
  .command("signals")
  .description("the identity provider's word that somebody is no longer good");
signals
  .command("test")
  .description("send one signal of each configured channel to the gateway that runs, and show what it ends")
  .addOption(configOption())
  .option("--dry-run", "only show what would end", false)
  .option("--client <id>", "the signal deactivates this client (0oa… or wlp…); left out: one that nobody has")
  .option("--user <id>", "the signal suspends this user (00u…)")
  .option("--group <id>", "the signal takes the user out of this group; without --user it deletes the group")
  .option("--url <url>", "where the gateway is reached, if not at its own URL")
  .addHelpText(
    "after",
    "\nWithout --dry-run, --client, --user and --group end what is held for real.\n\nExamples:\n  mayflyd signals test\n  mayflyd signals test --dry-run --client 0oa1b2c3d4\n  mayflyd signals test --dry-run --user 00u1b2c3d4 --group sre",
  )
  .action(async (options: SignalsTest) => {
    const { signalsTest } = await import("./commands/signals-test.ts");
    exitCode = await signalsTest(options);
  });

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
  .addOption(workerOption())
  .requiredOption("--reason <text>", "what was lost and why; the new log's first record keeps it")
  .addHelpText(
    "after",
    '\nRun it while mayflyd is stopped, and only when the log cannot be put back.\n\nExample:\n  mayflyd accept-log-loss -c mayfly.yaml --reason "INC-12: the disk of the log is lost"',
  )
  .action(async (options: { config: string; worker?: number; reason: string }) => {
    const { acceptLogLoss } = await import("./commands/accept-log-loss.ts");
    exitCode = await acceptLogLoss(options);
  });

addRetention(program, configOption, ended);

program
  .command("rotate-log-key")
  .description("sign the audit log with a new key from now on; the old one signs for it")
  .addOption(configOption())
  .addOption(workerOption())
  .addHelpText(
    "after",
    "\nRun it while mayflyd is stopped.\n\nExample:\n  mayflyd rotate-log-key -c mayfly.yaml",
  )
  .action(async (options: { config: string; worker?: number }) => {
    const { rotateLogKey } = await import("./commands/rotate-log-key.ts");
    exitCode = await rotateLogKey(options);
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

// Whoever reads has enough, as `head` does.
process.stdout.on("error", (error) => process.exit("code" in error && error.code === "EPIPE" ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    exitCode = 1;
    printError(error);
  }
}
// The process ends by itself: process.exit waits for compiler threads of V8 that can wait for this very thread, and then
// never ends (seen with Node 24.21). What is still open after a moment (worker threads, keep-alive sockets) may not keep it.
process.exitCode = exitCode;
const EXIT_GRACE_MS = 250;
setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
