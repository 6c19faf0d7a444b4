import type { StoredRecord } from "@mayfly/audit-verifier";

/** What a legal hold keeps: everything of one request, of a principal, or on a connection. */
export type HoldOn =
  | { readonly request: string }
  | { readonly principal: string }
  | { readonly connection: string };

/** A hold in force. */
export interface Hold {
  readonly id: string;
  readonly on: HoldOn;
}

/** What a log records of holds. */
export interface RecordedHolds {
  readonly inForce: readonly Hold[];
  /** The ids of those that were lifted. */
  readonly lifted: ReadonlySet<string>;
}

/** What these records of holds say together, in the order of the log. @param lines as they stand in the log */
export function recordedHolds(lines: readonly string[]): RecordedHolds {
  const inForce = new Map<string, Hold>();
  const lifted = new Set<string>();
  for (const line of lines) {
    const { type, detail } = JSON.parse(line) as StoredRecord;
    const { hold, on } = detail as { readonly hold: string; readonly on: HoldOn };
    if (type === "log.hold_placed") {
      inForce.set(hold, { id: hold, on });
      lifted.delete(hold);
    } else {
      inForce.delete(hold);
      lifted.add(hold);
    }
  }
  return { inForce: [...inForce.values()], lifted };
}

/** The holds in force after these records of holds, in the order of the log. @param lines as they stand in the log */
export const holdsInForce = (lines: readonly string[]): readonly Hold[] => recordedHolds(lines).inForce;

/** Whom and what a record is about, as far as holds ask. */
export interface About {
  readonly request?: unknown;
  readonly connection?: unknown;
  readonly principal?: unknown;
}

/** The hold that keeps something; undefined: none. */
export function holdFor(holds: readonly Hold[], about: About): Hold | undefined {
  return holds.find(({ on }) => {
    if ("request" in on) return about.request === on.request;
    if ("connection" in on) return about.connection === on.connection;
    return names(about.principal).includes(on.principal.toLowerCase());
  });
}

/**
 * What a principal may be called by: name, subject, client, and the person behind an agent, who stands in a record by login
 * and in the store as a principal of their own.
 */
function names(principal: unknown): readonly string[] {
  if (principal === null || typeof principal !== "object") return [];
  const { name, subject, client, person, person_uid, uid, actors } = principal as Readonly<
    Record<string, unknown>
  >;
  const own = [
    name,
    subject,
    client,
    person,
    person_uid,
    uid,
    ...(Array.isArray(actors) ? (actors as unknown[]) : []),
  ];
  return [...own.flatMap((each) => (typeof each === "string" ? [each.toLowerCase()] : [])), ...names(person)];
}
