import { hostileText } from "@mayfly/testing/hostile-text.ts";
import { expect, test } from "vitest";
import { hasInvisible } from "../../kernel/invisible-characters.ts";
import { createProgress, type Progress } from "./progress.ts";

const ERASE = "\r\u001B[K";

function started(): Progress & { readonly written: string[]; pass(ms: number): void } {
  const written: string[] = [];
  let now = 0;
  const progress = createProgress(
    (text) => written.push(text),
    () => now,
  );
  return { ...progress, written, pass: (ms) => (now += ms) };
}

test("nothing is said and no clock is asked where there is no terminal", () => {
  let asked = 0;
  const progress = createProgress(undefined, () => (asked += 1));
  progress.told("pg.log", 0.5);
  progress.end();
  expect(asked).toBe(0);
});

test("the share and the file stand on one line that each write begins anew", () => {
  const { told, written, pass } = started();
  told("pg.log", 0);
  pass(200);
  told("pg.log", 0.5);
  pass(200);
  told("pg.log", 0.999);
  pass(200);
  told("other.log", 1);
  expect(written).toEqual([
    `${ERASE}[------------------------] 0 % pg.log`,
    `${ERASE}[############------------] 50 % pg.log`,
    `${ERASE}[########################] 99 % pg.log`,
    `${ERASE}[########################] 100 % other.log`,
  ]);
});

test("where nobody knows how far it is the file alone stands there", () => {
  const { told, written } = started();
  told("-", undefined);
  expect(written).toEqual([`${ERASE}-`]);
});

test("the line is written at most five times a second, the first time at once", () => {
  const { told, written, pass } = started();
  for (let ms = 0; ms < 1000; ms += 1) {
    told("pg.log", ms / 1000);
    pass(1);
  }
  expect(written).toHaveLength(5);
  expect(written[1]).toContain("20 %");
});

test("the line is erased at the end, and nothing is erased where nothing was written", () => {
  const { told, end, written } = started();
  end();
  expect(written).toEqual([]);
  told("pg.log", 0.5);
  end();
  expect(written.slice(1)).toEqual([ERASE]);
});

test("a file's name acts on no terminal and is seen whole", () => {
  const { told, written } = started();
  told(`a${hostileText}\nb\tc`, 0.5);
  const [line = ""] = written;
  expect(line.startsWith(ERASE)).toBe(true);
  const said = line.slice(ERASE.length);
  expect(hasInvisible(said)).toBe(false);
  expect(said).toContain(String.raw`a\u{1b}]0;t\u{7}`);
  expect(said).toContain(String.raw`\u{a}b\u{9}c`);
});

test("a file that grows while it is read breaks no bar", () => {
  const progress = createProgress(
    () => undefined,
    () => 0,
  );
  expect(() => progress.told("pg.log", 1.03)).not.toThrow();
});
