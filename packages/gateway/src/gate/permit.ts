/**
 * The in-process proof that one act passed its check and that its intent is in the log. Every write upstream requires
 * one and consumes it. Only this folder can make one: the constructor requires a key that is never exported.
 */
const mint = Symbol("mint");

export class Permit<Cover> {
  /** Sequence number of the intent's record. */
  readonly intent: number;
  /** `connection/operation` that covers the act. */
  readonly operation: string;
  /** What covers the act: the verdict's `cover`. */
  readonly cover: Cover;
  /** When it was decided: a tick of act-times.ts. */
  readonly tick: number;
  #spent = false;

  private constructor(key: symbol, intent: number, operation: string, cover: Cover, tick: number) {
    if (key !== mint) throw new TypeError("a Permit is made by the gate alone");
    this.intent = intent;
    this.operation = operation;
    this.cover = cover;
    this.tick = tick;
  }

  /**
   * Consumes the permit. The code that writes the act upstream calls it immediately before.
   * @throws TypeError when it was spent before
   */
  spend(): void {
    if (this.#spent) throw new TypeError("a Permit is spent once");
    this.#spent = true;
  }

  /** For the gate alone. */
  static [mint]<Cover>(intent: number, operation: string, cover: Cover, tick: number): Permit<Cover> {
    return new Permit(mint, intent, operation, cover, tick);
  }
}

/** Mints a permit. `gate/session.ts` is its only caller; the linter keeps it inside this folder. */
export function mintPermit<Cover>(intent: number, operation: string, cover: Cover, tick = 0): Permit<Cover> {
  return Permit[mint](intent, operation, cover, tick);
}
