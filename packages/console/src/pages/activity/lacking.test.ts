import { expect, it } from "vitest";
import { lackingText } from "./lacking.ts";

it("names each log once that an answer may lack something of, on whichever page", () => {
  const [b, c] = [
    { log: "b", lacks: "acts" },
    { log: "c", lacks: "bodies" },
  ] as const;
  expect(lackingText([[b], [], [c, b]].flat())).toBe("without some of b, c: no answer");
  expect(lackingText([])).toBeUndefined();
  expect(lackingText()).toBeUndefined();
});

it("tells the newest of a log from more of it", () => {
  const newest = (log: string) => ({ log, lacks: "newest" }) as const;
  expect(lackingText([newest("b")])).toBe("without the newest of b");
  expect(lackingText([newest("b"), newest("c"), { log: "b", lacks: "acts" }])).toBe(
    "without some of b: no answer; without the newest of c",
  );
});

it("tells logs that were retired from those that do not answer", () => {
  const [gone, silent] = [
    [
      { log: "d", lacks: "newest" },
      { log: "d", lacks: "acts" },
    ],
    [{ log: "b", lacks: "acts" }],
  ] as const;
  expect(lackingText([], gone)).toBe("without some of d: retired");
  expect(lackingText(silent, gone)).toBe("without some of b: no answer; without some of d: retired");
});
