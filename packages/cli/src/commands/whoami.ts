import type { Me } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { moment, oneLine, out, outJson } from "../print.ts";

/** Who somebody is, on one line: `support-bot (agent for rosa@example.com; groups support-agents)`. */
export function whoText(me: Me): string {
  const groups = me.groups.length === 0 ? "no groups" : `groups ${me.groups.join(", ")}`;
  const roles = me.roles.length === 0 ? "" : `, roles ${me.roles.join(", ")}`;
  return `${me.name} (${me.kind}${forWhom(me)}; ${groups}${roles})`;
}

function forWhom(me: Me): string {
  if (me.person !== undefined) return ` for ${me.person.subject}`;
  return me.kind === "agent" && me.subject !== me.client ? ` for ${me.subject}` : "";
}

/** `mayfly whoami`. */
export function whoamiCommand(): Command {
  return command(
    "whoami",
    "Say who the gateway takes you for: the agent, the person behind it, groups and roles",
    "mayfly whoami",
  ).action(async (options: CommonOptions) => {
    const { mayfly, place } = connect(options);
    const me = await mayfly.me();
    if (options.json === true) outJson({ url: place.url, me });
    else for (const [what, value] of rowsOf(me)) out(`${what.padEnd(9)} ${oneLine(value)}`);
  });
}

function rowsOf(me: Me): readonly (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [
    [me.kind, me.name === me.client ? me.client : `${me.name}, client ${me.client}`],
  ];
  if (me.person !== undefined) rows.push(["for", `${me.person.subject} (person)`]);
  else if (me.kind === "agent" && me.subject !== me.client) rows.push(["for", `${me.subject} (machine)`]);
  // The nearest actor is the agent itself.
  if (me.actors.length > 1) rows.push(["called by", me.actors.slice(1).join(", then ")]);
  if (me.owner !== undefined) rows.push(["owner", me.owner]);
  rows.push(["groups", me.groups.length === 0 ? "none" : me.groups.join(", ")]);
  if (me.roles.length > 0) rows.push(["roles", me.roles.join(", ")]);
  rows.push(["issuer", me.issuer], ["token", `good until ${moment(me.token_expires_at)}`]);
  return rows;
}
