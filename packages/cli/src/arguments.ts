import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "./exit.ts";

// What is wrong on the command line is said before anything is sent: each of these takes a word and gives back what is
// sent in its place. Commander turns what they throw into exit code 2.

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration as Mayfly writes it, `90s`, `5m`; undefined where it is none. */
export function parseSpan(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** A duration above zero. */
export function duration(text: string): string {
  if (!((parseSpan(text) ?? 0) > 0)) throw new InvalidArgumentError("Give a duration such as 30s, 5m or 8h.");
  return text;
}

const ID_EXAMPLES = {
  req: "req_7k2m9q4t0x5c8v1n",
  gr: "gr_7k2m9q4t0x5c8v1n",
  ses: "ses_7k2m9q4t0x5c8v1n",
} as const;

/** What follows an id's prefix: Crockford's base 32, in which the gateway writes 80 random bits. */
const ID_REST = "[0-9a-hjkmnp-tv-z]{16}";

/** An id of one of these kinds. @param lists the command that lists them */
function id(kinds: readonly (keyof typeof ID_EXAMPLES)[], lists: string): (text: string) => string {
  return (text) => {
    if (!kinds.some((kind) => new RegExp(`^${kind}_${ID_REST}$`).test(text)))
      throw new InvalidArgumentError(
        `Give ${kinds.map((kind) => ID_EXAMPLES[kind]).join(" or ")} or the like: ${lists} lists them.`,
      );
    return text;
  };
}

/** A request's id. */
export const requestId: (text: string) => string = id(["req"], "mayfly requests");
/** A grant's id. */
export const grantId: (text: string) => string = id(["gr"], "mayfly grants");
/** A session's id. */
export const sessionId: (text: string) => string = id(["ses"], "mayfly live -o wide");
/** A request's id or a grant's. */
export const requestOrGrantId: (text: string) => string = id(["req", "gr"], "mayfly requests");

/** One `CONNECTION/OPERATION`. */
export function operationName(text: string): string {
  if (!/^[^/]+\/[^/]+$/.test(text))
    throw new InvalidArgumentError(
      "Write CONNECTION/OPERATION, for example orders-db/read-orders: mayfly operations lists them.",
    );
  return text;
}

/** Maximum length of a reason, characters, as the gateway has it. */
const MAX_REASON_LENGTH = 500;

/** A reason; what else the gateway refuses of one, it says. */
export function reason(text: string): string {
  const { length } = text.trim();
  if (length === 0 || length > MAX_REASON_LENGTH)
    throw new InvalidArgumentError(`Use 1–${MAX_REASON_LENGTH} visible characters.`);
  return text;
}

const MAX_NOTE_LENGTH = 1000;

/** The note of a review; what else the gateway refuses of one, it says. */
export function noteText(text: string): string {
  const { length } = text.trim();
  if (length === 0 || length > MAX_NOTE_LENGTH)
    throw new InvalidArgumentError(`Use 1–${MAX_NOTE_LENGTH} visible characters.`);
  return text;
}

/** One of a few words. */
export function oneOf(...words: readonly string[]): (text: string) => string {
  return (text) => {
    if (!words.includes(text)) throw new InvalidArgumentError(`Give ${words.join(" or ")}.`);
    return text;
  };
}

/** A number from 1 to 1000. */
export function count(text: string): string {
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > 1000) throw new InvalidArgumentError("Give 1 to 1000.");
  return text;
}

/** RFC 3339, section 5.6; and its date alone, which is the start of that day. */
const momentPattern = /^\d{4}-\d{2}-\d{2}(?:[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;

/** A moment, written out or as how long ago it was. @returns RFC 3339 */
export function moment(text: string, now: number = Date.now()): string {
  const ago = parseSpan(text);
  if (ago !== undefined && ago <= now) return new Date(now - ago).toISOString();
  const at = momentPattern.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError(
      "Give how long ago (30m, 1h, 7d), a day (2026-11-24) or a time with its zone (2026-11-24T15:00:00Z).",
    );
  return text.length === 10 ? new Date(at).toISOString() : text;
}

/**
 * Gives a command an option that it cannot do without. Commander's own would be missed before an argument is: here what the
 * command is about is asked for first.
 */
export function required(
  made: Command,
  flags: string,
  description: string,
  parse: (text: string) => string,
): Command {
  const [long = flags] = flags.split(" ");
  return made.option(flags, description, parse).hook("preAction", (_, used) => {
    if (used.getOptionValue(long.replace(/^--/, "")) === undefined)
      used.error(`error: ${long} is missing: ${description}`, {
        exitCode: exitCodes.usage,
        code: "mayfly.missing",
      });
  });
}
