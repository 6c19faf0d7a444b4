import { expect, it } from "vitest";
import { compiled } from "../../policy/testing/samples.ts";
import type { PolicyEntry } from "../../policy/types.ts";
import type { Grants } from "../grants.ts";
import { read } from "../testing/asks.ts";
import { minute, rulesOf, usual, type Harness } from "../testing/harness.ts";
import { agent, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
});

const permit: PolicyEntry = {
  name: "reads",
  forbid: false,
  groups: ["support-agents"],
  connection: "orders-db",
  operations: ["read-orders"],
  ttl: { default: 5 * minute, max: 15 * minute },
};
const adopt = async (...entries: readonly PolicyEntry[]): Promise<void> => {
  await grants.adopt(rulesOf(usual, { policies: compiled(entries) }));
};
const recorded = (request: string) =>
  h.log.disk
    .filter((record) => record.request === request)
    .map(({ type, detail }) => [type, detail["shadow"]]);

it("a permit in shadow grants nothing, and the record of the refusal says what it would have granted", async () => {
  await adopt({ ...permit, shadow: true });
  const request = await grants.request(agent, read);
  expect(request.state).toBe("denied");
  const shadow = {
    decision: "permit",
    policies: ["reads"],
    ttl_ms: 5 * minute,
    reasons: ["orders-db/read-orders: permitted automatically by policy 'reads' (group support-agents)"],
  };
  expect(recorded(request.id)).toEqual([["request.denied", shadow]]);
});

it("a stricter policy in shadow stops nothing, and the record and the reviewer read that it would have", async () => {
  const approval = { by: ["support-leads"], count: 2, within: 30 * minute, refusals: 1 };
  const { ttl: _, ...open } = permit;
  const forbid: PolicyEntry = { ...open, name: "no reads", forbid: true, shadow: true };
  await adopt({ ...permit, approval }, { ...forbid, when: "context.hour < 24" });
  const request = await grants.request(agent, read);
  expect(request.state).toBe("pending");
  const reasons = ["orders-db/read-orders: forbidden by policy 'no reads' because `context.hour < 24`"];
  expect(recorded(request.id)).toEqual([["request.created", { decision: "deny", reasons }]]);
  const { request: seen } = await grants.background(reviewer, request.id);
  expect(seen.sheet.shadow).toEqual({ decision: "deny", reasons });
  // What a reviewer's yes is bound to says nothing of it: the digest is that of the same request without.
  await grants.approve(reviewer, request.id, request.digest, "");
});

it("nothing is said of a request that no policy in shadow is about", async () => {
  await adopt(permit, { ...permit, name: "refunds", operations: ["refund-order"], shadow: true });
  const request = await grants.request(agent, read);
  expect(request.sheet).not.toHaveProperty("shadow");
  expect(recorded(request.id).every(([, shadow]) => shadow === undefined)).toBe(true);
});
