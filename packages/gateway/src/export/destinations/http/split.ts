import type { OutgoingRecord, RefusedRecords } from "../../destination.ts";

/** What a receiver made of some records. */
export type Verdict =
  | { readonly kind: "taken"; readonly refused?: RefusedRecords }
  /** Refused for what they are, or for how many they are. */
  | { readonly kind: "unfit"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string; readonly retryAfter?: number };

/** About who asks, where and how often, and not about what is in a request. */
const ABOUT_NO_CONTENT: ReadonlySet<number> = new Set([401, 404, 407, 408, 425, 429]);

/** Whether an answer may be about what a record holds: 400 of a receiver, 403 of a firewall between that reads along. */
export function isAboutContent(status: number): boolean {
  return status >= 400 && status < 500 && !ABOUT_NO_CONTENT.has(status);
}

/** A record with nothing of what anybody wrote: what the receiver gets in the place of one that it refuses. */
export type Bare = (record: OutgoingRecord) => OutgoingRecord;

/**
 * Hands records over, in halves where a receiver refuses them together, so that one that it will never take does not hold
 * up the others. In its place the receiver gets a bare one of the same number, time and type. An agent chooses what is in a
 * record and nothing of a bare one: so no agent can stop the export. And what refuses the bare one too refuses everything, a
 * proxy with a page of its own say: that is a failure, and costs no record.
 */
export async function handOverSplit(
  records: readonly OutgoingRecord[],
  attempt: (some: readonly OutgoingRecord[]) => Promise<Verdict>,
  bare: Bare,
): Promise<Exclude<Verdict, { kind: "unfit" }>> {
  let count = 0;
  let why: string | undefined;
  const waiting: (readonly OutgoingRecord[])[] = [records];
  for (let some = waiting.pop(); some !== undefined; some = waiting.pop()) {
    const verdict = await attempt(some);
    if (verdict.kind === "failed") return verdict;
    if (verdict.kind === "taken") {
      count += verdict.refused?.count ?? 0;
      why ??= verdict.refused?.why;
    } else if (some.length > 1) {
      const half = Math.ceil(some.length / 2);
      waiting.push(some.slice(half), some.slice(0, half));
    } else {
      const instead = await attempt(some.map(bare));
      if (instead.kind === "failed") return instead;
      if (instead.kind === "unfit") return { kind: "failed", why: verdict.why };
      count += 1;
      why ??= verdict.why;
    }
  }
  return why === undefined ? { kind: "taken" } : { kind: "taken", refused: { count, why } };
}
