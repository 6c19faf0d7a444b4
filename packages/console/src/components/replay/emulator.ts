// By its file: the package's own name leads to CommonJS, and its "module" to a file that is not there.
import { Terminal } from "@xterm/headless/lib-headless/xterm-headless.mjs";
import { type Cast, createSafeStream, heldBack } from "@mayfly/sdk/recordings";
import { MAX_CELL_CHARACTERS, type Row, rowsOf } from "./rows.ts";

// A terminal without a screen of its own: xterm.js parses what a command wrote, and the page draws what it then holds. Its
// own renderer writes style elements and attributes, which the content security policy refuses. Nothing here listens to
// what the terminal would answer, so that it answers nobody; and what is not drawing does not reach it (see createSafeStream).

/** What scrolled off the top is kept so far, in lines. */
const MAX_SCROLLBACK_LINES = 500;
const MAX_COLUMNS = 500;
const MAX_ROWS = 200;
/** A size that changes costs a pass over all lines; whoever was recorded chose how often. Later ones are left out. */
const MAX_RESIZES = 1000;
/** Marks upon marks: more than are ever drawn (see rows.ts) need not be kept. */
const PILED_MARKS = new RegExp(String.raw`(\p{M}{${MAX_CELL_CHARACTERS}})\p{M}+`, "gu");
const SIZE = /^(\d{1,4})x(\d{1,4})$/;

const within = (size: number, most: number): number => Math.min(Math.max(Math.trunc(size) || 1, 1), most);

/** A recording on a terminal, at any of its moments. */
export interface Emulator {
  /**
   * Shows the recording as it was so many milliseconds into it; resolves once the terminal holds that, or once a later call
   * has taken its place.
   */
  show(at: number): Promise<void>;
  rows(): readonly Row[];
  close(): void;
}

export function createEmulator(cast: Cast): Emulator {
  const size = { cols: within(cast.width, MAX_COLUMNS), rows: within(cast.height, MAX_ROWS) };
  const terminal = new Terminal({
    ...size,
    scrollback: MAX_SCROLLBACK_LINES,
    allowProposedApi: true,
    logLevel: "off",
  });
  let safe = createSafeStream("screen");
  /** The first event that the terminal has not had. */
  let next = 0;
  let last = 0;
  /** One look at a time: a terminal takes what it is given in turns. */
  let queue = Promise.resolve();
  /** How many looks were asked for: the last of them is the one that is wanted. */
  let asked = 0;
  let isClosed = false;
  let resizes = 0;
  /** What the terminal holds, as it was last asked for; undefined: it has changed since. */
  let known: readonly Row[] | undefined;

  const write = (text: string): Promise<void> =>
    new Promise((resolve) => terminal.write(text.replaceAll(PILED_MARKS, "$1"), resolve));

  async function move(at: number, isStale: () => boolean): Promise<void> {
    if (isStale()) return;
    if (at < last) {
      terminal.reset();
      terminal.resize(size.cols, size.rows);
      safe = createSafeStream("screen");
      next = 0;
      resizes = 0;
      known = undefined;
    }
    last = at;
    let text = "";
    for (let event = cast.events[next]; event !== undefined && event.at <= at; event = cast.events[++next]) {
      if (event.code === "o") text += safe(event.data);
      const [, columns, rows] = event.code === "r" ? (SIZE.exec(event.data) ?? []) : [];
      if (columns === undefined || rows === undefined || resizes >= MAX_RESIZES) continue;
      await write(text);
      text = "";
      known = undefined;
      // The event stays the next one.
      if (isStale()) return;
      resizes += 1;
      terminal.resize(within(Number(columns), MAX_COLUMNS), within(Number(rows), MAX_ROWS));
    }
    if (next >= cast.events.length) text += heldBack(safe);
    if (text === "") return;
    await write(text);
    known = undefined;
  }

  return {
    show(at) {
      const mine = ++asked;
      const shown = queue.then(() => move(at, () => isClosed || mine !== asked));
      queue = shown.catch(() => {
        // What the terminal holds now nobody knows: the next look begins at the beginning.
        last = Infinity;
      });
      return shown;
    },
    rows: () => (isClosed ? [] : (known ??= rowsOf(terminal.buffer.active))),
    close() {
      isClosed = true;
      terminal.dispose();
    },
  };
}
