import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { reason } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import { moment, note, outJson } from "../print.ts";

interface LockdownOptions extends CommonOptions {
  readonly reason?: string;
  readonly lift?: boolean;
}

/** `mayfly lockdown`. */
export function lockdownCommand(): Command {
  return command(
    "lockdown",
    "End every grant and refuse all until lifted (operators); without flags says whether it is locked",
    'mayfly lockdown --reason "suspected leak"\nmayfly lockdown --lift',
  )
    .option("--reason <text>", "lock down, and why", reason)
    .option("--lift", "lift it; grants that it ended stay ended")
    .action(async (options: LockdownOptions) => {
      if (options.lift === true && options.reason !== undefined)
        throw new UsageError("--reason and --lift exclude each other", "give one");
      const { lockdown } = connect(options).mayfly;
      const state = await (options.lift === true
        ? lockdown.lift()
        : options.reason === undefined
          ? lockdown.get()
          : lockdown.start(options.reason));
      if (options.json === true) outJson(state);
      else if (!state.locked) note("Mayfly is not locked down.");
      else
        note(
          `Mayfly is locked down since ${moment(state.since ?? "")} by ${state.by ?? "?"}: ${state.reason ?? ""}`,
        );
    });
}
