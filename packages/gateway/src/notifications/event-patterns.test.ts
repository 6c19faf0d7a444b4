import { expect, test } from "vitest";
import { recordTypes } from "../audit/records.ts";
import { matchesNothing, matcherOf } from "./event-patterns.ts";

test("without patterns everything is wanted but acts", () => {
  const wanted = matcherOf(undefined);
  expect(recordTypes.filter((type) => !wanted(type))).toEqual(["act.intent", "act.denied", "act.outcome"]);
});

test.each([
  ["*", recordTypes],
  ["grant.revoked", ["grant.revoked"]],
  ["lockdown.*", ["lockdown.started", "lockdown.lifted"]],
  ["act.*", ["act.intent", "act.denied", "act.outcome"]],
])("%s takes what it says and nothing else", (pattern, expected) => {
  expect(recordTypes.filter(matcherOf([pattern]))).toEqual(expected);
  expect(matchesNothing(pattern)).toBe(false);
});

test("several patterns add up", () => {
  expect(recordTypes.filter(matcherOf(["lockdown.lifted", "log.*"]))).toEqual([
    ...recordTypes.filter((type) => type.startsWith("log.")),
    "lockdown.lifted",
  ]);
});

test.each(["grants.*", "request.creatd", "request", "req*", ""])("%s takes nothing", (pattern) => {
  expect(matchesNothing(pattern)).toBe(true);
});
