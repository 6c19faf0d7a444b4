import type { Cast } from "@mayfly/sdk/recordings";
import { describe, expect, it } from "vitest";
import { createEmulator } from "./emulator.ts";
import { MAX_CELL_CHARACTERS, MAX_MARKS, MAX_RUNS, type Row } from "./rows.ts";

const cast = (...events: readonly (readonly [at: number, data: string, code?: string])[]): Cast => ({
  width: 20,
  height: 3,
  title: "sh",
  events: events.map(([at, data, code = "o"]) => ({ at, code, data })),
});
const textOf = (rows: readonly Row[]): string =>
  rows
    .map((row) => row.map(({ text }) => text).join(""))
    .join("\n")
    .trimEnd();

describe("a recording on a terminal", () => {
  it("is as it was at any moment, forwards and backwards", async () => {
    const terminal = createEmulator(cast([0, "one\r\n"], [100, "two\r\n"], [200, "\u001b[2J\u001b[Hthree"]));
    await terminal.show(100);
    expect(textOf(terminal.rows())).toBe("one\ntwo");
    await terminal.show(200);
    expect(textOf(terminal.rows())).toBe("three");
    await terminal.show(50);
    expect(textOf(terminal.rows())).toBe("one");
    terminal.close();
    expect(terminal.rows()).toEqual([]);
  });
  it("shows the last of several looks asked for at once", async () => {
    const terminal = createEmulator(cast([0, "a"], [100, "b"], [200, "c"]));
    await Promise.all([terminal.show(200), terminal.show(0), terminal.show(100)]);
    expect(textOf(terminal.rows())).toBe("ab");
  });
  it("leaves out looks that a later one has replaced, begun ones too", async () => {
    const read: string[] = [];
    const noted = (at: number, data: string) => ({
      at,
      code: "o",
      get data() {
        read.push(data);
        return data;
      },
    });
    const terminal = createEmulator({
      ...cast(),
      events: [
        { at: 0, code: "o", data: "a" },
        { at: 50, code: "r", data: "10x2" },
        noted(100, "b"),
        noted(200, "c"),
      ],
    });
    const all = [terminal.show(200), terminal.show(0), terminal.show(100)];
    await Promise.all(all);
    expect(textOf(terminal.rows())).toBe("ab");
    expect(read).toEqual(["b"]);
    const begun = terminal.show(200);
    await Promise.resolve();
    await Promise.all([begun, terminal.show(0)]);
    expect(textOf(terminal.rows())).toBe("a");
    await terminal.show(200);
    expect(textOf(terminal.rows())).toBe("abc");
  });
  it("goes on after a look that failed", async () => {
    let fails = true;
    const events = [
      { at: 0, code: "o", data: "a" },
      {
        at: 100,
        code: "o",
        get data(): string {
          if (fails) throw new Error("unreadable");
          return "b";
        },
      },
    ];
    const terminal = createEmulator({ ...cast(), events });
    await expect(terminal.show(100)).rejects.toThrow("unreadable");
    await terminal.show(0);
    expect(textOf(terminal.rows())).toBe("a");
    fails = false;
    await terminal.show(100);
    expect(textOf(terminal.rows())).toBe("ab");
  });
  it("has the looks that were written, by the page's palette or as colours", async () => {
    const terminal = createEmulator(
      cast([
        0,
        "\u001b[1;31ma\u001b[0m\u001b[38;5;196mb\u001b[0m\u001b[48;2;1;2;3mc\u001b[0;7md\u001b[0;8me",
      ]),
    );
    await terminal.show(0);
    expect(terminal.rows()[0]).toEqual([
      { text: "a", looks: { color: 1, bold: true } },
      { text: "b", looks: { color: "rgb(255 0 0)" } },
      { text: "c", looks: { ground: "#010203" } },
      { text: "d", looks: { inverse: true } },
      { text: "e", looks: { concealed: true } },
    ]);
  });
  it("keeps what scrolled off, follows a size, and takes none that would fill the memory", async () => {
    const lines = Array.from({ length: 2000 }, (_, line) => `${line}\r\n`).join("");
    const terminal = createEmulator(cast([0, "9999x9999", "r"], [1, lines], [2, "4x2", "r"]));
    await terminal.show(1);
    expect(terminal.rows()).toHaveLength(500 + 200 - 1);
    await terminal.show(2);
    expect(terminal.rows().length).toBeLessThanOrEqual(500 + 200);
  });
  it("is not moved by what owns a terminal: titles, the clipboard, links, questions, mouse modes", async () => {
    const hostile = [
      "\u001b]0;pwned\u0007",
      "\u001b]52;c;cm0gLXJmIC8=\u0007",
      "\u001b]8;;https://evil.test\u001b\\link\u001b]8;;\u001b\\",
      "\u001b[6n\u001b[c\u001b[>q\u0005\u001bP$qm\u001b\\",
      "\u001b[?1049h\u001b[?1000h\u001b[8;900;900t",
    ].join("");
    const terminal = createEmulator(cast([0, `a${hostile}b\u202E`]));
    await terminal.show(0);
    expect(textOf(terminal.rows())).toBe(String.raw`alinkb\u202e`);
    expect(terminal.rows()).toHaveLength(1);
  });
});

