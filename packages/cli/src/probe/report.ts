import type { ProbeReport } from "@mayfly/sdk";
import { printable } from "../print.ts";
import type { FoundHere } from "./credentials/find.ts";
import type { TriedWay } from "./gather.ts";

// What the gateway takes of a report: a longer one is refused whole.
const MAX_WAYS = 1000;
const MAX_CREDENTIALS = 300;
const MAX_TEXT = 300;
const MAX_BY = 200;
const MAX_PLACE = 500;
const MAX_NAME = 200;
const MAX_HOST = 253;
const MAX_PLACES = 20;

/** One line of at most so many characters. */
function line(text: string, max: number): string {
  const safe = printable(text.replaceAll(/\s+/g, " "));
  return safe.length <= max ? safe : `${safe.slice(0, max - 1)}…`;
}

const order = { open: 0, undecided: 1, closed: 2 } as const;

/** What is sent of a probe. Of more ways than fit the closed ones are left out: to the gateway those were not tried. */
export function reportOf(
  nonce: string,
  host: string,
  ways: readonly TriedWay[],
  { credentials }: Pick<FoundHere, "credentials">,
): ProbeReport {
  return {
    nonce,
    host: line(host, MAX_HOST),
    ways: ways
      .toSorted((one, other) => order[one.outcome] - order[other.outcome])
      .slice(0, MAX_WAYS)
      .map((way) => ({
        ...way,
        to: line(way.to, MAX_TEXT),
        by: line(way.by, MAX_BY),
        detail: line(way.detail, MAX_TEXT),
        credentials: way.credentials.slice(0, MAX_PLACES).map((place) => line(place, MAX_PLACE)),
      })),
    credentials: credentials.slice(0, MAX_CREDENTIALS).map(({ kind, place, name, leadsTo }) => ({
      kind,
      place: line(place, MAX_PLACE),
      name: line(name, MAX_NAME),
      ...(leadsTo === undefined
        ? {}
        : {
            leads_to: line(
              `${leadsTo.host}${leadsTo.port === undefined ? "" : `:${leadsTo.port}`}`,
              MAX_TEXT,
            ),
          }),
    })),
  };
}
