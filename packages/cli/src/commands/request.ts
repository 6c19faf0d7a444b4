import { MayflyError, type Request } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect, splitOperations } from "../context.ts";
import { exitCodes } from "../exit.ts";
import { printAccess } from "../access-text.ts";
import { duration, reason, required } from "../arguments.ts";
import { note, outJson } from "../print.ts";
import { pendingText, waitFor } from "../waiting.ts";

interface RequestOptions extends CommonOptions {
  readonly reason: string;
  readonly ttl?: string;
  readonly breakGlass?: boolean;
  readonly wait?: boolean;
}

/** `mayfly request`. */
export function requestCommand(): Command {
  const made = command(
    "request <operations...>",
    "Request operations, written CONNECTION/OPERATION, and print the ways in",
    'mayfly request orders-db/read-orders --reason "TICKET-123" --ttl 5m --wait',
  );
  return required(made, "--reason <text>", "why; reviewers see this, and it is kept in the audit log", reason)
    .option("--ttl <duration>", "how long, for example 5m (left out: the policy's default)", duration)
    .option("--break-glass", "an emergency: at once where a policy allows it, and everybody hears of it")
    .option("--wait", "wait for approval where a person must approve")
    .action(request);
}

async function request(names: string[], options: RequestOptions): Promise<void> {
  const { mayfly, place } = connect(options);
  const ask = {
    ...splitOperations(names),
    reason: options.reason,
    ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
    ...(options.breakGlass === true ? { break_glass: true } : {}),
  };
  let answer = await mayfly.request(ask);
  if (answer.state === "pending" && options.wait === true) {
    const decided = await waitFor(mayfly, answer, false);
    if (decided === undefined) return;
    answer = decided;
    if (answer.state === "approved" && answer.grant_id !== undefined) {
      answer = { ...answer, grant: await mayfly.collectSecret(answer.grant_id) };
    }
  }
  if (options.json === true) outJson(answer);
  if (answer.state === "pending") {
    if (options.json !== true) note(pendingText(answer));
    process.exitCode = exitCodes.undecided;
    return;
  }
  requireApproved(answer);
  if (options.json !== true && answer.break_glass)
    note("mayfly: you broke glass: this is recorded as such, and those who have to know are told");
  if (options.json !== true && answer.grant !== undefined) printAccess(answer.grant, place.caFile);
}

/** @throws MayflyError when a request that was decided was not approved */
export function requireApproved({ id, state, reasons }: Request): void {
  if (state === "approved") return;
  throw new MayflyError(state, `request ${id} was ${state.replace("_", " ")}`, {
    reasons,
    hint: "mayfly operations lists what you may request",
  });
}
