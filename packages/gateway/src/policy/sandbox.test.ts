import { describe, expect, test } from "vitest";
import { sandboxFits } from "./sandbox.ts";
import { ask, compiled, entries } from "./testing/samples.ts";
import type { Policies, PolicyEntry } from "./types.ts";

const [read, refund] = entries;
const lease = 60_000;
const inside: PolicyEntry = { ...read, name: "in a sandbox, at once", sandbox: true, lease };
const { approval } = refund;
const approved: PolicyEntry = approval === undefined ? read : { ...read, name: "a person looks", approval };

/** The policy that decides about reading orders. */
function decided(
  policies: Policies,
  said: { readonly sandbox?: true; readonly lease?: number },
): string | undefined {
  const verdict = policies.decide({ ...ask("read-orders"), ...said });
  return verdict.decision === "permit" ? verdict.terms.policy : undefined;
}

describe("of two policies, one of which wants a sandbox", () => {
  test.each<[string, { sandbox?: true; lease?: number }, string]>([
    ["an ask for one, with a lease", { sandbox: true, lease: 4000 }, inside.name],
    ["an ask for one, without a lease", { sandbox: true }, approved.name],
    ["an ask with a lease, for none", { lease: 4000 }, approved.name],
    ["an ask for none", {}, approved.name],
  ])("%s", (_, said, expected) => {
    expect(decided(compiled([inside, approved]), said)).toBe(expected);
    expect(decided(compiled([approved, inside]), said)).toBe(expected);
  });
});

test("alone it permits whoever asks for none: its terms say what is missing", () => {
  expect(compiled([inside]).decide(ask("read-orders"))).toMatchObject({
    decision: "permit",
    terms: { sandbox: true, lease },
  });
  expect(compiled([read]).decide(ask("read-orders"))).not.toHaveProperty("terms.sandbox");
});

test("a sandbox is no way round a forbid, nor into a group", () => {
  const said = { sandbox: true, lease: 4000 } as const;
  const [, , forbid] = entries;
  const always: PolicyEntry = { ...forbid, operations: ["read-orders"], when: "context.hour < 24" };
  expect(decided(compiled([inside, always]), said)).toBeUndefined();
  expect(decided(compiled([{ ...inside, groups: ["sre"] }]), said)).toBeUndefined();
});

test("in shadow it decides nothing", () => {
  const policies = compiled([approved, { ...inside, shadow: true }]);
  expect(decided(policies, { sandbox: true, lease: 4000 })).toBe(approved.name);
  expect(decided(policies.shadow?.policies ?? compiled([]), { sandbox: true, lease: 4000 })).toBe(
    inside.name,
  );
  expect(decided(policies.shadow?.policies ?? compiled([]), {})).toBe(approved.name);
});

test("terms without the demand take any task", () => {
  expect(sandboxFits({}, undefined)).toBe(true);
  expect(sandboxFits({}, true)).toBe(true);
  expect(sandboxFits({ sandbox: true }, undefined)).toBe(false);
  expect(sandboxFits({ sandbox: true }, true)).toBe(true);
});
