import type { Evidence } from "../../gate/inventory/inventory.ts";

/** How many names are written out. */
const MAX_NAMED = 4;

/** `1,204,331` */
export const counted = (count: number): string => count.toLocaleString("en");

/** `1 statement`, `1,204,331 statements` */
export const countOf = (count: number, what: string): string =>
  `${counted(count)} ${what}${count === 1 ? "" : "s"}`;

/** `1 time`, `12 times` */
const timesOf = (times: number): string => countOf(times, "time");

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** When: `2026-11-01 to 2026-11-30`; empty where nobody said. */
export function daysOf({ first, last }: Pick<Evidence, "first" | "last">): string {
  if (first === undefined || last === undefined) return "";
  const [from, to] = [dayOf(first), dayOf(last)];
  return from === to ? from : `${from} to ${to}`;
}

/** `seen 12 times by app (10), bot (2), 2026-11-01 to 2026-11-30` */
export function evidenceWords(evidence: Evidence): string {
  const all = [...evidence.by].filter(([who]) => who !== "").toSorted(([, one], [, other]) => other - one);
  const named = all
    .slice(0, MAX_NAMED)
    .map(([who, times]) =>
      all.length === evidence.by.size && all.length === 1 ? who : `${who} (${counted(times)})`,
    );
  const more = all.length > MAX_NAMED ? ` and ${all.length - MAX_NAMED} more` : "";
  const days = daysOf(evidence);
  return `seen ${timesOf(evidence.times)}${named.length === 0 ? "" : ` by ${named.join(", ")}${more}`}${days === "" ? "" : `, ${days}`}`;
}
