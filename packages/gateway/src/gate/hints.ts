import type { AskParts, Covering, Denial, Fault, Remedy } from "./protocol.ts";

/** The facts of a denial that its hint is made from. */
export interface Denied {
  readonly rule: string;
  readonly message: string;
  readonly remedy: Remedy;
  readonly advice?: string | undefined;
  readonly covers?: string | undefined;
  readonly connection: string;
  readonly near?: boolean;
  readonly fault?: Fault | undefined;
}

/** Why something is refused, and what can help. */
export interface Objection {
  readonly why: string;
  readonly remedy: Remedy;
}

/** The act itself is wrong, whatever is granted. */
export const wrong = (why: string): Objection => ({ why, remedy: "correct" });
/** Another operation may grant it. */
export const notGranted = (why: string): Objection => ({ why, remedy: "ask" });
/** No operation grants it. */
export const neverGranted = (why: string): Objection => ({ why, remedy: "never" });

/** How many operations a hint names. */
const MAX_NAMED = 4;

/** The remedy for each kind of denial, except the one that asking may resolve. */
const nextSteps: Readonly<Record<Exclude<Remedy, "ask">, string | undefined>> = {
  correct: undefined,
  never: "no operation can grant this: asking for more access will not help",
  operator: "only the gateway's operator can change this",
  retry: "try again in a moment",
};

/** How to ask. @param covering operations that cover the act and may be requested; undefined: not looked up */
function howToAsk(connection: string, covering: Covering | undefined): string {
  if (covering === undefined)
    return `for more, ask: mayfly request ${connection}/OPERATION --reason "…"; mayfly operations lists them`;
  const [first, ...more] = covering.names;
  if (first === undefined)
    return "no operation that you may request covers this as it is (mayfly operations lists them): correct it, or tell the gateway's operator what you need";
  const others = more.slice(0, MAX_NAMED - 1);
  const also = others.length === 0 ? "" : ` (so does ${others.join(", ")})`;
  const does = covering.exactly ? "covers this" : "covers this kind of act";
  return `${first} ${does}${also}: mayfly request ${first} --reason "…"`;
}

function askHint({ advice, covers, connection }: AskParts, covering: Covering | undefined): string {
  const covered = covers === undefined ? undefined : `this grant covers ${covers}`;
  return [advice, covered, howToAsk(connection, covering)].filter((part) => part !== undefined).join("; ");
}

/**
 * The hint of a denial, once it is known which operations of the same connection cover the act and may be requested by
 * the caller.
 */
export function hintWith(denial: Denial, covering: Covering): string {
  return denial.ask === undefined ? denial.hint : askHint(denial.ask, covering);
}

/** Makes a denial with the hint of its kind: each reader is told the one thing that can help. */
export function denialOf(denied: Denied): Denial {
  const { rule, message, remedy, advice, covers, connection, near } = denied;
  if (remedy === "ask") {
    const ask = {
      ...(advice === undefined ? {} : { advice }),
      ...(covers === undefined ? {} : { covers }),
      connection,
      ...(near === true ? { near } : {}),
    };
    return { rule, message, remedy, hint: askHint(ask, undefined), ask };
  }
  const said = [advice, nextSteps[remedy]].filter((part) => part !== undefined);
  const hint = said.length === 0 ? "correct it and send it again: the grant is unchanged" : said.join("; ");
  return { rule, message, remedy, hint, ...(denied.fault === undefined ? {} : { fault: denied.fault }) };
}
