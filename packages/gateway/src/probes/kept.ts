import type { Requester } from "../kernel/requester.ts";
import type { ProbeCredential, ProbedHost, Prober } from "./types.ts";
import type { Judged } from "./verdict.ts";

// What is kept of a report beside its record, and shown in lists: bounded, whatever a host sends.

/** Ways in words that one list names. */
const MAX_NAMED = 20;
/** Ways in words that all lists of a host name. */
const MAX_NAMED_IN_ALL = 200;
const MAX_CREDENTIALS = 50;

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

/** Cuts lists, and says in their place how much was cut. */
function lister(): (list: readonly string[]) => readonly string[] {
  let left = MAX_NAMED_IN_ALL;
  return (list) => {
    const named = list.slice(0, Math.min(MAX_NAMED, left));
    left -= named.length;
    const cut = list.length - named.length;
    return cut === 0 ? named : [...named, `and ${cut} more, which the record path.probed has`];
  };
}

/** A report as it is kept. What stands open is named before what is undecided. */
export function keptHost(
  facts: Pick<ProbedHost, "probe" | "host" | "address" | "principal" | "offeredBy" | "probedAt">,
  { verdict, connections, open }: Judged,
  credentials: readonly ProbeCredential[],
): ProbedHost {
  const cut = lister();
  const besides = cut(open);
  const opened = connections.map((each) => cut(each.open));
  const leftOut = credentials.length - MAX_CREDENTIALS;
  return {
    ...facts,
    verdict,
    connections: connections.map((each, at) => ({
      connection: each.connection,
      verdict: each.verdict,
      open: opened[at] ?? [],
      undecided: cut(each.undecided),
    })),
    open: besides,
    credentials: credentials.slice(0, MAX_CREDENTIALS),
    ...(leftOut > 0 ? { credentialsLeftOut: leftOut } : {}),
  };
}
