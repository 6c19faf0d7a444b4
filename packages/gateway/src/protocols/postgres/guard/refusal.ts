/** What a scope's part is called in a denial's rule: `orders-db/read-orders: columns`. */
export type Rule =
  | "statements"
  | "tables"
  | "columns"
  | "functions"
  | "types"
  | "operators"
  | "catalog"
  | "require_where"
  | "settings"
  | "grammar"
  | "limits";

/**
 * Thrown inside the guard by the first thing that a scope does not cover. It never leaves the guard: `verdicts.ts`
 * turns it into a denial. The message names tables, columns and functions, never values of the statement.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly rule: Rule;
  /** What the reader could do, where it is more than asking for another operation. */
  readonly advice: string | undefined;

  constructor(rule: Rule, message: string, advice?: string) {
    super(message);
    this.rule = rule;
    this.advice = advice;
  }
}

/** @throws Refusal always */
export function refuse(rule: Rule, message: string, advice?: string): never {
  throw new Refusal(rule, message, advice);
}

/** A name as a message may show it: one line, bounded. */
export function shown(name: string): string {
  const clean = name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?");
  return clean.length > 80 ? `${clean.slice(0, 77)}...` : clean;
}
