import { recordPrincipal } from "../audit/record-principal.ts";
import type { NewRecord } from "../audit/records.ts";
import type { Json } from "../kernel/canonical.ts";
import type { Requester } from "../kernel/requester.ts";
import type { KeptProbe, KeptStart } from "./store.ts";
import { lister } from "./kept.ts";
import type { ProbeOffer, ProbeReport, ProbeWay, ReportSignature } from "./types.ts";
import type { ProbeRefused } from "./errors.ts";
import type { Judged } from "./verdict.ts";

// What the log says of probes: never a token, never a nonce.

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** The connection that a record is about, where it is about one. */
function only(connections: readonly string[]): { readonly connection?: string } {
  const [connection] = connections;
  return connection === undefined || connections.length > 1 ? {} : { connection };
}

export function offeredRecord(
  by: Requester,
  offer: Omit<ProbeOffer, "token">,
  configuration: string,
): NewRecord {
  const { probe, connections, expiresAt } = offer;
  return {
    type: "probe.offered",
    principal: recordPrincipal(by),
    ...only(connections),
    configuration,
    detail: { probe, connections, expires_at: timeOf(expiresAt) },
  };
}

/** Whose addresses were told to whom. */
export function startedRecord(
  who: Requester,
  { id, offeredBy }: KeptProbe,
  { address, reportBy, targets }: KeptStart,
  configuration: string,
): NewRecord {
  const connections = targets.map(({ connection }) => connection);
  return {
    type: "probe.started",
    principal: recordPrincipal(who),
    ...only(connections),
    configuration,
    detail: { probe: id, address, offered_by: offeredBy, connections, report_by: timeOf(reportBy) },
  };
}

/** A token or a report that was refused. */
export function refusedRecord(
  who: Requester,
  address: string,
  { code, reason, probe }: ProbeRefused,
): NewRecord {
  return {
    type: "probe.refused",
    principal: recordPrincipal(who),
    detail: { code, reason, address, ...(probe === undefined ? {} : { probe }) },
  };
}

/** Bytes of a way's places of credentials: all in all a way is shorter than what the log would keep for itself. */
const MAX_PLACES_BYTES = 4096;

/** The places that a record names, and how many more there are: they stand among the report's credentials. */
function placesInWords(places: readonly string[]): { readonly [name: string]: Json } {
  let bytes = 0;
  const named = places.filter((place) => (bytes += Buffer.byteLength(place)) <= MAX_PLACES_BYTES);
  const leftOut = places.length - named.length;
  return {
    ...(named.length === 0 ? {} : { credentials: named }),
    ...(leftOut === 0 ? {} : { credentials_left_out: leftOut }),
  };
}

/** A way whole, without what it does not have. */
function wayInWords({ credentials = [], ...way }: ProbeWay): Json {
  const said = Object.entries(way).filter(
    (entry): entry is [string, string | number] => entry[1] !== undefined,
  );
  return { ...Object.fromEntries(said), ...placesInWords(credentials) };
}

/** How many closed ways there are, by what was found. */
function closedByFinding(ways: readonly ProbeWay[]): Json {
  const counts: Record<string, number> = {};
  for (const { found, outcome } of ways) if (outcome === "closed") counts[found] = (counts[found] ?? 0) + 1;
  return counts;
}

/**
 * What a host reported, and what it proves. Every way that is open or undecided stands whole in `found`; where that is too
 * long for the record, the log keeps it beside it, and verdicts and counts stay.
 */
export function probedRecord(
  who: Requester,
  { id, offeredBy }: KeptProbe,
  { address }: KeptStart,
  { host, ways, credentials, signed }: ProbeReport & { readonly signed: ReportSignature | undefined },
  judged: Judged,
  configuration: string,
): NewRecord {
  const of = (outcome: ProbeWay["outcome"]): readonly Json[] =>
    ways.filter((way) => way.outcome === outcome).map(wayInWords);
  const [open, undecided] = [of("open"), of("undecided")];
  const doubtful = judged.connections.filter(({ verdict }) => verdict === "undecided");
  // The ways among them stand whole beside it.
  const cut = lister((count) => `and ${count} more`);
  return {
    type: "path.probed",
    principal: recordPrincipal(who),
    ...only(judged.connections.map(({ connection }) => connection)),
    configuration,
    detail: {
      probe: id,
      host,
      address,
      offered_by: offeredBy,
      verdict: judged.verdict,
      connections: judged.connections.map(({ connection, verdict }) => ({ connection, verdict })),
      open: open.length,
      undecided: undecided.length,
      closed: closedByFinding(ways),
      credentials: credentials.length,
      ...(signed === undefined
        ? {}
        : { signed: { key: signed.key, body_sha256: signed.digest, proof: signed.proof } }),
      found: {
        open,
        undecided,
        doubts: doubtful.map((each) => ({ connection: each.connection, why: cut(each.undecided) })),
        credentials: credentials.map(({ kind, place, name, leadsTo }) => ({
          kind,
          place,
          name,
          ...(leadsTo === undefined ? {} : { leads_to: leadsTo }),
        })),
      },
    },
  };
}
