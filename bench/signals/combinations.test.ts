import { expect, test } from "vitest";
import { channels, combinations, credentials, protocols } from "./combinations.ts";

const named = (only: string): string[] =>
  combinations(only).map(({ channel, protocol, credential }) => `${channel}/${protocol}/${credential}`);

test("without a choice each is there once", () => {
  const all = named("");
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBe(channels.length * protocols.length * credentials.length);
});

test.each([
  ["ssf/mcp/token", ["ssf/mcp/token"]],
  ["ssf/mcp", ["ssf/mcp/token", "ssf/mcp/secret"]],
  ["ssf/*/secret", protocols.map((protocol) => `ssf/${protocol}/secret`)],
  ["release/mcp/token,ssf/http/token", ["ssf/http/token", "release/mcp/token"]],
])("%s", (only, wanted) => {
  expect(named(only)).toEqual(wanted);
});

test.each(["sff", "ssf/mysql", "ssf/http/token/more"])("%s is refused", (only) => {
  expect(() => combinations(only)).toThrow("--only");
});
