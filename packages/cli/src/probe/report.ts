import type { ProbeReport } from "@mayfly/sdk";
import { printable } from "../print.ts";
import type { FoundHere } from "./credentials/find.ts";
import type { TriedWay } from "./way.ts";

// What the gateway takes of a report: a longer one is refused whole.
const MAX_WAYS = 1000;
const MAX_CREDENTIALS = 300;
const MAX_TEXT = 300;
const MAX_BY = 200;
const MAX_PLACE = 500;
const MAX_NAME = 200;
const MAX_HOST = 253;
const MAX_PLACES = 20;

/** One line of at most so many UTF-16 units, which ends at a whole character. */
function line(text: string, max: number): string {
  const safe = printable(text.replaceAll(/\s+/g, " ").trim()) || "?";
  if (safe.length <= max) return safe;
  const cut = safe.slice(0, max - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

const order = { open: 0, undecided: 1, closed: 2 } as const;

/** The gateway's bound, with room for what JSON escapes. */
const MAX_REPORT_BYTES = 900_000;

/** Leaves out places of credentials, which stand in their own list, and then the last ways, until a report fits. */
function fitting(report: ProbeReport): ProbeReport {
  if (Buffer.byteLength(JSON.stringify(report)) <= MAX_REPORT_BYTES) return report;
  if (report.ways.length <= 1)
    return fitting({ ...report, credentials: report.credentials.slice(0, report.credentials.length / 2) });
  const mostPlaces = Math.max(...report.ways.map(({ credentials = [] }) => credentials.length));
  const ways =
    mostPlaces > 1
      ? report.ways.map((way) => ({ ...way, credentials: way.credentials?.slice(0, mostPlaces / 2) ?? [] }))
      : report.ways.slice(0, report.ways.length / 2);
  return fitting({ ...report, ways });
}

/** What is sent of a probe. Of more ways than fit the closed ones are left out: to the gateway those were not tried. */
export function reportOf(
  nonce: string,
  host: string,
  ways: readonly TriedWay[],
  { credentials }: Pick<FoundHere, "credentials">,
): ProbeReport {
  return fitting({
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
  });
}
