import type { Live } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { duration, moment, note, out, outJson, table } from "../print.ts";

type LiveGrant = Live["grants"][number];
type LiveSession = LiveGrant["sessions"][number];

/** `mayfly live`. */
export function liveCommand(): Command {
  return command(
    "live",
    "Show the active grants and what their sessions do now (operators, auditors)",
    "mayfly live",
  ).action(async (options: CommonOptions) => {
    const live = await connect(options).mayfly.live();
    if (options.json === true) return outJson(live);
    if (live.grants.length === 0) return note("Nobody has access now.");
    return out(
      table(
        ["GRANT", "WHO", "OPERATIONS", "ENDS", "SESSION", "FROM", "ACTS", "NOW"],
        live.grants.flatMap((each) => rowsOf(each)),
      ),
    );
  });
}

/** One row a session; a grant without sessions has one too. */
function rowsOf({ grant, sessions }: LiveGrant): string[][] {
  const about = [grant.id, grant.requester.name, grant.operations.join(" "), moment(grant.ends_at)];
  if (sessions.length === 0) return [[...about, "-", "", "", "no session"]];
  return sessions.map((session, index) => [
    ...(index === 0 ? about : ["", "", "", ""]),
    session.id,
    [session.software, session.address].filter((part) => part !== undefined).join(" "),
    session.denied === 0 ? String(session.acts) : `${session.acts}, ${session.denied} denied`,
    nowOf(session),
  ]);
}

function nowOf({ now }: LiveSession): string {
  if (now === undefined) return "connected";
  const seconds = (Date.now() - Date.parse(now.since)) / 1000;
  const text = now.text.length > 120 ? `${now.text.slice(0, 120)}…` : now.text;
  return now.state === "running"
    ? `runs since ${duration(seconds)}: ${text}`
    : `idle since ${duration(seconds)}, last: ${text}`;
}
