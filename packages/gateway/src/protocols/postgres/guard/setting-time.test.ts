import { expect, test } from "vitest";
import { durationMs } from "./setting-time.ts";

test("times as a setting takes them, in milliseconds", () => {
  const given = ["5000", "5s", " 1.5 min ", "250ms", "2h", "1d", ".5s", "1500us", "0"];
  expect(given.map((text) => durationMs(text))).toEqual([
    5000, 5000, 90_000, 250, 7_200_000, 86_400_000, 500, 2, 0,
  ]);
  for (const strange of ["", "-1", "soon", "5 weeks", "5S", "1e3", "0x10", "5s5s"])
    expect(durationMs(strange)).toBeUndefined();
});

test("a time is rounded as PostgreSQL rounds it: to the next smaller unit first, and halves to what is even", () => {
  const given: readonly (readonly [text: string, ms: number])[] = [
    // What is rounded to nothing switches a time-out off.
    ["0.5", 0],
    ["0.5ms", 0],
    ["500us", 0],
    ["0.0005s", 0],
    ["1.5", 2],
    ["2.5", 2],
    ["2500us", 2],
    ["0.0001h", 0],
    ["0.008min", 0],
    // What is rounded up lasts longer than it says.
    ["0.009h", 60_000],
    ["0.6d", 50_400_000],
    ["0.0096min", 1000],
    ["1.5min", 90_000],
    ["0.0004s", 0],
  ];
  expect(given.map(([text]) => [text, durationMs(text)])).toEqual(given);
});

test("a time that PostgreSQL would read in another base is none", () => {
  for (const octal of ["010", "00", "017s", "0777min"]) expect(durationMs(octal)).toBeUndefined();
  expect([durationMs("0"), durationMs("0.25s"), durationMs("0s")]).toEqual([0, 250, 0]);
});

test("a time of more digits than a setting holds is none, nor is one between strange blanks", () => {
  for (const strange of ["2147483648", "9999999999999999999999", "25d", "1\u00a0s", "\ufeff1", "1\u2003"])
    expect(durationMs(strange)).toBeUndefined();
  expect(durationMs("2147483647")).toBe(2_147_483_647);
});
