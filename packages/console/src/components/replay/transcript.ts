import { type Cast, createSafeStream, heldBack } from "@mayfly/sdk/recordings";

// What a recording printed, as text to search in. Pure.

/** All that was printed, without what only draws, and when which part of it was. */
export interface Transcript {
  readonly text: string;
  /** Where the text of an event begins, and when it was printed; in order. */
  readonly marks: readonly { readonly from: number; readonly at: number }[];
}

/** As many matches are walked through. */
const MAX_MATCHES = 1000;
/** Looks: all that createSafeStream("lines") leaves of control sequences. */
// oxlint-disable-next-line no-control-regex -- ESC is what it looks for
const LOOKS = /\u001b\[[\d;:]*[Km]/g;

/** The text of a recording. */
export function transcriptOf({ events }: Cast): Transcript {
  const safe = createSafeStream("lines");
  const marks: { from: number; at: number }[] = [];
  let text = "";
  for (const { code, data, at } of events) {
    if (code !== "o") continue;
    marks.push({ from: text.length, at });
    text += safe(data).replaceAll(LOOKS, "");
  }
  marks.push({ from: text.length, at: events.at(-1)?.at ?? 0 });
  return { text: text + heldBack(safe), marks };
}

/** When each match was on the screen whole, milliseconds into the recording; whatever its case. */
export function findIn({ text, marks }: Transcript, wanted: string): readonly number[] {
  const needle = wanted.toLowerCase();
  if (needle.trim() === "") return [];
  const hay = text.toLowerCase();
  const times: number[] = [];
  let mark = 0;
  for (
    let place = hay.indexOf(needle);
    place >= 0 && times.length < MAX_MATCHES;
    place = hay.indexOf(needle, place + needle.length)
  ) {
    const end = place + needle.length - 1;
    while ((marks[mark + 1]?.from ?? Infinity) <= end) mark += 1;
    times.push(marks[mark]?.at ?? 0);
  }
  return times;
}

/** The last moment of a recording, milliseconds into it. */
export function lengthOf({ events }: Cast): number {
  return events.reduce((last, { at }) => Math.max(last, at), 0);
}

/** "1:05", "1:00:05"; with tenths where all of it is short: "0:01.4". */
export function clockText(milliseconds: number, length = milliseconds): string {
  const tenths = length < 60_000 ? `.${Math.floor(milliseconds / 100) % 10}` : "";
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${two(seconds % 60)}${tenths}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
