import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createClosedGrants } from "./closed-grants.ts";
import type { Core } from "../core.ts";
import type { Grant } from "../types.ts";

const grant = (id: string, state: Grant["state"]): Grant => ({
  id,
  request: "req_1",
  requester: { kind: "agent", issuer: "i", subject: "s", client: "s", name: "bot", groups: [], actors: [] },
  connection: "orders-db",
  operations: ["read-orders"],
  policies: ["p"],
  state,
  activatedAt: 0,
  endsAt: 1,
  verifier: `verifier of ${id}`,
  ...(state === "active" ? {} : { endReason: `grant ${id} was ${state}` }),
});

function finder(stored: readonly Grant[]) {
  const looked: string[] = [];
  const clock = fakeClock();
  const core = {
    clock,
    endedHere: new Map(),
    live: { get: () => undefined },
  } as unknown as Core;
  const lookUp = (id: string): Promise<Grant | undefined> => {
    looked.push(id);
    return Promise.resolve(stored.find((each) => each.id === id));
  };
  return { closed: createClosedGrants(core, lookUp), looked, clock };
}

it("tells how a stored grant ended, and looks it up once", async () => {
  const { closed, looked } = finder([grant("gr_1", "revoked")]);
  const expected = {
    connection: "orders-db",
    reason: "grant gr_1 was revoked",
    verifier: "verifier of gr_1",
  };
  expect(await closed("gr_1")).toMatchObject(expected);
  expect(await closed("gr_1")).toMatchObject(expected);
  expect(looked).toEqual(["gr_1"]);
});

it("says nothing of a grant that is active or unknown", async () => {
  const { closed } = finder([grant("gr_1", "active")]);
  expect(await closed("gr_1")).toBeUndefined();
  expect(await closed("gr_2")).toBeUndefined();
});

it("looks so many ids up in a second and no more, whoever guesses them", async () => {
  const { closed, looked, clock } = finder([]);
  for (let i = 0; i < 500; i += 1) await closed(`gr_${i}`);
  expect(looked).toHaveLength(100);
  clock.advance(1000);
  await closed("gr_again");
  expect(looked).toHaveLength(101);
});
