import { describe, expect, test } from "vitest";
import { readCast, stepsOf } from "./asciicast.ts";

const text = `{"version":2,"width":100,"height":30,"timestamp":0,"title":"sh -l"}
[0.1,"o","a"]
[1,"i","typed"]
[1.1,"o","b"]
[61.1,"o","c"]
[62,"o","to`;

describe("a recording", () => {
  test("is read, its torn end left out", () => {
    const cast = readCast(text);
    expect([cast.width, cast.height, cast.title]).toEqual([100, 30, "sh -l"]);
    expect(cast.events.map(({ at, code, data }) => `${at} ${code} ${data}`)).toEqual([
      "100 o a",
      "1000 i typed",
      "1100 o b",
      "61100 o c",
    ]);
  });

  test.each(["", "{}", '{"version":1}', "[0,1]"])("%j is none", (other) => {
    expect(() => readCast(other)).toThrow("no asciicast");
  });

  test.each([
    ["as it was", { speed: 1, from: 0 }, [100, 1000, 60_000]],
    ["twice as fast", { speed: 2, from: 0 }, [50, 500, 30_000]],
    ["from a time on, what was before it at once", { speed: 1, from: 1600 }, [0, 0, 59_500]],
    ["without long pauses", { speed: 2, from: 0, maxPause: 2000 }, [50, 500, 1000]],
  ])("is played %s", (_, pace, waits) => {
    const steps = stepsOf(readCast(text), pace);
    expect(steps.map(({ data }) => data)).toEqual(["a", "b", "c"]);
    expect(steps.map(({ wait }) => wait)).toEqual(waits);
  });
});
