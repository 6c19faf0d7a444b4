import { expect, it } from "vitest";
import { readSearch } from "./search.ts";
import { byUse, denialText, type Reached, statesText, wayWords } from "./words.ts";

const reached = (name: string, more: Partial<Reached> = {}): Reached => ({
  name,
  description: "",
  risk: "low",
  way: "at_once",
  conditions: false,
  granted: 0,
  ...more,
});

it.each([
  [{ granted: 0 }, "no grants yet"],
  [{ granted: 3 }, "not known now"],
  [{ granted: 3, acts: 0, denied: 0 }, "no acts yet"],
  [{ granted: 3, acts: 228, denied: 12 }, "12 of 240 acts denied (5 %)"],
  [{ granted: 3, acts: 1999, denied: 1 }, "1 of 2,000 acts denied (less than 1 %)"],
  [{ granted: 1, acts: 0, denied: 1 }, "1 of 1 act denied (100 %)"],
])("says how much was denied: %j", (agent, text) => {
  expect(denialText(agent)).toBe(text);
});

it("says what became of its requests", () => {
  expect(statesText({ approved: 10, refused: 2, timed_out: 0 })).toBe("10 approved, 2 refused");
  expect(statesText({})).toBe("none");
});

it("says what asking takes", () => {
  const words = [
    reached("a"),
    reached("a", { way: "approval", approvals: 1 }),
    reached("a", { way: "approval", approvals: 2 }),
    reached("a", { way: "emergency" }),
    reached("a", { way: "not_now" }),
  ].map((one) => wayWords(one).text);
  expect(words).toEqual(["at once", "one person", "2 people", "emergency only", "not now"]);
});

it("puts what it uses most first", () => {
  const names = byUse([reached("c"), reached("b"), reached("a", { granted: 2 })]).map(({ name }) => name);
  expect(names).toEqual(["a", "b", "c"]);
});

it("reads the page's address", () => {
  expect(readSearch({ issuer: "https://i.test", client: 7, kind: "person", other: 1 })).toEqual({
    issuer: "https://i.test",
    client: "7",
    kind: "person",
  });
  expect(readSearch({ client: "", kind: "agent" })).toEqual({ issuer: "" });
});
