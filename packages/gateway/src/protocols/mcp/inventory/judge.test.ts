import { describe, expect, test } from "vitest";
import { scopeSchema } from "../scope.ts";
import { judgeOf } from "./judge.ts";
import { call, message, reading } from "./testing/seen.ts";

const judge = judgeOf(
  [
    {
      name: "crm/read",
      scope: scopeSchema.parse({
        tools: {
          get_order: { type: "object", properties: { id: { type: "integer" } }, additionalProperties: false },
        },
        resources: ["crm://orders/*"],
        prompts: ["summary"],
      }),
    },
  ],
  {},
);
const said = (act: string): string => {
  const verdict = judge(act);
  return verdict.kind === "permit" ? "permit" : `${verdict.denial.rule}; ${verdict.denial.message}`;
};

describe("what a session would say", () => {
  test.each([
    call("get_order", { id: 7 }),
    reading("crm://orders/7"),
    message("prompts/get", { name: "summary", arguments: { a: "b" } }),
    message("tools/list"),
    message("ping"),
  ])("%s: permit", (act) => expect(said(act)).toBe("permit"));

  test.each([
    [call("delete_order", { id: 7 }), "crm: tools; refused: no operation has the tool delete_order"],
    [call("get_order", { id: "secret" }), "crm/read: tools; refused: get_order: /id must be integer"],
    [reading("crm://customers/anna"), "crm: resources; refused: no operation has read crm://customers/…"],
    [message("prompts/get", { name: "x" }), "crm: prompts; refused: no operation has the prompt x"],
    [message("logging/setLevel", {}), "crm/read: methods; refused: logging/setLevel is not granted"],
    [
      message("tools/call", { name: ["get_order"] }),
      "crm/read: tools; refused: the tool (none) is not granted",
    ],
  ])("%s: %s", (act, words) => expect(said(act)).toBe(words));
});

test("nothing is permitted where there is no operation", () => {
  expect(judgeOf([], {})(call("get_order")).kind).toBe("deny");
});
