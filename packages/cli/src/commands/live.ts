import { formatDuration } from "@mayfly/sdk/formats";
import type { Live } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, connect } from "../context.ts";
import { list, type ListOptions, watchable } from "../listing.ts";
import { shortMoment } from "../print.ts";
import { type Column, table } from "../terminal/table.ts";

type LiveGrant = Live["grants"][number];
type LiveSession = LiveGrant["sessions"][number];

/** `mayfly live`. */
export function liveCommand(): Command {
  return watchable(
    command(
      "live",
      "Show the active grants and what their sessions do now (operators, auditors)",
      "mayfly live --watch",
    ),
  ).action((options: ListOptions) => {
    const { mayfly } = connect(options);
    return list(options, {
      load: () => mayfly.live(),
      text: ({ grants }, fit) =>
        table(
          columns,
          grants.flatMap((each) => rowsOf(each, fit.wide)),
          fit,
        ),
      empty: "No active grants",
    });
  });
}

const columns: readonly Column[] = [
  { name: "GRANT", givesWay: "never" },
  { name: "WHO", leaves: 3 },
  { name: "OPERATIONS", givesWay: "lines" },
  { name: "ENDS", givesWay: "never", leaves: 4 },
  { name: "SESSION", wide: true },
  { name: "FROM", leaves: 1 },
  { name: "ACTS", leaves: 2 },
  { name: "NOW", givesWay: "below" },
];

/** One row a session; a grant without sessions has one too. */
function rowsOf({ grant, sessions }: LiveGrant, wide: boolean | undefined): string[][] {
  const about = [
    grant.id,
    grant.requester.name,
    grant.operations.join(" "),
    shortMoment(grant.ends_at, wide),
  ];
  if (sessions.length === 0) return [[...about, "-", "", "", "not in use"]];
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
  const since = formatDuration(Date.now() - Date.parse(now.since));
  return now.state === "running"
    ? `runs since ${since}: ${now.text}`
    : `idle since ${since}, last: ${now.text}`;
}
