import { expect, test } from "vitest";
import { compileScopes } from "./compile.ts";
import { verdictOf } from "./judge.ts";
import { observedScope } from "./observed.ts";
import { reachOf } from "./reach.ts";
import { scopeSchema } from "./scope.ts";
import { describeScope } from "./words.ts";

const scopes = compileScopes([{ name: "crm/observe", scope: observedScope() }]);
const judged = (method: string, params: object) =>
  verdictOf(scopes, { message: { kind: "request", id: 1, method, params: { ...params } } }).kind;

test("an observed server gives every tool, resource and prompt", () => {
  expect(judged("tools/call", { name: "get_order", arguments: { id: 1 } })).toBe("permit");
  expect(judged("resources/read", { uri: "crm://orders/1" })).toBe("permit");
  expect(judged("prompts/get", { name: "triage" })).toBe("permit");
});

test("and nothing that no operation grants", () => {
  expect(judged("tools/call", { name: 7 })).toBe("deny");
  expect(judged("tools/call", { name: "get_order", arguments: [] })).toBe("deny");
  expect(judged("resources/read", { uri: "file:///srv/../etc/passwd" })).toBe("deny");
  expect(judged("resources/subscribe", { uri: "crm://orders/1" })).toBe("deny");
  expect(judged("logging/setLevel", { level: "debug" })).toBe("deny");
});

test("no file can write what it says", () => {
  for (const written of [{ tools: ["*"] }, { tools: { "*": {} } }, { resources: ["*"] }, { prompts: ["*"] }])
    expect(scopeSchema.safeParse(written).success).toBe(false);
  expect(scopeSchema.safeParse({ prompts: ["a*", "**"] }).success).toBe(true);
});

test("a reviewer reads what it is, and a comparison knows it as the wider one", () => {
  expect(describeScope(observedScope())).toEqual([
    "every tool that is pinned, any arguments",
    "every resource",
    "every prompt",
  ]);
  expect(reachOf(observedScope()).permits).toEqual(
    ["tool", "resource", "prompt"].map((what) => [what, { begins: "" }]),
  );
});
