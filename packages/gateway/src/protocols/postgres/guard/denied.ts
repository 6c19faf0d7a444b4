import type { Fault, Remedy } from "../../../gate/protocol.ts";

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

/** What can help against a refusal, by its rule, where the refusal itself does not say. */
const usualRemedy: Readonly<Record<Rule, Remedy>> = {
  statements: "ask",
  tables: "ask",
  columns: "ask",
  functions: "ask",
  types: "ask",
  operators: "never",
  catalog: "ask",
  require_where: "correct",
  settings: "never",
  grammar: "never",
  limits: "correct",
};

/**
 * Thrown inside the guard by the first thing that a scope does not cover. It never leaves the guard: `verdicts.ts`
 * turns it into a denial. The message names tables, columns and functions, never values of the statement.
 */
export class GuardDenied extends Error {
  override readonly name = "GuardDenied";
  readonly rule: Rule;
  /** What the reader could do about this very statement. */
  readonly advice: string | undefined;
  /** What kind of thing can help. */
  readonly remedy: Remedy;
  /** The operation whose scope denied, once a scope has been asked. */
  operation: string | undefined = undefined;
  /** How PostgreSQL says it, where it would refuse the statement too. */
  readonly fault: Fault | undefined;
  /** Where in the text the fault is, in bytes from 0, where the node that has it says so. */
  place: number | undefined = undefined;

  constructor(
    rule: Rule,
    message: string,
    advice?: string,
    remedy: Remedy = usualRemedy[rule],
    fault?: Fault,
  ) {
    super(message);
    this.rule = rule;
    this.advice = advice;
    this.remedy = remedy;
    this.fault = fault;
  }
}

/** Refuses what another operation may cover, or what its rule's usual remedy helps against. @throws GuardDenied always */
export function refuse(rule: Rule, message: string, advice?: string): never {
  throw new GuardDenied(rule, message, advice);
}

/** Refuses what no operation grants, whatever it says. @throws GuardDenied always */
export function refuseForever(rule: Rule, message: string, advice?: string): never {
  throw new GuardDenied(rule, message, advice, "never");
}

/** Refuses what its writer can mend without more access. @throws GuardDenied always */
export function refuseMistake(rule: Rule, message: string, advice?: string): never {
  throw new GuardDenied(rule, message, advice, "correct");
}

/** Refuses what PostgreSQL refuses too, as it says that. @throws GuardDenied always */
export function refuseFault(rule: Rule, message: string, advice: string | undefined, fault: Fault): never {
  throw new GuardDenied(rule, message, advice, "correct", fault);
}

/** A name as a message may show it: one line, bounded. */
export function shown(name: string): string {
  const clean = name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?");
  return clean.length > 80 ? `${clean.slice(0, 77)}...` : clean;
}
