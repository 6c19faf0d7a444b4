import type { Grant, Mayfly, Requester } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { UsageError } from "../exit.ts";
import { reason, required } from "../arguments.ts";
import { list, type ListOptions, watchable } from "../listing.ts";
import { moment, note, outJson, shortMoment } from "../print.ts";
import { lookOfState } from "../terminal/colour.ts";
import { type Column, table } from "../terminal/table.ts";

/** `mayfly grants`. */
export function grantsCommand(): Command {
  return watchable(command("grants", "List your grants", "mayfly grants --all --active --watch"))
    .option("--all", "everyone's, for operators and auditors")
    .option("--active", "only those that are active")
    .action((options: ListOptions & { readonly all?: boolean; readonly active?: boolean }) => {
      const { mayfly } = connect(options);
      return list(options, {
        load: () =>
          mayfly.grants({
            ...(options.all === true ? { all: true } : {}),
            ...(options.active === true ? { state: "active" as const } : {}),
          }),
        text: (grants, fit) =>
          table(
            columns,
            grants.map((grant) => rowOf(grant, fit.wide)),
            fit,
          ),
        empty: "There are no grants.",
      });
    });
}

const columns: readonly Column[] = [
  { name: "GRANT", givesWay: "never" },
  { name: "STATE", givesWay: "never", look: lookOfState },
  { name: "WHO", leaves: 1 },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "ENDS", givesWay: "never", leaves: 2 },
  { name: "WHY IT ENDED", givesWay: "below" },
  { name: "GRANTED", wide: true },
  { name: "REQUEST", wide: true },
];

function rowOf(grant: Grant, wide: boolean | undefined): string[] {
  return [
    grant.id,
    grant.state,
    grant.requester.name,
    grant.operations.join(" "),
    shortMoment(grant.ended_at ?? grant.ends_at, wide),
    whyItEnded(grant),
    shortMoment(grant.activated_at, wide),
    grant.request,
  ];
}

/** Why a grant ended, as far as its id and its state do not say it. */
export function whyItEnded({
  id,
  state,
  end_reason: why = "",
}: Pick<Grant, "id" | "state" | "end_reason">): string {
  const known = [`grant ${id} was ${state}`, `grant ${id} ${state}`].find((words) => why.startsWith(words));
  const rest = why.slice(known?.length ?? 0).trim();
  // Most grants end so: it says nothing that their state does not.
  return rest === "by its holder" ? "" : rest;
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

interface RevokeOptions extends CommonOptions {
  readonly reason: string;
  readonly agent?: string;
}

/** `mayfly revoke`. */
export function revokeCommand(): Command {
  const made = command(
    "revoke [grant]",
    "Revoke somebody's grant, or all of an agent's, at once (operators)",
    'mayfly revoke gr_7k2m9q4t0x5c8v1n --reason "agent misbehaves"\nmayfly revoke --agent support-bot --reason "agent misbehaves"',
  ).option("--agent <name>", "all grants of the agent of that name or client id, whomever it acts for");
  return required(
    made,
    "--reason <text>",
    "why; its holder sees this, and it is kept in the audit log",
    reason,
  ).action(async (id: string | undefined, options: RevokeOptions) => {
    const { mayfly } = connect(options);
    if ((id === undefined) === (options.agent === undefined))
      throw new UsageError("name one grant, or --agent", "mayfly live lists both");
    if (id !== undefined) return ended(await mayfly.revoke(id, options.reason), options);
    return revokeAgent(mayfly, options.agent ?? "", options);
  });
}

/** A list is bounded: what it left out comes with the next look. */
const MAX_LOOKS = 20;

/** Revokes everything of an agent: one that acts for several people is several requesters. */
async function revokeAgent(mayfly: Mayfly, agent: string, options: RevokeOptions): Promise<void> {
  let revoked = 0;
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const theirs = new Map<string, Requester>();
    for (const { requester } of await mayfly.grants({ all: true, state: "active" })) {
      if (requester.kind !== "agent" || (requester.name !== agent && requester.client !== agent)) continue;
      theirs.set(JSON.stringify([requester.issuer, requester.subject, requester.client]), requester);
    }
    if (theirs.size === 0) break;
    for (const requester of theirs.values()) revoked += await mayfly.revokeAll(requester, options.reason);
  }
  if (options.json === true) outJson({ revoked });
  else if (revoked === 0) note(`no agent ${agent} has an active grant`);
  else
    note(
      `${revoked} ${revoked === 1 ? "grant" : "grants"} of ${agent} ${revoked === 1 ? "is" : "are"} revoked`,
    );
}

function ended(grant: Grant, options: CommonOptions): void {
  if (options.json === true) outJson(grant);
  else
    note(
      `grant ${grant.id} is ${grant.state}${grant.ended_at === undefined ? "" : ` since ${moment(grant.ended_at)}`}`,
    );
}
