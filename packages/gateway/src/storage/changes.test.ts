import { expect, it } from "vitest";
import { parseChange } from "./changes.ts";

it.each([
  ["grant gr_1", { kind: "grant", id: "gr_1" }],
  ["request req_1", { kind: "request", id: "req_1" }],
  ["lockdown", { kind: "lockdown" }],
  ["cut_offs", { kind: "cut_offs" }],
  ["memberships", { kind: "memberships" }],
  // What a newer gateway's trigger says, or nobody's.
  ["", { kind: "all" }],
  ["grant", { kind: "all" }],
  ["grant a b", { kind: "all" }],
  [`grant ${"x".repeat(101)}`, { kind: "all" }],
  ["grant gr_1\n", { kind: "all" }],
  ["lockdowns", { kind: "all" }],
])("reads %j", (payload, change) => {
  expect(parseChange(payload)).toEqual(change);
});
