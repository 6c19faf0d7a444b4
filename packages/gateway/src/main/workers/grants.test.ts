import { expect, test, vi } from "vitest";
import { fakeGrants } from "../../api/testing/fake-grants.ts";
import { principals } from "../../api/testing/fakes.ts";
import type { Principal } from "../../identity/principal.ts";
import { systemClock } from "../../kernel/clock.ts";
import { grantsAmong } from "./grants.ts";
import type { Siblings } from "./siblings.ts";

const named = (who: string): Principal => {
  const found = principals[who];
  if (found === undefined) throw new TypeError(who);
  return found;
};
const agent = named("agent");

/** Grants among two workers, and what the other one was told of. */
function scene(): {
  grants: ReturnType<typeof fakeGrants>;
  among: ReturnType<typeof fakeGrants>;
  told: unknown[];
} {
  const told: unknown[] = [];
  const siblings: Siblings = {
    own: 1,
    count: 2,
    ask: async () => undefined,
    async askAll(_subject, body) {
      told.push(body);
      return new Map([[2, true]]);
    },
    answer: () => undefined,
  };
  const grants = fakeGrants(systemClock);
  const fault = (error: unknown): never => {
    throw error;
  };
  return { grants, among: grantsAmong(siblings, grants, fault), told };
}

const ask = {
  connection: "orders-db",
  operations: ["read-orders"],
  reason: "TICKET-1",
  clientAddress: "10.0.0.1",
};

test("the other workers are told of a grant before its holder is, once", async () => {
  const { grants, among, told } = scene();
  const { id, grant } = await grants.request(agent, ask);
  await Promise.all([among.find(agent, id), among.find(agent, id), among.wait(agent, id, 0)]);
  await among.find(agent, id);
  expect(told).toEqual([grant]);
});

test("nobody is told of a grant because somebody else than its holder looks at it", async () => {
  const { grants, among, told } = scene();
  const { id } = await grants.request(agent, ask);
  for (const viewer of [named("operator"), named("auditor")]) {
    await among.find(viewer, id);
    await among.wait(viewer, id, 0);
  }
  expect(told).toEqual([]);
});

test("a secret is collected from where its holder comes", async () => {
  const { grants, among } = scene();
  const { grant = "" } = await grants.request(agent, ask);
  const collected = vi.spyOn(grants, "collectSecret");
  const from = { address: "10.0.0.1", key: "k1" };
  expect(await among.collectSecret(agent, grant, from)).toBeDefined();
  expect(collected.mock.calls).toEqual([[agent, grant, from]]);
});
