import { Command } from "commander";
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
import { exitCodesHelp } from "./exit.ts";

/** Builds the whole command; what stands behind `--` is the command that `run` runs. */
export function program(commandLine: readonly string[]): Command {
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
