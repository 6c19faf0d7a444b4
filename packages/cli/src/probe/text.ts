import type { ProbedHost } from "@mayfly/sdk";
import { counted } from "../print.ts";
import type { Look } from "../terminal/colour.ts";
import { type Column, type Fit, table } from "../terminal/table.ts";
import type { FoundHere } from "./credentials/find.ts";
import type { TriedWay } from "./way.ts";

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
    const why = verdict === "undecided" ? undecided : verdict === "no_address" ? [NO_ADDRESS] : [];
    return `${connection}: ${verdictWords[verdict]}${why.length === 0 ? "" : ` (${why.join("; ")})`}`;
  });
  return [...lines, ...hostLines(host), `${host.verdict}: ${meanings[host.verdict]} (${host.probe})`].join(
    "\n",
  );
}

const NO_ADDRESS = "the gateway starts it itself, so no address leads to it";

function hostLines({ open, undecided, credentials }: ProbedHost): readonly string[] {
  return [
    ...(open.length === 0 ? [] : [`this host: open (${open.join("; ")})`]),
    ...(undecided.length === 0 ? [] : [`this host: undecided (${undecided.join("; ")})`]),
    ...(credentials.length === 0 ? [] : [`this host: ${counted(credentials.length, "standing credential")}`]),
  ];
}

/** What of a host is not closed, in few words each. */
export function notClosed({ connections, open, undecided }: ProbedHost): readonly string[] {
  return [
    ...connections.flatMap((each) => {
      if (each.verdict === "closed" || each.verdict === "no_address") return [];
      const why = each.verdict === "undecided" ? ` (${each.undecided.join("; ")})` : "";
      return [`${each.connection} ${verdictWords[each.verdict]}${why}`];
    }),
    ...open,
    ...undecided.map((way) => `undecided: ${way}`),
  ];
}

/** What to do next. */
export function hintsOf({ connections, open, verdict }: ProbedHost): readonly string[] {
  const names = connections
    .filter(({ verdict: each }) => each === "open" || each === "open_with_credential")
    .map(({ connection }) => connection);
  return [
    ...(names.length === 0
      ? []
      : [`on the gateway's host, mayflyd close prints what closes the direct ways of ${names.join(", ")}`]),
    ...(open.length === 0
      ? []
      : [
          "keep metadata addresses and container engines from the agent's account, and take away what leads elsewhere",
        ]),
    ...(verdict === "undecided" ? ["what is undecided above says why; mend that, and probe again"] : []),
  ];
}

const meanings: Readonly<Record<ProbedHost["verdict"], string>> = {
  closed: "no way around the gateway was found",
  open: "there are ways around the gateway",
  undecided: "nobody can tell whether there is a way around the gateway",
};
