import type { IBuffer, IBufferCell, IBufferLine } from "@xterm/headless";

// What a terminal holds, as lines to draw. Whoever was recorded chose all of it, and each run is an element of the page: so
// there are no more of them, and of characters in a cell, than a browser draws without a halt.

/** Looks of some characters beside each other. Numbers are the palette's, texts are colours. */
export interface Looks {
  readonly color?: number | string;
  readonly ground?: number | string;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly inverse?: true;
  /** Its author wanted it unseen. It is seen. */
  readonly concealed?: true;
}

/** Characters of one look. */
export interface Run {
  readonly text: string;
  readonly looks: Looks;
}

/** One line of the terminal. */
export type Row = readonly Run[];

/** Runs of one frame. Beyond, counted from the last line up, lines are drawn without their looks, one run each. */
export const MAX_RUNS = 10_000;
/** A character with its marks, code points; of more the first are drawn. */
export const MAX_CELL_CHARACTERS = 16;
/** Marks of one frame, code points. Beyond, characters are drawn without theirs. */
export const MAX_MARKS = 50_000;

/** What a frame may still draw. */
interface Room {
  runs: number;
  marks: number;
}

/** The lines of a terminal's buffer, without those below the last one that says something. */
export function rowsOf(buffer: Pick<IBuffer, "length" | "getLine" | "getNullCell">): readonly Row[] {
  const cell = buffer.getNullCell();
  const room: Room = { runs: MAX_RUNS, marks: MAX_MARKS };
  const rows: Row[] = [];
  // From the last line up: that is what is in sight.
  for (let y = buffer.length - 1; y >= 0; y -= 1) {
    const line = buffer.getLine(y);
    const row = line === undefined ? [] : rowOf(line, cell, room);
    if (row.length > 0 || rows.length > 0) rows.push(row);
  }
  return rows.toReversed();
}

/** @param cell is overwritten, so that none is made for each place */
function rowOf(line: IBufferLine, cell: IBufferCell, room: Room): Row {
  const runs: { text: string; looks: Looks }[] = [];
  let [color, ground, flags] = [NONE, NONE, 0];
  for (let x = 0; x < line.length; x += 1) {
    const found = line.getCell(x, cell);
    // The second half of a wide character.
    if (found === undefined || found.getWidth() === 0) continue;
    const text = textOf(found, room);
    const last = runs.at(-1);
    const isPlain = room.runs <= 0;
    const [c, g, f] = isPlain ? [NONE, NONE, 0] : [colorKey(found), groundKey(found), flagsKey(found)];
    if (last !== undefined && c === color && g === ground && f === flags) last.text += text;
    else {
      [color, ground, flags] = [c, g, f];
      runs.push({ text, looks: isPlain ? {} : looksOf(found) });
      room.runs -= 1;
    }
  }
  return trimmed(runs);
}

/** A cell's character with its marks, as far as there is room. */
function textOf(cell: IBufferCell, room: Room): string {
  const all = cell.getChars();
  if (all.length <= 1) return all || " ";
  // Two code units hold a code point.
  const points = Array.from(all.slice(0, MAX_CELL_CHARACTERS * 2)).slice(0, MAX_CELL_CHARACTERS);
  const taken = points.slice(0, 1 + Math.max(0, room.marks));
  room.marks -= taken.length - 1;
  return taken.join("");
}

// Looks as numbers, as most cells look like the one before.

const NONE = -1;
const colorKey = (cell: IBufferCell): number =>
  cell.isFgDefault() ? NONE : cell.getFgColorMode() + cell.getFgColor();
const groundKey = (cell: IBufferCell): number =>
  cell.isBgDefault() ? NONE : cell.getBgColorMode() + cell.getBgColor();
const flagsKey = (cell: IBufferCell): number =>
  [
    cell.isBold(),
    cell.isDim(),
    cell.isItalic(),
    cell.isUnderline(),
    cell.isStrikethrough(),
    cell.isInverse(),
    cell.isInvisible(),
  ].reduce((key, flag) => key * 2 + (flag === 0 ? 0 : 1), 0);

/** Without the blanks that end a line and have no looks. */
function trimmed(runs: readonly Run[]): Row {
  const last = runs.at(-1);
  if (last === undefined || Object.keys(last.looks).length > 0)
    return runs.map(({ text, looks }) => ({ text, looks }));
  const text = last.text.trimEnd();
  const before = runs.slice(0, -1).map((run) => ({ text: run.text, looks: run.looks }));
  return text === "" ? before : [...before, { text, looks: last.looks }];
}

function looksOf(cell: IBufferCell): Looks {
  const color = colorOf(cell.isFgRGB(), cell.isFgPalette(), cell.getFgColor());
  const ground = colorOf(cell.isBgRGB(), cell.isBgPalette(), cell.getBgColor());
  return {
    ...(color === undefined ? {} : { color }),
    ...(ground === undefined ? {} : { ground }),
    ...(cell.isBold() ? { bold: true } : {}),
    ...(cell.isDim() ? { dim: true } : {}),
    ...(cell.isItalic() ? { italic: true } : {}),
    ...(cell.isUnderline() ? { underline: true } : {}),
    ...(cell.isStrikethrough() ? { strike: true } : {}),
    ...(cell.isInverse() ? { inverse: true } : {}),
    ...(cell.isInvisible() ? { concealed: true } : {}),
  };
}

/** Steps of xterm's colour cube: palette entries 16 to 231; the greys follow. */
const CUBE_STEPS = [0, 95, 135, 175, 215, 255] as const;
const CUBE_START = 16;
const GREY_START = 232;

/** The first sixteen stay numbers, as their colours are the page's. */
function colorOf(
  isRgb: boolean | number,
  isPalette: boolean | number,
  value: number,
): number | string | undefined {
  if (isRgb) return `#${value.toString(16).padStart(6, "0")}`;
  if (!isPalette) return undefined;
  if (value < CUBE_START) return value;
  if (value >= GREY_START) {
    const grey = 8 + (value - GREY_START) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const place = value - CUBE_START;
  const step = (divisor: number): number => CUBE_STEPS[Math.floor(place / divisor) % 6] ?? 0;
  return `rgb(${step(36)} ${step(6)} ${step(1)})`;
}
