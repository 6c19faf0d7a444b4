import type { Requester } from "../kernel/requester.ts";
import type { ProbeCredential, ProbedHost, Prober } from "./types.ts";
import { type Judged, worstVerdict } from "./verdict.ts";

// What is kept of a report beside its record, and shown in lists: bounded, whatever a host sends.

/** Ways in words that one list names. */
const MAX_NAMED = 20;
/** Ways in words that all lists of a host name. */
const MAX_NAMED_IN_ALL = 200;
const MAX_CREDENTIALS = 50;
const MAX_CONNECTIONS = 500;

/** Who probed, as they are kept. */
export function proberOf(who: Requester): Prober {
  const { kind, issuer, subject, client, name, owner, groups, person, actors, uid } = who;
  return {
    kind,
    issuer,
    subject,
    client,
    name,
    groups,
    actors,
    ...(owner === undefined ? {} : { owner }),
    ...(uid === undefined ? {} : { uid }),
    ...(person === undefined ? {} : { person: { issuer: person.issuer, subject: person.subject } }),
  };
}

/** What stands in the place of what was cut; of a way in words more would stand behind it. */
const CUT = /^and ([0-9]+) more, which the record path\.probed has$/;

/**
 * Cuts lists, and says in their place how much was cut. A list that was cut before is cut further.
 * @param inWords how much was cut
 */
export function lister(
  inWords = (cut: number): string => `and ${cut} more, which the record path.probed has`,
): (list: readonly string[]) => readonly string[] {
  let left = MAX_NAMED_IN_ALL;
  return (list) => {
    const [, cutBefore] = CUT.exec(list.at(-1) ?? "") ?? [];
    const whole = cutBefore === undefined ? list : list.slice(0, -1);
    const named = whole.slice(0, Math.min(MAX_NAMED, left));
    left -= named.length;
    const cut = whole.length - named.length + Number(cutBefore ?? 0);
    return cut === 0 ? named : [...named, inWords(cut)];
  };
}

/** Cuts what a host's lists name. What stands open is named before what is undecided. */
function withinBounds(host: ProbedHost): ProbedHost {
  const cut = lister();
  const connections = host.connections.slice(0, MAX_CONNECTIONS);
  const besides = cut(host.open);
  const opened = connections.map((each) => cut(each.open));
  const doubts = cut(host.undecided);
  return {
    ...host,
    connections: connections.map((each, at) => ({
      ...each,
      open: opened[at] ?? [],
      undecided: cut(each.undecided),
    })),
    open: besides,
    undecided: doubts,
  };
}

/** A report as it is kept. */
export function keptHost(
  facts: Pick<ProbedHost, "probe" | "host" | "address" | "principal" | "key" | "offeredBy" | "probedAt">,
  { verdict, connections, open, undecided }: Judged,
  credentials: readonly ProbeCredential[],
): ProbedHost {
  const leftOut = credentials.length - MAX_CREDENTIALS;
  return withinBounds({
    ...facts,
    verdict,
    connections: connections.map((each) => ({ ...each, probedAt: facts.probedAt })),
    open,
    undecided,
    credentials: credentials.slice(0, MAX_CREDENTIALS),
    ...(leftOut > 0 ? { credentialsLeftOut: leftOut } : {}),
  });
}

/**
 * A report and what is kept of the same host: a connection that the report is not of stays as it was found.
 * @param earlier newest first
 */
export function mergedHost(host: ProbedHost, earlier: readonly ProbedHost[]): ProbedHost {
  const connections = new Map(host.connections.map((each) => [each.connection, each]));
  const before = earlier.flatMap((each) => each.connections);
  for (const each of before.toSorted((one, other) => other.probedAt - one.probedAt))
    if (!connections.has(each.connection)) connections.set(each.connection, each);
  const shown = [...connections.values()].slice(0, MAX_CONNECTIONS);
  return withinBounds({ ...host, verdict: worstVerdict(shown, [host.verdict]), connections: shown });
}
