/**
 * The in-process proof that one act passed its check and that its intent is in the log. Writing upstream asks for
 * one, and spends it. Only this folder can make one: the constructor wants a key that is never exported.
 */
const mint = Symbol("mint");

export class Permit {
  /** Sequence number of the intent's record. */
  readonly intent: number;
  /** `connection/operation` that covers the act. */
  readonly operation: string;
  #spent = false;

  private constructor(key: symbol, intent: number, operation: string) {
    if (key !== mint) throw new TypeError("a Permit is made by the gate alone");
    this.intent = intent;
    this.operation = operation;
  }

  /**
   * Uses the permit up. The code that writes an act upstream calls it right before.
   * @throws TypeError when it was spent before
   */
  spend(): void {
    if (this.#spent) throw new TypeError("a Permit is spent once");
    this.#spent = true;
  }

  /** For the gate alone. */
  static [mint](intent: number, operation: string): Permit {
    return new Permit(mint, intent, operation);
  }
}

/** Mints a permit. `gate/session.ts` is its only caller; the linter keeps it inside this folder. */
export function mintPermit(intent: number, operation: string): Permit {
  return Permit[mint](intent, operation);
}
