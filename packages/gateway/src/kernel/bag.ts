/** One member's being in a bag. */
export interface Membership {
  /** Ends it; called again, it does nothing. */
  leave(): void;
}

/**
 * A bag (a set that may hold a member more than once) of what comes and goes without an end, request by request. V8's own Set
 * makes a new table every few changes, and each dead table leads to the next: once one of them has grown old, every later one,
 * and whatever was in it, lives until the whole heap is marked (docs/decisions/0039). This one keeps one array for good.
 */
export class Bag<Member> {
  readonly #entries: Entry<Member>[] = [];

  /** Adds a member. This and `leave` take the same time whatever the number of members. */
  add(member: Member): Membership {
    const entry = new Entry(this.#entries, member);
    this.#entries.push(entry);
    return entry;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The members as they are now, in no order. */
  members(): readonly Member[] {
    return this.#entries.map(({ member }) => member);
  }
}

class Entry<Member> implements Membership {
  readonly member: Member;
  readonly #entries: Entry<Member>[];
  #at: number;

  constructor(entries: Entry<Member>[], member: Member) {
    this.#entries = entries;
    this.#at = entries.length;
    this.member = member;
  }

  leave(): void {
    if (this.#entries[this.#at] !== this) return;
    const last = this.#entries.pop();
    if (last === undefined || last === this) return;
    this.#entries[this.#at] = last;
    last.#at = this.#at;
  }
}
