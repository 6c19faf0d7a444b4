import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createIdentity } from "../create-identity.ts";
import { FakeProvider } from "../testing/fake-provider.ts";
import { createMemberships } from "./memberships.ts";
import { memoryMemberships } from "./testing/memory-store.ts";

const roles = { reviewer: ["sre"], operator: [], auditor: [] };

function scene() {
  const clock = fakeClock();
  const provider = new FakeProvider();
  const memberships = createMemberships({
    store: memoryMemberships(),
    clock,
    isShared: false,
    fault: (error) => expect.unreachable(String(error)),
  });
  const identity = createIdentity({
    providers: [provider.settings()],
    peopleClients: ["0oacli"],
    roles,
    clock,
    fetch: provider.fetch,
    memberships,
  });
  const person = { uid: "00uROSA", sub: "rosa@example.com", groups: ["sre", "leads"] };
  const leave = (): Promise<void> =>
    memberships.left({
      issuers: [provider.issuer],
      person: { uid: "00uROSA", login: "rosa@example.com" },
      group: { id: "00gSRE", name: "sre" },
      at: clock.wall(),
    });
  return { clock, provider, identity, person, leave };
}

test("a person's token loses the group that was left since, and the role with it; a fresh token has it", async () => {
  const { clock, provider, identity, person, leave } = scene();
  const token = provider.token(clock.wall(), { ...person, cid: "0oacli" });
  expect((await identity.verify(token)).principal).toMatchObject({
    kind: "person",
    groups: ["sre", "leads"],
    roles: ["reviewer"],
  });
  clock.advance(10_000);
  await leave();
  // The token was verified before, and is remembered.
  expect((await identity.verify(token)).principal).toMatchObject({ groups: ["leads"], roles: [] });
  clock.advance(1000);
  const fresh = provider.token(clock.wall(), { ...person, cid: "0oacli", jti: "AT.2" });
  expect((await identity.verify(fresh)).principal).toMatchObject({ groups: ["sre", "leads"] });
  identity.close();
});

test("an agent that acts for a person loses the person's group, and keeps its own of that name", async () => {
  const { clock, provider, identity, person, leave } = scene();
  const acts = { ...person, cid: "0oabot", act: { sub: "0oabot" }, groups: ["sre", "support-agents"] };
  const token = provider.token(clock.wall(), acts);
  await leave();
  expect((await identity.verify(token)).principal).toMatchObject({
    kind: "agent",
    groups: ["support-agents"],
    person: { groups: ["support-agents"] },
  });
  identity.close();
});

test("a machine's groups are no memberships of a person", async () => {
  const { clock, provider, identity, leave } = scene();
  const token = provider.token(clock.wall(), { groups: ["sre"] });
  await leave();
  expect((await identity.verify(token)).principal.groups).toEqual(["sre"]);
  identity.close();
});
