import { describe, expect, test } from "vitest";
import { approversOf } from "./approvers.ts";
import { compiled, entries } from "./testing/samples.ts";
import type { PolicyEntry } from "./types.ts";

const [read, refund, night] = entries;
const approval = { by: ["support-leads"], count: 1, within: 60_000, refusals: 1 };
const onCall: PolicyEntry = {
  ...read,
  name: "on call breaks glass",
  operations: ["refund-order"],
  breakGlass: true,
};

const of = (policies: readonly PolicyEntry[], ...operations: readonly string[]): readonly string[] =>
  approversOf(policies, "orders-db", operations);

describe("who could have approved an ordinary request", () => {
  test("are the groups that its policies ask, whoever may request", () => {
    expect(of(entries, "refund-order")).toEqual(["support-leads"]);
    const others = { ...refund, name: "others", groups: ["others"], approval: { ...approval, by: ["sre"] } };
    expect(of([refund, others], "refund-order")).toEqual(["support-leads", "sre"]);
    expect(compiled(entries).approvers("orders-db", ["refund-order"])).toEqual(["support-leads"]);
  });

  test("are those it escalates to as well", () => {
    const escalating = { ...refund, approval: { ...approval, escalate: { after: 1000, to: ["sre"] } } };
    expect(of([escalating], "refund-order")).toEqual(["support-leads", "sre"]);
  });

  test("are the same where another operation needs no approval", () => {
    expect(of(entries, "read-orders", "refund-order")).toEqual(["support-leads"]);
  });

  test.each<[string, readonly PolicyEntry[], readonly string[]]>([
    ["nothing is asked for", entries, []],
    ["no approval is needed", entries, ["read-orders"]],
    ["no policy names the operation", entries, ["drop-orders"]],
    ["one of the operations has no policy", entries, ["refund-order", "drop-orders"]],
    ["only breaking glass gives it", [read, { ...onCall, approval }], ["refund-order"]],
    [
      "one of the operations is given by breaking glass alone",
      [refund, { ...onCall, operations: ["drop"] }],
      ["refund-order", "drop"],
    ],
    ["it is only forbidden", [{ ...night, approval }], ["refund-order"]],
    ["the policy is another connection's", [{ ...refund, connection: "billing-api" }], ["refund-order"]],
    [
      "each operation is approved by others",
      [refund, { ...read, approval: { ...approval, by: ["sre"] } }],
      ["refund-order", "read-orders"],
    ],
  ])("are nobody where %s", (_, policies, operations) => {
    expect(of(policies, ...operations)).toEqual([]);
  });

  test("of several operations approve all of them", () => {
    const both = { ...read, approval: { ...approval, by: ["sre", "support-leads"] } };
    expect(of([refund, both], "refund-order", "read-orders")).toEqual(["support-leads"]);
  });
});
