import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { scopeFacts, type ScopeFacts } from "./scope-words.ts";

const nothing: ScopeFacts = {
  requests: [],
  statements: [],
  tables: [],
  bodies: [],
  tools: [],
  commands: [],
  others: [],
};

describe("a scope", () => {
  it("of an API has its requests, and its body as fields with their limits", () => {
    expect(
      scopeFacts([
        "POST /v1/refunds",
        "no query parameters",
        "body: application/json, at most 64KiB",
        "body: an object; no other members",
        "body /invoice: text; matching ^inv_[0-9a-z]+$; required",
        "body /cents: a whole number; 1 to 50000; required",
        "body /note: text; at most 200 characters",
        'body /"a: b"/*: anything',
        "masked in the answer: /customer/email",
      ]),
    ).toEqual({
      ...nothing,
      requests: ["POST /v1/refunds"],
      bodies: [
        {
          of: "Body",
          whole: ["application/json, at most 64KiB", "an object; no other members"],
          fields: [
            { name: "invoice", rule: "text; matching ^inv_[0-9a-z]+$", required: true },
            { name: "cents", rule: "a whole number; 1 to 50000", required: true },
            { name: "note", rule: "text; at most 200 characters", required: false },
            { name: '"a: b"/*', rule: "anything", required: false },
          ],
        },
      ],
      others: ["no query parameters", "masked in the answer: /customer/email"],
    });
  });

  it("of a database has its tables and columns", () => {
    expect(
      scopeFacts([
        "statements: select, update",
        "table public.orders: select all columns; update status; rows found by id",
        'table public."odd: name": columns a, b',
        "every table and view that matches shop.*: all columns",
        "a statement runs for at most 30s",
      ]),
    ).toEqual({
      ...nothing,
      statements: ["select", "update"],
      tables: [
        {
          name: "public.orders",
          pattern: false,
          uses: ["select all columns", "update status", "rows found by id"],
        },
        { name: 'public."odd: name"', pattern: false, uses: ["columns a, b"] },
        { name: "shop.*", pattern: true, uses: ["all columns"] },
      ],
      others: ["a statement runs for at most 30s"],
    });
  });

  it("of tools has each with its arguments, of a cluster its commands", () => {
    expect(
      scopeFacts([
        "tool get_customer, arguments: an object; no other members",
        "tool get_customer /id: a whole number; required",
        "tool ping, any arguments",
        "command: ls *",
        "no terminal",
      ]),
    ).toEqual({
      ...nothing,
      tools: [
        {
          of: "get_customer",
          whole: ["an object; no other members"],
          fields: [{ name: "id", rule: "a whole number", required: true }],
        },
        { of: "ping", whole: ["any arguments"], fields: [] },
      ],
      commands: ["ls *"],
      others: ["no terminal"],
    });
  });

  it("joins a line to the one that it continues, but for the count of what is not shown", () => {
    expect(scopeFacts(["body /a: one of 1", "… , 2", "… and 3 more rules of the schema"])).toMatchObject({
      bodies: [{ fields: [{ name: "a", rule: "one of 1, 2" }] }],
      others: ["… and 3 more rules of the schema"],
    });
  });

  it("loses no line, whatever the lines are", () => {
    const starts = [
      "",
      "body: ",
      "body /",
      "tool x, ",
      "tool x /",
      "table ",
      "command: ",
      "GET /",
      "statements: ",
    ];
    const line = fc.tuple(fc.constantFrom(...starts), fc.string()).map(([start, rest]) => `${start}${rest}`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const facts = JSON.stringify(scopeFacts(lines));
        // What stands behind the words that sort a line is still there, to the letter.
        for (const each of lines) {
          const rest = JSON.stringify(each.replace(/^.*[/ ,;:…]/su, "")).slice(1, -1);
          expect(facts).toContain(rest === "required" ? "true" : rest);
        }
      }),
    );
  });
});
