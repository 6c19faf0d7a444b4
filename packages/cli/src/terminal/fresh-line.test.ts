import { expect, test } from "vitest";
import { freshLine } from "./fresh-line.ts";

const COLUMNS = 80;

/** Where a terminal's cursor is after a text: at its last column it waits with the wrap for the next character (DEC STD 070). */
function cursorAfter(text: string, column: number): { readonly row: number; readonly column: number } {
  let [row, at, isWaiting] = [0, column, false];
  for (const character of text) {
    if (character === "\r") [at, isWaiting] = [0, false];
    else {
      if (isWaiting) [row, at, isWaiting] = [row + 1, 0, false];
      if (at === COLUMNS - 1) isWaiting = true;
      else at += 1;
    }
  }
  return { row, column: at };
}

test("the cursor comes to the start of this line where it is there, and of the next one from elsewhere", () => {
  for (let column = 0; column < COLUMNS; column += 1)
    expect(cursorAfter(freshLine(COLUMNS), column)).toEqual({ row: column === 0 ? 0 : 1, column: 0 });
});

test("without a terminal, or one that does not say how wide it is, nothing is written", () => {
  expect([freshLine(undefined), freshLine(0)]).toEqual(["", ""]);
});
