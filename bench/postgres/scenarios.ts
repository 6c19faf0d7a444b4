import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";

/** One load of pgbench. */
export interface Scenario {
  readonly name: string;
  readonly clients: number;
  readonly tls: boolean;
  /** What a transaction is worth in the unit printed. */
  readonly unit: "tps" | "MB/s";
  /** Whether it runs for a time in which logging in is not meant; otherwise all of it counts. */
  readonly timed: boolean;
  /** pgbench's arguments for so many seconds. */
  args(seconds: number): readonly string[];
}

const modes = ["simple", "extended", "prepared"];
const counts = [1, 8, 64];

/** Transactions of the large result in a run. */
export const BIG_TRANSACTIONS = 2;

const selects = [false, true].flatMap((tls) =>
  counts.flatMap((clients) =>
    modes.map((mode): Scenario => ({
      name: `${mode}, ${clients} client${clients > 1 ? "s" : ""}${tls ? ", TLS" : ""}`,
      clients,
      tls,
      unit: "tps",
      timed: true,
      args: (seconds) => ["-S", "-M", mode, "-c", String(clients), "-T", String(seconds)],
    })),
  ),
);

/** Every load, TLS off first. */
export const scenarios: readonly Scenario[] = [
  ...selects,
  {
    name: "large result",
    clients: 1,
    tls: false,
    unit: "MB/s",
    timed: false,
    args: () => ["-f", path.join(root, "bench/postgres/big.sql"), "-c", "1", "-t", String(BIG_TRANSACTIONS)],
  },
  {
    name: "reconnects, 8 clients",
    clients: 8,
    tls: false,
    unit: "tps",
    timed: false,
    args: (seconds) => ["-S", "-C", "-c", "8", "-T", String(seconds)],
  },
];

/**
 * Those that are named by words with semicolons between them: a whole name, or else a part of names. All for none.
 * @throws Error for a word that names nothing
 */
export function chosen(all: readonly Scenario[], only: string): readonly Scenario[] {
  const words = only
    .split(";")
    .map((word) => word.trim())
    .filter(Boolean);
  if (words.length === 0) return all;
  const named = words.flatMap((word) => {
    const exact = all.filter(({ name }) => name === word);
    const some = exact.length > 0 ? exact : all.filter(({ name }) => name.includes(word));
    if (some.length === 0) throw new Error(`no load is named "${word}"`);
    return some;
  });
  return all.filter((scenario) => named.includes(scenario));
}
