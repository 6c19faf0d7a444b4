import { printable } from "./printable.ts";

// What a recorded command wrote is shown on an auditor's terminal, and the command was somebody else's to choose. So only
// what draws goes through, by an allow-list: text, SGR, movements and erasures within the screen. Everything that reads,
// sets or stores something of the terminal is left out: titles and the clipboard (OSC 0, 2, 52), links (OSC 8), reports that
// the terminal would answer as if typed (DA, DSR, ENQ, DECRQSS), printing, window operations, mouse and paste modes, and
// character sets. Authorities: ECMA-48, and xterm's "Control Sequences" (invisible-island.net/xterm/ctlseqs/ctlseqs.html).

// The whole screen is a recording's only while nothing else is on it (see stage.ts). So it does not choose between the
// screens, and does not erase what scrolled out of them.

/** What a recording may draw on: the lines that it adds, or the whole screen. */
export type Canvas = "lines" | "screen";

/** Final bytes of control sequences that draw (ECMA-48, section 8.3): movements, erasures, insertions, scrolling, SGR. */
const DRAWING_FINALS = new Set("@ABCDEFGHIJKLMPSTXZ`adefmrsu");
/** Those that draw on no line but the cursor's: erase in line, SGR. */
const LINE_FINALS = new Set("Km");
/** What is erased in a display: below, above, all of it. xterm's 3 is what scrolled out of it; 22 is kitty's. */
const ERASED_PARTS = new Set(["", "0", "1", "2"]);
/** DEC private modes that only draw: wrap, cursor. */
const DRAWING_MODES = new Set(["7", "12", "25", "1048"]);
/** Escapes without parameters that draw: save and restore the cursor, index, next line, reverse index. */
const DRAWING_ESCAPES = new Set("78DEM");
/** A parameter of more digits is no place on a screen, and would keep a terminal busy. */
const MAX_PARAMETER_DIGITS = 4;
/** A control sequence with more parameters than any that draws is left out, whatever it is. */
const MAX_SEQUENCE_LENGTH = 64;

/** A title or a link has no more characters. What is longer, or goes on in the next line, hides text: it is shown. */
const MAX_STRING_LENGTH = 4096;

/** C1 control characters as the escapes that they stand for (ECMA-48, section 5.3). */
const C1_START = 0x80;
const C1_END = 0x9f;

type State = "text" | "escape" | "escape-rest" | "sequence" | "string" | "string-escape";

/**
 * What a stream still holds when nothing comes after it: the text of a string that has no end.
 * @param safe what the whole stream went through
 */
export function heldBack(safe: (chunk: string) => string): string {
  const rest = safe("\n");
  return rest === "\n" ? "" : rest;
}

/**
 * Lets of a stream of terminal output through what draws, whatever way it is split. Holds no more than a string that draws
 * nothing may have.
 */
export function createSafeStream(canvas: Canvas): (chunk: string) => string {
  let state: State = "text";
  let sequence = "";
  /** What of a string was not shown so far. */
  let hidden = "";
  /** Ends a control sequence. @returns what of it goes through */
  const ended = (final: string): string => {
    state = "text";
    const whole = isDrawing(sequence, final, canvas) ? `\u001b[${sequence}${final}` : "";
    sequence = "";
    return whole;
  };
  /** The character after ESC, or a C1 control that stands for both. */
  const escaped = (character: string): string => {
    state = "text";
    if (character === "[") state = "sequence";
    // DCS, SOS, OSC, PM, APC: a string follows that ST ends, or BEL.
    else if ("PX]^_".includes(character)) state = "string";
    // An intermediate: a character set, or another function of two bytes and more.
    else if (character >= " " && character <= "/") state = "escape-rest";
    else if (canvas === "screen" && DRAWING_ESCAPES.has(character)) return `\u001b${character}`;
    return "";
  };
  const take = (character: string): string => {
    const code = character.codePointAt(0) ?? 0;
    if (state === "string-escape") {
      state = "text";
      hidden = "";
      // Any other escape ends the string too, and begins something of its own.
      return character === "\\" ? "" : takeNow(`\u001b${character}`);
    }
    if (state === "string") {
      const isEnd = character === "\u0007" || code === 0x9c || code === 0x18 || code === 0x1a;
      if (isEnd || character === "\u001b") {
        state = isEnd ? "text" : "string-escape";
        if (isEnd) hidden = "";
        return "";
      }
      hidden += character;
      if (character !== "\n" && hidden.length < MAX_STRING_LENGTH) return "";
      const shown = hidden;
      hidden = "";
      state = "text";
      // As text alone: what begins a string in it would be held and shown again and again.
      return Array.from(shown, (each) => ("\b\r".includes(each) ? each : shownAlone(each))).join("");
    }
    // CAN and SUB end what was begun.
    if (code === 0x18 || code === 0x1a) {
      state = "text";
      sequence = "";
      return "";
    }
    if (character === "\u001b") {
      state = "escape";
      sequence = "";
      return "";
    }
    if (code >= C1_START && code <= C1_END) {
      sequence = "";
      return escaped(String.fromCodePoint(code - 0x40));
    }
    // Control characters within a sequence are carried out at once; those that draw go through.
    if (code < 0x20) return "\b\t\n\r".includes(character) ? character : "";
    // No control sequence holds it.
    if (code > 0x7e) {
      state = "text";
      sequence = "";
    }
    if (state === "escape") return escaped(character);
    if (state === "escape-rest") {
      if (character >= "0") state = "text";
      return "";
    }
    if (state === "sequence") {
      if (character >= "@" && character <= "~") return ended(character);
      // Too long for one that draws: what is kept can't become one.
      if (sequence.length < MAX_SEQUENCE_LENGTH) sequence += character;
      return "";
    }
    return shownAlone(character);
  };
  const takeNow = (chunk: string): string => {
    let safe = "";
    for (const character of chunk) safe += take(character);
    return safe;
  };
  return takeNow;
}

/** One character, whatever stands beside it: joiners and selectors belong to characters that came before. */
function shownAlone(character: string): string {
  return "\u200c\u200d\ufe0e\ufe0f".includes(character) ? character : printable(character);
}

/** Whether a control sequence only draws. @param parameters everything between `CSI` and the final byte */
function isDrawing(parameters: string, final: string, canvas: Canvas): boolean {
  if (parameters.length >= MAX_SEQUENCE_LENGTH) return false;
  if (canvas === "lines" && !LINE_FINALS.has(final)) return false;
  if (final === "h" || final === "l") {
    const [, modes = ""] = /^\?(\d+(?:;\d+)*)$/.exec(parameters) ?? [];
    return modes !== "" && modes.split(";").every((mode) => DRAWING_MODES.has(mode));
  }
  // With five parameters it starts xterm's highlight tracking; with one it scrolls.
  if (final === "T" && parameters.includes(";")) return false;
  if (final === "J" && !ERASED_PARTS.has(parameters)) return false;
  return (
    DRAWING_FINALS.has(final) &&
    /^[\d;:]*$/.test(parameters) &&
    parameters.split(/[;:]/).every((digits) => digits.length <= MAX_PARAMETER_DIGITS)
  );
}
