import { escapeInvisible } from "../../kernel/invisible-characters.ts";

/** Maximum length of a value that is shown whole, characters. */
const MAX_SHOWN = 200;

/** A value of a token for a terminal: one bounded line, without invisible characters and without a token inside it. */
export function displayValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text === "") return '""';
  const plain = escapeInvisible(text.replaceAll(/eyJ[\w-]{8,}(?:\.[\w-]*)+/g, "[a token]"));
  return plain.length > MAX_SHOWN ? `${plain.slice(0, MAX_SHOWN)}…` : plain;
}

/** Alternatives for a sentence: `a, b or c`. */
export function anyOf(values: readonly string[]): string {
  return values.length < 2 ? (values[0] ?? "") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

const steps = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** A time claim for people: `2026-01-01T00:00:00Z, 5 minutes ago`; unchanged where it is not a time. */
export function displayTime(value: unknown, now: number): string {
  const at = typeof value === "number" ? value * 1000 : Number.NaN;
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return displayValue(value);
  const apart = Math.abs(at - now);
  const [name, size] = steps.find(([, each]) => apart >= each) ?? ["second", 1_000];
  const count = Math.floor(apart / size);
  const span = `${count} ${name}${count === 1 ? "" : "s"}`;
  const when = count === 0 ? "now" : at > now ? `in ${span}` : `${span} ago`;
  return `${date.toISOString().replace(".000Z", "Z")}, ${when}`;
}
