import { describe, expect, it } from "vitest";
import { readDraft } from "./draft.ts";

describe("a draft that waited for a sign-in", () => {
  const draft = { decision: "approve", comment: "fine", operations: ["a/b"], seconds: 60 } as const;
  it("comes back as it was", () => {
    expect(readDraft(JSON.stringify(draft))).toEqual(draft);
  });
  it.each([
    "",
    "null",
    "[]",
    "{",
    JSON.stringify({ ...draft, decision: "maybe" }),
    JSON.stringify({ ...draft, seconds: "60" }),
    JSON.stringify({ ...draft, operations: "a/b" }),
    JSON.stringify({ decision: "approve" }),
  ])("is none: %s", (text) => {
    expect(readDraft(text)).toBeUndefined();
  });
  it("drops what is no name", () => {
    expect(readDraft(JSON.stringify({ ...draft, operations: ["a/b", 1, null] }))?.operations).toEqual([
      "a/b",
    ]);
  });
});
