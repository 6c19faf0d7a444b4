import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Ask } from "../grants/grants.ts";
import { harness, rulesOf, usual, type Harness } from "../grants/testing/harness.ts";
import { agent, person, reviewer } from "../grants/testing/samples.ts";
import type { AccessRequest } from "../grants/types.ts";
import type { AgentFacts } from "../identity/okta-api/agent-facts.ts";
import { ownersOf } from "../identity/okta-api/principal.ts";
import type { IdentityConfiguration } from "../configuration/types.ts";
import { requesterNow, type AgentNow } from "./wiring/requester-now.ts";

// Who may decide what an agent asks whose groups and owners are Okta's to say (`groups_from: okta`): the rules as the
// gateway wires them, in front of the real service.

const refund: Ask = {
  connection: "orders-db",
  operations: ["refund-order"],
  reason: "TICKET-1",
  clientAddress: "10.0.0.1",
};
const identity = {
  agents: [{ issuer: agent.issuer, directory: new Map() }],
  people: {},
} as unknown as IdentityConfiguration;

/** The agent as its token says it: neither groups nor owners. */
const { owner: _owner, ...bare } = agent;

/** What Okta's API says of the agent now. */
let now: AgentNow;
/** What is learned when somebody asks anew. */
let learned: AgentNow | undefined;
const says = (owners: AgentFacts["owners"]): AgentNow => ({
  groups: ["support-agents"],
  ...ownersOf({ owners }, undefined),
});

let h: Harness;
beforeEach(async () => {
  now = says([]);
  learned = undefined;
  h = await harness({
    poll: false,
    rules: rulesOf(usual, {
      current: (requester) => requesterNow(requester, identity, { agent: () => now }),
      learn: async () => {
        now = learned ?? now;
      },
    }),
  });
});
afterEach(() => h.close());

const ask = (): Promise<AccessRequest> => h.grants.request({ ...bare, ...now }, refund);
const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { code?: string }) => error.code,
  );
const okta = { issuer: "https://example.okta.com" };

describe("an owner whom Okta names", () => {
  const owners: readonly [string, AgentFacts["owners"], ReturnType<typeof person>][] = [
    ["by login", ["00uMIA", "mia@example.com"], person("mia@example.com", okta)],
    ["by login, spelt otherwise", ["Mia@Example.com"], person("mia@example.com", okta)],
    ["by id alone", ["00uMIA"], person("renamed@example.com", { ...okta, uid: "00uMIA" })],
    ["as the second of several", ["zoe@example.com", "00uMIA"], person("mia", { ...okta, uid: "00uMIA" })],
  ];

  it.each(owners)("%s decides nothing that the agent asks", async (_, named, owner) => {
    now = says(named);
    const { id, digest } = await ask();
    expect(await code(h.grants.approve(owner, id, digest, ""))).toBe("forbidden");
    expect(await code(h.grants.refuse(owner, id, digest, ""))).toBe("forbidden");
    expect(await h.grants.approve(reviewer, id, digest, "")).toMatchObject({ state: "approved" });
  });

  it.each(owners)(
    "%s since it was asked decides nothing either: Okta is asked before a yes",
    async (_, named, owner) => {
      const { id, digest } = await ask();
      learned = says(named);
      expect(await code(h.grants.approve(owner, id, digest, ""))).toBe("forbidden");
      expect(await h.grants.find(agent, id)).toMatchObject({ state: "pending", approvals: [] });
    },
  );

  it("who was one when it was asked stays on its side", async () => {
    now = says(["mia@example.com"]);
    const { id, digest } = await ask();
    learned = says(["zoe@example.com"]);
    for (const owner of ["mia@example.com", "zoe@example.com"])
      expect(await code(h.grants.approve(person(owner, okta), id, digest, ""))).toBe("forbidden");
  });
});

describe("while nobody can say in which groups an agent is", () => {
  const unknown: AgentNow = { unknown: "Okta's API has not answered for 6m" };

  it("asks for nothing itself", async () => {
    expect(await code(h.grants.request({ ...bare, groupsUnknown: unknown.unknown }, refund))).toBe(
      "groups_unknown",
    );
  });

  it("nobody's yes counts, it waits, and is approved once Okta has answered", async () => {
    const { id, digest } = await ask();
    const before = now;
    learned = unknown;
    expect(await code(h.grants.approve(reviewer, id, digest, ""))).toBe("groups_unknown");
    expect(await h.grants.find(agent, id)).toMatchObject({ state: "pending", approvals: [] });
    expect(h.log.types()).not.toContain("grant.activated");
    learned = before;
    expect(await h.grants.approve(reviewer, id, digest, "")).toMatchObject({ state: "approved" });
  });

  it("a no is taken", async () => {
    const { id, digest } = await ask();
    now = unknown;
    expect(await h.grants.refuse(reviewer, id, digest, "not now")).toMatchObject({ state: "refused" });
  });

  it("when it has left the group meanwhile, a yes makes nothing", async () => {
    const { id, digest } = await ask();
    learned = { groups: [] };
    expect(await code(h.grants.approve(reviewer, id, digest, ""))).toBe("request_void");
    expect(h.log.types()).not.toContain("grant.activated");
  });
});
