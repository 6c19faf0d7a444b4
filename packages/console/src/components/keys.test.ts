import { describe, expect, it } from "vitest";
import { keyAction, type KeyPress } from "./keys.ts";

const press = (key: string, change: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  at: "BODY",
  covered: false,
  ...change,
});

describe("a key", () => {
  it.each([
    ["j", "next"],
    ["ArrowDown", "next"],
    ["k", "previous"],
    ["Enter", "open"],
    ["a", "approve"],
    ["r", "refuse"],
    ["?", "help"],
    ["x", undefined],
    ["constructor", undefined],
  ])("%s means %s", (key, action) => {
    expect(keyAction(press(key))).toBe(action);
  });
  it.each([
    ["while somebody types", press("a", { at: "INPUT" })],
    ["in a list to choose from", press("j", { at: "SELECT" })],
    ["under a dialog", press("r", { covered: true })],
    ["with Control, which is the browser's", press("r", { ctrlKey: true })],
    ["with Command", press("a", { metaKey: true })],
    ["held down, where it would decide", press("a", { repeat: true })],
    ["on a button, which Enter presses", press("Enter", { at: "BUTTON" })],
  ])("means nothing %s", (_when, event) => {
    expect(keyAction(event)).toBeUndefined();
  });
  it("goes on moving while it is held down", () => {
    expect(keyAction(press("j", { repeat: true }))).toBe("next");
  });
});
