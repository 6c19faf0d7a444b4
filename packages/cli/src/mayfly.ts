import { Command, CommanderError } from "commander";
import { auditCommand } from "./commands/audit.ts";
import { completionCommand } from "./commands/completion.ts";
import { grantsCommand, releaseCommand, revokeCommand } from "./commands/grants.ts";
import { liveCommand } from "./commands/live.ts";
import { credentialCommand, kubeconfigCommand } from "./commands/kubernetes.ts";
import { lockdownCommand } from "./commands/lockdown.ts";
import { loginCommand, logoutCommand } from "./commands/login.ts";
import { operationsCommand } from "./commands/operations.ts";
import { requestCommand } from "./commands/request.ts";
import { approveCommand, pendingCommand, refuseCommand, showCommand } from "./commands/review.ts";
import { runCommand } from "./commands/run.ts";
import { errorText, exitCodeOf, exitCodes, exitCodesHelp } from "./exit.ts";

/** Builds the whole command; what stands behind `--` is the command that `run` runs. */
function program(commandLine: readonly string[]): Command {
  const root = new Command("mayfly")
    .description("Access to infrastructure for minutes, one task at a time")
    .version("0.1.0")
    .showHelpAfterError("hint: mayfly --help, or mayfly COMMAND --help")
    .addHelpText("after", exitCodesHelp);
  const commands = [
    loginCommand(),
    logoutCommand(),
    operationsCommand(),
    requestCommand(),
    runCommand(commandLine),
    kubeconfigCommand(),
    credentialCommand(),
    grantsCommand(),
    releaseCommand(),
    pendingCommand(),
    showCommand(),
    approveCommand(),
    refuseCommand(),
    revokeCommand(),
    liveCommand(),
    lockdownCommand(),
    auditCommand(),
    completionCommand(),
  ];
  for (const sub of commands) root.addCommand(sub);
  settle(root);
  return root;
}

/** Errors of ours and of commander look the same, and none of them exits on its own. */
function settle(command: Command): void {
  command.exitOverride();
  command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "mayfly: ")) });
  for (const sub of command.commands) {
    sub.showHelpAfterError(
      `hint: mayfly ${sub.parent?.name() === "audit" ? "audit " : ""}${sub.name()} --help`,
    );
    settle(sub);
  }
}

async function main(argv: readonly string[]): Promise<void> {
  const cut = argv[0] === "run" ? argv.indexOf("--") : -1;
  const own = cut === -1 ? argv : argv.slice(0, cut);
  const commandLine = cut === -1 ? [] : argv.slice(cut + 1);
  try {
    await program(commandLine).parseAsync(own, { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      // Commander has said what is wrong; help and version are no errors.
      process.exitCode = thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
      return;
    }
    process.stderr.write(`${errorText(thrown)}\n`);
    process.exitCode = exitCodeOf(thrown);
  }
}

// A reader that went, as in `mayfly audit tail | head`, is no failure.
process.stdout.on("error", (error) => {
  process.exit("code" in error && error.code === "EPIPE" ? exitCodes.ok : exitCodes.failed);
});

await main(process.argv.slice(2));
