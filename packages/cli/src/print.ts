import { formatDuration } from "@mayfly/sdk/formats";
import { printable } from "@mayfly/sdk/recordings";

export { printable } from "@mayfly/sdk/recordings";

/** Text on one line. */
export function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, " ⏎ ").replaceAll("\t", " "));
}

/** A number of things: `1 checkpoint`, `2 checkpoints`. @param one the word for one of them */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** A moment, absolute and relative: `2026-11-24 15:04:05 UTC (in 4m 12s)`. */
export function moment(rfc3339: string, now: number = Date.now()): string {
  const at = Date.parse(rfc3339);
  if (Number.isNaN(at)) return printable(rfc3339);
  const text = `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `${text} (${relative(at - now)})`;
}

/** A moment for a list: how far away it is; the moment itself as well where there is room for it. */
export function shortMoment(rfc3339: string, wide = false, now: number = Date.now()): string {
  const at = Date.parse(rfc3339);
  return wide || Number.isNaN(at) ? moment(rfc3339, now) : relative(at - now);
}

function relative(ms: number): string {
  const left = Math.round(ms / 1000) * 1000;
  return left > 0 ? `in ${formatDuration(left)}` : `${formatDuration(-left)} ago`;
}

/** Writes a line of results to standard output. */
export function out(text: string): void {
  if (text !== "") process.stdout.write(`${text}\n`);
}

/** Writes a line for the person at the terminal to standard error. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** Writes a value as JSON. @param indent left out: 2 */
export function outJson(value: unknown, indent = 2): void {
  out(safeJson(JSON.stringify(value, null, indent)));
}

/** What a terminal may act on although it stands in a JSON string: C1 control characters, and what reorders or hides text. */
const unsafeInJson = /[\u007f-\u009f]|(?!\u200c|\u200d|\ufe0e|\ufe0f)\p{Default_Ignorable_Code_Point}/gu;

/** JSON whose strings hold such characters as escapes: to a parser it is the same. */
export function safeJson(json: string): string {
  return json.replaceAll(unsafeInJson, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => String.raw`\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}
