import type { Cast } from "@mayfly/sdk/recordings";
import { describe, expect, it } from "vitest";
import { clockText, findIn, lengthOf, transcriptOf } from "./transcript.ts";

const cast = (...events: readonly (readonly [at: number, data: string, code?: string])[]): Cast => ({
  width: 80,
  height: 24,
  title: "sh",
  events: events.map(([at, data, code = "o"]) => ({ at, code, data })),
});

describe("searching a recording", () => {
  it("finds what was printed in several writes, and jumps to where it was whole", () => {
    const found = transcriptOf(cast([100, "pass"], [200, "word: x\r\nPass"], [300, "WORD"], [400, "\r\n"]));
    expect(findIn(found, "password")).toEqual([200, 300]);
    expect(findIn(found, "pass")).toEqual([100, 200]);
    expect(findIn(found, " ")).toEqual([]);
    expect(findIn(found, "nothing")).toEqual([]);
  });
  it("looks in what is seen alone: not in looks, titles or what was typed", () => {
    const found = transcriptOf(
      cast([1, "\u001b[31mr\u001b[1med\u001b[0m"], [2, "\u001b]0;secret\u0007"], [3, "typed", "i"]),
    );
    expect(found.text).toBe("red");
    expect(findIn(found, "red")).toEqual([1]);
    expect(findIn(found, "secret")).toEqual([]);
  });
  it("finds what a string without an end holds, when the recording ends", () => {
    const found = transcriptOf(cast([1, "a\r\n"], [2, "\u001b]0;secret"]));
    expect(findIn(found, "secret")).toEqual([2]);
  });
  it("walks through a thousand matches at most", () => {
    expect(findIn(transcriptOf(cast([1, "a".repeat(5000)])), "a")).toHaveLength(1000);
  });
  it("ends with its last event, whichever that is", () => {
    expect(lengthOf(cast([100, "x"], [5000, "100x28", "r"]))).toBe(5000);
    expect(lengthOf(cast())).toBe(0);
    expect([65_000, 3_605_000].map((at) => clockText(at))).toEqual(["1:05", "1:00:05"]);
    expect([0, 1450, 2900].map((at) => clockText(at, 2900))).toEqual(["0:00.0", "0:01.4", "0:02.9"]);
  });
});
