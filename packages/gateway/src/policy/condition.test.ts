import { expect, test } from "vitest";
import { conditionInWords } from "./condition.ts";

test("a permit's condition stands as written, a forbid's says that it must not hold", () => {
  expect(conditionInWords({ kind: "if", text: "context.hour < 6" })).toBe("context.hour < 6");
  expect(conditionInWords({ kind: "not while", text: "context.hour < 6" })).toBe(
    "not while context.hour < 6",
  );
});

test("a permit's condition that begins with the words of a forbid stays a permit's", () => {
  expect(conditionInWords({ kind: "if", text: "not while" })).toBe("not while");
});
