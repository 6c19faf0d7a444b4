import type { Clock } from "../kernel/clock.ts";
import type { Covering, Verdict } from "./protocol.ts";

/** What the finder needs. */
export interface CoveringParts<Act> {
  readonly clock: Clock;
  /** Names (`connection/operation`) that the grant's holder may request on its connection, beside the grant's own. */
  readonly offered: () => readonly string[];
  /** The check of one operation by itself; undefined when the operation no longer exists. */
  readonly checkOf: (name: string) => ((act: Act) => Verdict<unknown>) | undefined;
}

/** How long the list of requestable operations is cached, milliseconds. */
const OFFERS_KEPT_MS = 10_000;
/** How many operations are tried for one act. */
const MAX_TRIED = 16;
/** How many acts of one grant are looked up in a second: a denial must stay cheap, however many there are. */
const MAX_LOOKUPS_PER_SECOND = 4;

/**
 * Makes the finder of one grant: which other operations would cover a denied act. It permits nothing; it only says what
 * the holder could ask for.
 * @returns the names that cover the act, else those that come close; undefined when nothing was looked up
 */
export function createCoveringFinder<Act>(parts: CoveringParts<Act>): (act: Act) => Covering | undefined {
  const { clock, offered, checkOf } = parts;
  let names: readonly string[] = [];
  let namesUntil = Number.NEGATIVE_INFINITY;
  let checks = new Map<string, ((act: Act) => Verdict<unknown>) | undefined>();
  let second = Number.NEGATIVE_INFINITY;
  let lookups = 0;

  return (act) => {
    const now = clock.monotonic();
    if (now - second >= 1000) {
      second = now;
      lookups = 0;
    }
    if (lookups >= MAX_LOOKUPS_PER_SECOND) return undefined;
    lookups += 1;
    if (now >= namesUntil) {
      const all = offered();
      // When not all could be tried, an empty answer would be a guess.
      if (all.length > MAX_TRIED) return undefined;
      names = all;
      namesUntil = now + OFFERS_KEPT_MS;
      checks = new Map(names.map((name) => [name, checkOf(name)]));
    }
    const near: string[] = [];
    const covering = names.filter((name) => {
      const verdict = checks.get(name)?.(act);
      if (verdict?.kind === "deny" && verdict.denial.ask?.near === true) near.push(name);
      return verdict?.kind === "permit";
    });
    return covering.length > 0 || near.length === 0
      ? { names: covering, exactly: true }
      : { names: near, exactly: false };
  };
}
