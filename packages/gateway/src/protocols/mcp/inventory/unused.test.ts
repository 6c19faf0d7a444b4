// tier: full
import { expect, test } from "vitest";
import { scopeSchema } from "../scope.ts";
import { call, message, reading, seen } from "./testing/seen.ts";
import { unused } from "./unused.ts";

const scope = scopeSchema.parse({
  tools: {
    get_order: {
      type: "object",
      properties: { id: { type: "integer" }, include: { type: "string" } },
      additionalProperties: false,
    },
    list_orders: {},
  },
  resources: ["crm://orders/*", "crm://notes/today"],
  prompts: ["summary"],
});
const ask = (...acts: string[]): readonly string[] | undefined =>
  unused(
    acts.map((act) => seen(act)),
    scope,
    {},
  );

test("tools, arguments, resources and prompts that nobody used", () => {
  expect(ask(call("get_order", { id: 7 }))).toEqual([
    "tool list_orders",
    "resource crm://orders/*",
    "resource crm://notes/today",
    "prompt summary",
    "the argument include of get_order",
  ]);
});

test("nothing where all was used", () => {
  expect(
    ask(
      call("get_order", { id: 7, include: "lines" }),
      call("list_orders"),
      reading("crm://orders/7"),
      reading("crm://notes/today"),
      message("prompts/get", { name: "summary" }),
    ),
  ).toEqual([]);
});

test("undefined where nothing of it was, whatever else was done", () => {
  expect(ask()).toBeUndefined();
  expect(
    ask(message("tools/list"), message("ping"), call("delete_order"), call("get_order", { id: "7" })),
  ).toBeUndefined();
});
