import { expect, it } from "vitest";
import type { McpAct } from "./act.ts";
import { actWords } from "./act-words.ts";

const words = (method: string, params: object): string =>
  actWords({ message: { method, params } as unknown as McpAct["message"] });

it.each([
  ["tools/call", { name: "get_customer", arguments: { id: 1 } }, "get_customer(id: 1)"],
  ["tools/call", { name: "find", arguments: { name: "Ada", tags: ["a"] } }, 'find(name: "Ada", tags: ["a"])'],
  ["tools/call", { name: "list" }, "list()"],
  ["resources/read", { uri: "crm://orders/1" }, "read crm://orders/1"],
  ["prompts/get", { name: "greet", arguments: { who: "Ada" } }, 'prompt greet(who: "Ada")'],
  ["tools/list", {}, "tools/list"],
])("%s of %j reads %s", (method, params, text) => {
  expect(words(method, params)).toBe(text);
});

it("cuts what would fill the page", () => {
  const many = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`a${index}`, "x".repeat(10_000)]),
  );
  expect(words("tools/call", { name: "f", arguments: many }).length).toBeLessThan(5000);
});