const countsOf = (rows: readonly Row[]): { readonly runs: number; readonly characters: number } => ({
  runs: rows.flat().length,
  characters: rows.flat().reduce((sum, { text }) => sum + Array.from(text).length, 0),
});

describe("a recording that would have the page draw without an end", () => {
  it("has the looks of its last lines where every cell has other ones, and all of its text", async () => {
    const [columns, lines] = [400, 60];
    // Each cell its own colour, and one that nothing else on the line has.
    const line = (y: number): string =>
      Array.from({ length: columns }, (_, x) => `\u001b[38;2;${y};${x >> 8};${x & 255}mx`).join("");
    const text = Array.from({ length: lines }, (_, y) => line(y)).join("\r\n");
    const terminal = createEmulator({ ...cast([0, text]), width: columns, height: lines });
    await terminal.show(0);
    const rows = terminal.rows();
    const { runs, characters } = countsOf(rows);
    expect(columns * lines).toBeGreaterThan(2 * MAX_RUNS);
    expect(runs).toBeGreaterThanOrEqual(MAX_RUNS);
    expect(runs).toBeLessThanOrEqual(MAX_RUNS + lines);
    expect(characters).toBe(columns * lines);
    expect(rows.at(-1)).toHaveLength(columns);
    expect(rows[0]).toEqual([{ text: "x".repeat(columns), looks: {} }]);
  });
  it("draws some of the marks that are piled on a character, however they come there", async () => {
    const marks = "\u0301".repeat(100_000);
    // Vowels of Hangul join what stands before them, and are no marks by their category.
    const vowels = "\u1161".repeat(1000);
    const terminal = createEmulator(cast([0, `a${marks}b\r\nc${vowels}d\r\ne${marks}`], [1, marks]));
    await terminal.show(0);
    await terminal.show(1);
    const maxMarks = MAX_CELL_CHARACTERS - 1;
    expect(textOf(terminal.rows())).toBe(
      `a${"\u0301".repeat(maxMarks)}b\nc${"\u1161".repeat(maxMarks)}d\ne${"\u0301".repeat(maxMarks)}`,
    );
  });
  it("draws so many marks in all, and every character", async () => {
    const columns = 500;
    const lines = Math.ceil(MAX_MARKS / columns / (MAX_CELL_CHARACTERS - 1)) * 2;
    const line = `x${"\u0301".repeat(MAX_CELL_CHARACTERS)}`.repeat(columns);
    const text = Array.from({ length: lines }, () => line).join("\r\n");
    const terminal = createEmulator({ ...cast([0, text]), width: columns, height: lines });
    await terminal.show(0);
    expect(countsOf(terminal.rows())).toEqual({ runs: lines, characters: columns * lines + MAX_MARKS });
  });
  it("changes its size so often and no more", async () => {
    const sizes = Array.from({ length: 1000 }, (_, time) => [time, `${10 + (time % 2)}x2`, "r"] as const);
    const terminal = createEmulator(cast(...sizes, [2000, "5x2", "r"], [2001, "abcdefgh"]));
    await terminal.show(2001);
    expect(textOf(terminal.rows())).toBe("abcdefgh");
    terminal.close();
  });
  it("shows what a string without an end holds, when the recording ends", async () => {
    const terminal = createEmulator(cast([0, "a\r\n"], [100, "\u001b]0;hidden"]));
    await terminal.show(50);
    expect(textOf(terminal.rows())).toBe("a");
    await terminal.show(100);
    expect(textOf(terminal.rows())).toBe("a\n0;hidden");
    await terminal.show(100);
    expect(textOf(terminal.rows())).toBe("a\n0;hidden");
  });
  it("is read once, as long as nothing is added", async () => {
    const terminal = createEmulator(cast([0, "a"], [100, "b"]));
    await terminal.show(0);
    const before = terminal.rows();
    await terminal.show(50);
    expect(terminal.rows()).toBe(before);
    await terminal.show(100);
    expect(textOf(terminal.rows())).toBe("ab");
    await terminal.show(0);
    expect(textOf(terminal.rows())).toBe("a");
  });
});
