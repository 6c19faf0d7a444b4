import { Command } from "commander";
import { readFileSync } from "node:fs";
import { agentCommand } from "./commands/agent.ts";
import { auditCommand } from "./commands/audit.ts";
import { completeCommand } from "./commands/complete.ts";
import { completionCommand } from "./commands/completion.ts";
import { connectCommand } from "./commands/connect.ts";
import { grantsCommand, releaseCommand, revokeCommand } from "./commands/grants.ts";
import { liveCommand } from "./commands/live.ts";
import { credentialCommand, kubeconfigCommand } from "./commands/kubernetes.ts";
import { lockdownCommand } from "./commands/lockdown.ts";
import { loginCommand, logoutCommand } from "./commands/login.ts";
import { operationsCommand } from "./commands/operations.ts";
import { probeCommand, probesCommand, probeTokenCommand } from "./commands/probe.ts";
import { requestCommand } from "./commands/request.ts";
import {
  collectCommand,
  envCommand,
  requestsCommand,
  waitCommand,
  withdrawCommand,
} from "./commands/requests.ts";
import {
  approveCommand,
  pendingCommand,
  refuseCommand,
  reviewCommand,
  showCommand,
} from "./commands/review.ts";
import { runCommand } from "./commands/run.ts";
import { statusCommand } from "./commands/status.ts";
import { whoamiCommand } from "./commands/whoami.ts";
import { exitCodesHelp, usageWords } from "./exit.ts";
import { printable } from "./print.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const globalFlagsHelp = `
--url, --ca, --profile and --json may stand before the command as well.`;

/**
 * Builds the whole command.
 * @param commandLine what stands behind `--`: the command that `run` runs
 * @param asJson what is wrong with the command line is thrown and not said: whoever catches it says it as JSON
 */
export function program(commandLine: readonly string[], asJson = false): Command {
  const root = new Command("mayfly")
    .description("Access to infrastructure for minutes, one task at a time")
    .version(version)
    .showHelpAfterError("hint: mayfly --help lists the commands")
    .addHelpText("after", globalFlagsHelp)
    .addHelpText("after", exitCodesHelp);
  const commands = [
    loginCommand(),
    logoutCommand(),
    whoamiCommand(),
    statusCommand(),
    agentCommand(),
    operationsCommand(),
    requestCommand(),
    requestsCommand(),
    waitCommand(),
    collectCommand(),
    envCommand(),
    withdrawCommand(),
    runCommand(commandLine),
    connectCommand(commandLine),
    kubeconfigCommand(),
    credentialCommand(),
    grantsCommand(),
    releaseCommand(),
    pendingCommand(),
    showCommand(),
    approveCommand(),
    refuseCommand(),
    reviewCommand(),
    revokeCommand(),
    liveCommand(),
    lockdownCommand(),
    probeTokenCommand(),
    probeCommand(),
    probesCommand(),
    auditCommand(),
    completionCommand(),
  ];
  for (const sub of commands) root.addCommand(sub);
  root.addCommand(completeCommand(), { hidden: true });
  settle(root, asJson);
  return root;
}

/** Errors of ours and of commander look the same, and none of them exits on its own. */
function settle(command: Command, asJson: boolean): void {
  command.exitOverride();
  command.configureOutput(
    asJson
      ? { writeErr: () => undefined, outputError: () => undefined }
      : { outputError: (text, write) => write(`mayfly: ${printable(usageWords(text))}`) },
  );
  for (const sub of command.commands) {
    sub.showHelpAfterError(
      `hint: mayfly ${command.parent === null ? "" : `${command.name()} `}${sub.name()} --help`,
    );
    settle(sub, asJson);
  }
}
