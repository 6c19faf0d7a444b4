import type { ProbedHost } from "@mayfly/sdk";
import { counted } from "../print.ts";
import type { Look } from "../terminal/colour.ts";
import { type Column, type Fit, table } from "../terminal/table.ts";
import type { FoundHere } from "./credentials/find.ts";
import type { TriedWay } from "./gather.ts";

/** How a way stands in a table. */
type Standing = "open with a credential" | TriedWay["outcome"];

const order: Readonly<Record<Standing, number>> = {
  "open with a credential": 0,
  open: 1,
  undecided: 2,
  closed: 3,
};

const looks: Readonly<Record<string, Look>> = {
  "open with a credential": "red",
  open: "red",
  undecided: "yellow",
  closed: "green",
  "nothing to try": "dim",
};

export const lookOfVerdict = (text: string): Look | undefined => looks[text];

const standingOf = ({ outcome, credentials }: TriedWay): Standing =>
  outcome === "open" && credentials.length > 0 ? "open with a credential" : outcome;

const wayColumns: readonly Column[] = [
  { name: "WAY", givesWay: "never", look: lookOfVerdict },
  { name: "CONNECTION", givesWay: "never" },
  { name: "TO", givesWay: "never" },
  { name: "BY", leaves: 1 },
  { name: "WHY", givesWay: "below" },
];

/** The ways, what stands open first; sockets that are not there are left to `--json`. */
export function waysText(ways: readonly TriedWay[], fit: Fit): string {
  const rows = ways
    .filter(({ found }) => found !== "absent")
    .map((way) => ({ way, standing: standingOf(way) }))
    .toSorted((one, other) => order[one.standing] - order[other.standing]);
  return table(
    wayColumns,
    rows.map(({ way, standing }) => [
      standing,
      way.connection ?? "this host",
      way.to,
      way.by,
      way.outcome === "open" && way.credentials.length > 0
        ? `${way.detail}; ${way.credentials.join(", ")}`
        : way.detail,
    ]),
    fit,
  );
}

/** Credentials that lie here, and what could not be read. */
export function credentialsText({ credentials, unread }: FoundHere, fit: Fit): string {
  const rows = table(
    [{ name: "CREDENTIAL", givesWay: "never" }, { name: "PLACE", givesWay: "never" }, { name: "FOR" }],
    credentials.map(({ kind, place, name }) => [kind, place, name]),
    fit,
  );
  const others = unread.map(({ place, why }) => `not read: ${place}: ${why}`).join("\n");
  return [rows, others].filter((part) => part !== "").join("\n");
}

/** How a verdict is called. */
export const verdictWords: Readonly<Record<ProbedHost["connections"][number]["verdict"], string>> = {
  closed: "closed",
  open: "open",
  open_with_credential: "open with a credential",
  undecided: "undecided",
  no_address: "nothing to try",
};

/** What the gateway makes of it: a line a connection, and one for the host. */
export function verdictText(host: ProbedHost): string {
  const lines = host.connections.map(({ connection, verdict, undecided }) => {
    const why = verdict === "undecided" && undecided.length > 0 ? ` (${undecided.join("; ")})` : "";
    return `${connection}: ${verdictWords[verdict]}${why}`;
  });
  const beside = host.open.length === 0 ? [] : [`this host: open (${host.open.join("; ")})`];
  const lying =
    host.credentials.length === 0
      ? []
      : [`this host: ${counted(host.credentials.length, "standing credential")}`];
  return [...lines, ...beside, ...lying, `${host.verdict}: ${meanings[host.verdict]} (${host.probe})`].join(
    "\n",
  );
}

const meanings: Readonly<Record<ProbedHost["verdict"], string>> = {
  closed: "no way around the gateway was found",
  open: "there are ways around the gateway",
  undecided: "nobody can tell whether there is a way around the gateway",
};
