/**
 * How much work the messages of one principal's sessions may make in one turn of the event loop: what one waits for because
 * of another's messages, however small these are and whatever number of sessions they come on.
 */
export interface Turns {
  /** A session begins. */
  join(who: string): Share;
}

/** What the sessions of one principal share of each turn. */
export interface Share {
  /** Whether nothing of it is left in this turn, or nothing of what all principals share. */
  isUsedUp(): boolean;
  /** Notes work that was done. */
  spend(units: number): void;
  /** Calls `goOn` in a later turn, the principals in turn; given again, it still waits once. */
  wait(goOn: () => void): void;
  /** The session is over: what it waits for with these does not come. */
  leave(...all: readonly (() => void)[]): void;
}

/**
 * Units of work, about a microsecond each: of any message, of an act besides, and of so many bytes of a message, of a record
 * or of a text that leaves changed.
 */
export const MESSAGE_UNITS = 1;
export const ACT_UNITS = 8;
export const UNIT_BYTES = 512;
/** So many messages of a server, which are counted and no more, are a unit; and so many of its bytes. */
export const ANSWERS_A_UNIT = 16;
export const ANSWER_BYTES_A_UNIT = 1024;
/** What one principal's sessions may do in a turn, and those of all together. One message may go above it. */
export const MAX_UNITS_PER_TURN = { principal: 2048, total: 8192 } as const;

/** What is less is left standing from turn to turn: a count a turn would cost an act more than all else here. */
const MIN_UNITS = 512;

class PrincipalShare {
  sessions = 0;
  used = 0;
  /** The turn in which that much was used. */
  turn = -1;
  readonly waiting = new Set<() => void>();
}

/** Makes the turns of one port. */
export function createTurns(): Turns {
  const shares = new Map<string, PrincipalShare>();
  /** Whose sessions wait, in the order of service. */
  const waiting = new Set<PrincipalShare>();
  let turn = 0;
  let used = 0;
  let isPlanned = false;

  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(next);
  };
  const isUsedUp = (share: PrincipalShare): boolean =>
    used >= MAX_UNITS_PER_TURN.total || (share.turn === turn && share.used >= MAX_UNITS_PER_TURN.principal);

  /** A turn is over: those that wait go on, the principals in turn. */
  const next = (): void => {
    isPlanned = false;
    turn += 1;
    used = 0;
    // Whoever has more goes to the end of the set, and is come to again.
    for (const share of waiting) {
      if (isUsedUp(share)) continue;
      const [goOn] = share.waiting;
      waiting.delete(share);
      if (goOn === undefined) continue;
      share.waiting.delete(goOn);
      if (share.waiting.size > 0) waiting.add(share);
      goOn();
    }
    if (waiting.size > 0) plan();
  };

  return {
    join(who) {
      const share = shares.get(who) ?? new PrincipalShare();
      shares.set(who, share);
      share.sessions += 1;
      return {
        isUsedUp: () => isUsedUp(share),
        spend(units) {
          if (share.turn !== turn) {
            share.turn = turn;
            share.used = 0;
          }
          share.used += units;
          used += units;
          if (used >= MIN_UNITS) plan();
        },
        wait(goOn) {
          share.waiting.add(goOn);
          waiting.add(share);
          plan();
        },
        leave(...all) {
          for (const goOn of all) share.waiting.delete(goOn);
          share.sessions -= 1;
          if (share.sessions === 0 && shares.get(who) === share) shares.delete(who);
        },
      };
    },
  };
}
