import type { Live, Requester } from "@mayfly/sdk/browser";
import type { LiveSearch, LiveShow, LiveSort } from "./search.ts";

// What the Live page shows of what is live, and in which order. Pure.

/** One entry of the live answer. */
export type LiveGrant = Live["grants"][number];

/** Names a requester as `revokeAll` does: the same agent through another client is another one. */
export function holderKey({ kind, issuer, subject, client }: Requester): string {
  return JSON.stringify([kind, issuer, subject, client]);
}

/** The one holder of all these grants; undefined where there are several, or none. */
export function onlyHolder(entries: readonly LiveGrant[]): Requester | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const key = holderKey(first.grant.requester);
  return entries.every(({ grant }) => holderKey(grant.requester) === key) ? first.grant.requester : undefined;
}

/** Whether one of its sessions has an act under way. */
export function isRunning({ sessions }: LiveGrant): boolean {
  return sessions.some(({ now }) => now?.state === "running");
}

/** Whether nobody is connected with it, and nothing else makes it worth a look. */
export function isUnused({ sessions, break_glass: emergency }: LiveGrant): boolean {
  return sessions.length === 0 && !emergency;
}

const EXPIRING_MS = 15 * 60_000;

/** Whether it ends soon. Milliseconds since the epoch. */
export function isExpiring({ grant }: LiveGrant, now: number): boolean {
  return Date.parse(grant.ends_at) - now <= EXPIRING_MS;
}

const shown: Readonly<Record<LiveShow, (entry: LiveGrant, now: number) => boolean>> = {
  running: isRunning,
  emergency: (entry) => entry.break_glass,
  high: (entry) => entry.risk === "high",
  expiring: isExpiring,
  unused: isUnused,
};

/** What somebody who looks for a grant may type: everything that its row says. */
function textOf({ grant, sessions }: LiveGrant): string {
  const { requester } = grant;
  return [
    requester.name,
    requester.person?.subject ?? "",
    requester.owner ?? "",
    ...grant.operations,
    grant.id,
    ...sessions.flatMap(({ now, software = "", address }) => [now?.text ?? "", software, address]),
  ]
    .join("\n")
    .toLowerCase();
}

/** What matters: running first, then emergencies, then high risks, then whatever is used at all. */
export function urgencyOf(entry: LiveGrant): number {
  return (
    (isRunning(entry) ? 8 : 0) +
    (entry.break_glass ? 4 : 0) +
    (entry.risk === "high" ? 2 : 0) +
    (entry.sessions.length > 0 ? 1 : 0)
  );
}

const byEnd = (a: LiveGrant, b: LiveGrant): number => a.grant.ends_at.localeCompare(b.grant.ends_at);

const orders: Readonly<Record<LiveSort | "urgent", (a: LiveGrant, b: LiveGrant) => number>> = {
  urgent: (a, b) => urgencyOf(b) - urgencyOf(a) || byEnd(a, b),
  ends: byEnd,
  agent: (a, b) => a.grant.requester.name.localeCompare(b.grant.requester.name) || byEnd(a, b),
  connection: (a, b) =>
    a.grant.connection.localeCompare(b.grant.connection) ||
    (a.grant.operations[0] ?? "").localeCompare(b.grant.operations[0] ?? ""),
  newest: (a, b) => b.grant.activated_at.localeCompare(a.grant.activated_at),
};

/** The rows of the page, and how many unused grants are folded away. */
export interface Rows {
  readonly rows: readonly LiveGrant[];
  readonly folded: number;
}

/**
 * Which grants are shown, in their order. Unused ones are folded away until somebody asks for them, or for something that they
 * may be.
 * @param now milliseconds since the epoch
 */
export function rowsOf(live: Live, { text, show, sort, unused }: LiveSearch, now: number): Rows {
  const words = (text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const matching = live.grants.filter((entry) => {
    if (show !== undefined && !shown[show](entry, now)) return false;
    if (words.length === 0) return true;
    const said = textOf(entry);
    return words.every((word) => said.includes(word));
  });
  const isWhole = unused === true || show !== undefined || words.length > 0;
  const rows = isWhole ? matching : matching.filter((entry) => !isUnused(entry));
  return { rows: rows.toSorted(orders[sort ?? "urgent"]), folded: matching.length - rows.length };
}

/** How many there are of each kind, for the buttons that narrow the list. */
export function countsOf(live: Live, now: number): Readonly<Record<LiveShow, number>> {
  const count = (of: LiveShow): number => live.grants.filter((entry) => shown[of](entry, now)).length;
  return {
    running: count("running"),
    emergency: count("emergency"),
    high: count("high"),
    expiring: count("expiring"),
    unused: count("unused"),
  };
}

/** What has to be typed to lock everything down. */
export const lockdownWords = "lock down";

/** Whether what was typed says so, whatever its case and the spaces around it. */
export function confirms(typed: string): boolean {
  return typed.trim().toLowerCase().replaceAll(/\s+/g, " ") === lockdownWords;
}

/** "1 grant", "3 grants". */
export function counted(value: number, what: string): string {
  return `${value.toLocaleString("en")} ${what}${value === 1 ? "" : "s"}`;
}

/** Everything that is going on, in a few words. */
export function summary(live: Live): string {
  const sessions = live.grants.flatMap((entry) => entry.sessions);
  const running = sessions.filter(({ now }) => now?.state === "running").length;
  const parts = [counted(live.grants.length, "grant"), counted(sessions.length, "session")];
  return [...parts, ...(running === 0 ? [] : [`${running} running something now`])].join(", ");
}

/** What a lock-down would stop, in words. */
export function lockdownText(grants: number, sessions: number, waiting: number): string {
  const ends = `It ends ${counted(grants, "grant")}, cuts ${counted(sessions, "session")} and refuses ${counted(waiting, "request")} awaiting approval, at once.`;
  return `${ends} Nobody gets anything until an operator lifts it.`;
}
