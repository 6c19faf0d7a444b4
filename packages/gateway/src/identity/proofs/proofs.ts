import type { Clock } from "../../kernel/clock.ts";
import { boundedMap, type BoundedMap } from "../../kernel/bounded-map.ts";
import { requesterKey, type RequesterId } from "../../kernel/requester.ts";

/** The members of a principal that identify it. */
export type ProofHolder = RequesterId;

/** Whom the provider has confirmed. */
export type Proven =
  /** One principal: a token of theirs is still good. */
  | { readonly principal: ProofHolder }
  /** An agent by its client id, whomever it acts for: the management API says that it is active. */
  | { readonly issuers: readonly string[]; readonly client: string }
  /**
   * Everybody of these issuers of whom something was proven at `since` or later: the provider has told of all that ended
   * from then on, for example since the last look at its log. It proves nothing of anybody else. On the monotonic clock;
   * negative for before this process.
   */
  | { readonly issuers: readonly string[]; readonly since: number };

/**
 * When the provider last confirmed each principal. In memory alone: after a start only what is shown and asked anew is
 * known.
 */
export interface Proofs {
  /**
   * The provider confirmed somebody. A late or repeated answer changes nothing.
   * @param at when it was asked, on the monotonic clock: whatever ended while it answered is not in the answer
   */
  seen(who: Proven, at: number): void;
  /**
   * The provider issued somebody a token, so they were active then. The same token again proves nothing new.
   * @param issuedAt as the token says, milliseconds since the epoch
   */
  issued(who: ProofHolder, issuedAt: number): void;
  /** The age of the last proof, milliseconds, on whichever clock says more; infinity without any. */
  age(who: ProofHolder): number;
}

/** How many principals, clients and issuers are held, each. */
const MAX_PROVEN = 20_000;

/**
 * A moment on both clocks: the wall clock may be stepped, and the monotonic clock stands still while the machine is
 * suspended.
 */
interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** Makes the memory of a gateway's proofs. It outlives a reload. */
export function createProofs(clock: Clock): Proofs {
  const principals = boundedMap<Moment>(MAX_PROVEN);
  const tokens = boundedMap<Moment & { readonly issuedAt: number }>(MAX_PROVEN);
  const clients = boundedMap<Moment>(MAX_PROVEN);
  const issuers = boundedMap<Moment & { readonly since: number }>(MAX_PROVEN);

  /** The moment so many milliseconds ago; never one that is to come. */
  const ago = (ms: number): Moment => {
    const past = Math.max(ms, 0);
    return { wall: clock.wall() - past, monotonic: clock.monotonic() - past };
  };
  const ageOf = ({ wall, monotonic }: Moment): number =>
    Math.max(clock.wall() - wall, clock.monotonic() - monotonic);
  const clientKey = (issuer: string, client: string): string => JSON.stringify([issuer, client]);

  function keep<M extends Moment>(kept: BoundedMap<M>, key: string, moment: M): void {
    const before = kept.get(key);
    if (before === undefined || before.monotonic < moment.monotonic) kept.set(key, moment);
  }

  return {
    seen(who, at) {
      const moment = ago(clock.monotonic() - at);
      if (Number.isNaN(moment.monotonic)) return;
      if ("principal" in who) {
        keep(principals, requesterKey(who.principal), moment);
      } else if ("client" in who) {
        for (const issuer of who.issuers) keep(clients, clientKey(issuer, who.client), moment);
      } else {
        for (const issuer of who.issuers) {
          const before = issuers.get(issuer);
          // Word that goes on where the last one stopped reaches as far back as that did.
          const goesOn = before !== undefined && who.since <= before.monotonic;
          const since = goesOn ? Math.min(before.since, who.since) : who.since;
          keep(issuers, issuer, { ...moment, since });
        }
      }
    },
    issued(who, issuedAt) {
      const key = requesterKey(who);
      const before = tokens.get(key);
      // By the provider's own time: a wall clock that is stepped back must not make an old token young again.
      if (before !== undefined && before.issuedAt >= issuedAt) return;
      const moment = ago(clock.wall() - issuedAt);
      if (!Number.isNaN(moment.monotonic)) tokens.set(key, { ...moment, issuedAt });
    },
    age(who) {
      const key = requesterKey(who);
      const own = [principals.get(key), tokens.get(key), clients.get(clientKey(who.issuer, who.client))];
      const known = own.filter((moment) => moment !== undefined);
      const told = issuers.get(who.issuer);
      // Word of all that ended says something of those who were good when it began.
      const isTold = told !== undefined && known.some(({ monotonic }) => monotonic >= told.since);
      return Math.min(Number.POSITIVE_INFINITY, ...[...known, ...(isTold ? [told] : [])].map(ageOf));
    },
  };
}
