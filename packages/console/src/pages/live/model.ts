import type { Grant, Live, Requester } from "@mayfly/sdk/browser";

/** One entry of the live answer. */
export type LiveGrant = Live["grants"][number];

/** Everything that one agent or person has now. */
export interface Holder {
  readonly key: string;
  readonly requester: Requester;
  readonly grants: readonly LiveGrant[];
}

/** Names a requester as `revokeAll` does: the same agent through another client is another one. */
export function holderKey({ kind, issuer, subject, client }: Requester): string {
  return JSON.stringify([kind, issuer, subject, client]);
}

/** Grants by who has them; whoever has the one that ends first comes first. */
export function byHolder(live: Live): readonly Holder[] {
  const ordered = live.grants.toSorted((a, b) => a.grant.ends_at.localeCompare(b.grant.ends_at));
  const holders = new Map<string, { requester: Requester; grants: LiveGrant[] }>();
  for (const entry of ordered) {
    const key = holderKey(entry.grant.requester);
    const holder = holders.get(key);
    if (holder === undefined) holders.set(key, { requester: entry.grant.requester, grants: [entry] });
    else holder.grants.push(entry);
  }
  return [...holders].map(([key, holder]) => ({ key, ...holder }));
}

/** How much of a grant's time is over, 0 to 1. Milliseconds since the epoch. */
export function spent(grant: Pick<Grant, "activated_at" | "ends_at">, now: number): number {
  const from = Date.parse(grant.activated_at);
  const to = Date.parse(grant.ends_at);
  return to <= from ? 1 : Math.min(1, Math.max(0, (now - from) / (to - from)));
}

/** What has to be typed to lock everything down. */
export const lockdownWords = "lock down";

/** Whether what was typed says so, whatever its case and the spaces around it. */
export function confirms(typed: string): boolean {
  return typed.trim().toLowerCase().replaceAll(/\s+/g, " ") === lockdownWords;
}

/** Everything that is going on, in a few words. */
export function summary(live: Live): string {
  const sessions = live.grants.flatMap((entry) => entry.sessions);
  const running = sessions.filter(({ now }) => now?.state === "running").length;
  const count = (value: number, what: string): string => `${value} ${what}${value === 1 ? "" : "s"}`;
  const parts = [count(live.grants.length, "grant"), count(sessions.length, "session")];
  return [...parts, ...(running === 0 ? [] : [`${running} running something now`])].join(", ");
}
