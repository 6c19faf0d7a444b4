import { visibleJson, visibleLines } from "../kernel/invisible-characters.ts";

// What a command of mayflyd says. Nothing else writes to its standard output or error but the log: names and texts of upstream
// servers, documents and tokens reach the operator's terminal through here, whole and seen.

function lines(text: string): string {
  return visibleLines(text.endsWith("\n") ? text.slice(0, -1) : text);
}

/** Writes results to standard output. */
export function say(text: string): void {
  console.log(lines(text));
}

/** Writes what the person at the terminal should know to standard error. */
export function tell(text: string): void {
  console.error(lines(text));
}

/** Writes to standard error what moves the terminal's own cursor: no name or text of anybody else. */
export function tellAsIs(text: string): void {
  process.stderr.write(text);
}

/** A value as JSON that a terminal acts on nowhere, and a parser reads as it is. @param indent left out: on one line */
export function jsonText(value: unknown, indent?: number): string {
  return visibleJson(JSON.stringify(value, undefined, indent));
}
