import { formatDuration } from "@mayfly/sdk/formats";
import { escapeOf, printable, safeJson, UNSEEN } from "@mayfly/sdk/recordings";
import { LOOKS } from "./terminal/colour.ts";

export { printable, safeJson } from "@mayfly/sdk/recordings";

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

const unseenButLooks = new RegExp(`(${LOOKS})|(?![\\n\\t])${UNSEEN}`, "gu");

/** A text whose looks are ours: whatever else a terminal would act on, or not show, is written as its escape. */
export function terminalText(text: string): string {
  return text.replaceAll(unseenButLooks, (found, look: string | undefined) => look ?? escapeOf(found));
}

/** Writes a line of results to standard output: nothing else does, but for what plays a recording or draws a page. */
export function out(text: string): void {
  if (text !== "") process.stdout.write(`${terminalText(text)}\n`);
}

/** Writes a line for the person at the terminal to standard error. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** Writes a value as JSON. @param indent left out: 2 */
export function outJson(value: unknown, indent = 2): void {
  out(safeJson(JSON.stringify(value, null, indent)));
}
