import { type Canvas, createSafeStream, heldBack } from "@mayfly/sdk/recordings";

// A replay tells acts in words, and plays recordings between them. A recording that moves about on the screen could write
// over those words, and so tell another story of what other acts did. So it plays on the alternate screen, where none of
// them is. One that only adds lines, as most commands do, plays among them and can be read afterwards.

/** Where a recording plays. */
export interface Stage {
  /** Written before it. */
  readonly begin: string;
  /** What of the next part of the recording is written. */
  readonly show: (chunk: string) => string;
  /** Written after it, however it ends. */
  readonly end: () => string;
}

/** The alternate screen, cleared (xterm). */
const ALTERNATE_SCREEN = "\u001b[?1049h\u001b[H";
/**
 * Brings a terminal back to where a shell expects it, after anything that was shown: a cursor that is seen, no looks, the
 * whole screen scrolling, no alternate screen, below all that was drawn.
 */
const TERMINAL_AS_IT_WAS = "\u001b[?7h\u001b[?25h\u001b[r\u001b[?1049l\u001b[0m\u001b[999;1H\n";
const NO_LOOKS = "\u001b[0m";

/**
 * Chooses where a recording plays. What is no terminal gets lines alone: it may be shown on one later. Pure.
 * @param isRaw whether all of it goes through as it is
 */
export function stageOf(
  chunks: readonly string[],
  { isTerminal, isRaw }: { readonly isTerminal: boolean; readonly isRaw: boolean },
): Stage {
  const canvas = isTerminal && (isRaw || movesAbout(chunks)) ? "screen" : "lines";
  const show = isRaw ? (chunk: string): string => chunk : createSafeStream(canvas);
  const after = canvas === "screen" ? TERMINAL_AS_IT_WAS : isTerminal ? `${NO_LOOKS}\n` : "\n";
  return {
    begin: canvas === "screen" ? ALTERNATE_SCREEN : "",
    show,
    end: () => (isRaw ? "" : heldBack(show)) + after,
  };
}

/** Whether anything of it draws elsewhere than on lines that it adds. */
function movesAbout(chunks: readonly string[]): boolean {
  const [lines, screen] = (["lines", "screen"] satisfies Canvas[]).map(createSafeStream);
  return chunks.some((chunk) => lines?.(chunk) !== screen?.(chunk));
}
