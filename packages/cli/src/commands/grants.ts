import type { Grant } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { moment, note, out, outJson, table } from "../print.ts";

/** `mayfly grants`. */
export function grantsCommand(): Command {
  return command("grants", "List your grants", "mayfly grants --all --active")
    .option("--all", "everyone's, for operators and auditors")
    .option("--active", "only those that are active")
    .action(async (options: CommonOptions & { readonly all?: boolean; readonly active?: boolean }) => {
      const grants = await connect(options).mayfly.grants({
        ...(options.all === true ? { all: true } : {}),
        ...(options.active === true ? { state: "active" as const } : {}),
      });
      if (options.json === true) return outJson(grants);
      if (grants.length === 0) return note("There are no grants.");
      return out(
        table(
          ["GRANT", "STATE", "WHO", "OPERATIONS", "ENDS", "WHY IT ENDED"],
          grants.map((grant) => [
            grant.id,
            grant.state,
            grant.requester.name,
            grant.operations.join(" "),
            moment(grant.ended_at ?? grant.ends_at),
            grant.end_reason ?? "",
          ]),
        ),
      );
    });
}

/** `mayfly release`. */
export function releaseCommand(): Command {
  return command(
    "release <grant>",
    "Release your grant: its sessions are cut, its secret is dead",
    "mayfly release gr_7k2m9q4t0x5c8v1n",
  ).action(async (id: string, options: CommonOptions) => {
    ended(await connect(options).mayfly.release(id), options);
  });
}

/** `mayfly revoke`. */
export function revokeCommand(): Command {
  return command(
    "revoke <grant>",
    "Revoke somebody's grant at once (operators)",
    'mayfly revoke gr_7k2m9q4t0x5c8v1n --reason "agent misbehaves"',
  )
    .requiredOption("--reason <text>", "why; its holder and the audit log read it")
    .action(async (id: string, options: CommonOptions & { readonly reason: string }) => {
      ended(await connect(options).mayfly.revoke(id, options.reason), options);
    });
}

function ended(grant: Grant, options: CommonOptions): void {
  if (options.json === true) outJson(grant);
  else
    note(
      `grant ${grant.id} is ${grant.state}${grant.ended_at === undefined ? "" : ` since ${moment(grant.ended_at)}`}`,
    );
}
