import { describe, expect, test } from "vitest";
import type { IdentityConfiguration } from "../../configuration/types.ts";
import type { Requester } from "../../grants/types.ts";
import { whyNotDecide } from "../../grants/approvals/people.ts";
import type { AccessRequest } from "../../grants/types.ts";
import { type KnownNow, requesterNow } from "./requester-now.ts";

const issuer = "https://okta.example/oauth2/a";
const configured = (
  groups: readonly string[] | undefined,
  owner?: string,
  by = issuer,
): IdentityConfiguration =>
  ({
    agents: [
      {
        issuer: by,
        directory: new Map(groups === undefined ? [] : [["bot", { name: "bot", groups, owner }]]),
      },
    ],
  }) as unknown as IdentityConfiguration;
const requester = (groups: readonly string[], more: Partial<Requester> = {}): Requester => ({
  kind: "agent",
  issuer,
  subject: "bot",
  client: "bot",
  name: "bot",
  groups,
  groupsFrom: "directory",
  actors: [],
  ...more,
});

describe("a grant's holder as a configuration knows them", () => {
  test("who had groups from the directory has what it says now", () => {
    expect(requesterNow(requester(["a", "b"]), configured(["b"]))?.groups).toEqual(["b"]);
  });
  test("also when the directory has changed more than once since", () => {
    expect(requesterNow(requester(["a", "b"]), configured(undefined))?.groups).toEqual([]);
  });
  test("who has left the directory has no group", () => {
    expect(requesterNow(requester(["a"]), configured(undefined))?.groups).toEqual([]);
  });
  test("groups that came in a token stay, also those that the directory happens to name", () => {
    const claimed = { groupsFrom: "token" } as const;
    expect(requesterNow(requester(["x"], claimed), configured(["b"]))?.groups).toEqual(["x"]);
    expect(requesterNow(requester(["x"], claimed), configured(undefined))?.groups).toEqual(["x"]);
    expect(requesterNow(requester(["x"], { ...claimed, kind: "person" }), configured([]))?.groups).toEqual([
      "x",
    ]);
  });
  test("groups of which it is not known where they are from are the directory's", () => {
    const { groupsFrom: _, ...old } = requester(["a"]);
    expect(requesterNow(old, configured([]))?.groups).toEqual([]);
  });
  test("what an earlier version took for an agent's groups is the person's, and counts no longer", () => {
    const taken = { groupsFrom: "token", subject: "rosa@example.com" } as const;
    const person = { issuer, subject: "rosa@example.com" };
    expect(requesterNow(requester(["leads"], { ...taken, person }), configured(["b"]))?.groups).toEqual([
      "b",
    ]);
    const acts = requester(["leads"], { ...taken, actors: ["bot"] });
    expect(requesterNow(acts, configured(undefined))?.groups).toEqual([]);
  });
  test("the owner is the one that the directory names now", () => {
    const owned = requester(["a"], { owner: "before@example.com" });
    expect(requesterNow(owned, configured(["a"], "after@example.com"))?.owner).toBe("after@example.com");
    expect(requesterNow(owned, configured(["a"]))).not.toHaveProperty("owner");
  });
  test("an issuer that is not trusted leaves nobody", () => {
    const other = configured(["a"], undefined, "https://other.example");
    expect(requesterNow(requester(["a"]), other)).toBeUndefined();
  });
});

describe("groups that were left since a token said them", () => {
  const rosa = { issuer, subject: "rosa@example.com", uid: "00uROSA" };
  /** What the provider has ended: the group `sre`, at 1000. */
  const memberships = {
    still: (member: { uid?: string }, groups: readonly string[], asOf: number) =>
      member.uid === "00uROSA" && asOf <= 1000 ? groups.filter((group) => group !== "sre") : groups,
  };
  const identity = configured(["bots", "sre"]);
  const now = (holder: Requester) => requesterNow(holder, identity, { memberships });
  const forRosa = (more: Partial<Requester> = {}) =>
    requester(["bots"], { subject: rosa.subject, person: { ...rosa, groups: ["sre", "leads"] }, ...more });

  test("are the person's no longer, and stay the agent's own", () => {
    expect(now(forRosa({ groupsAsOf: 900 }))).toMatchObject({
      groups: ["bots", "sre"],
      person: { ...rosa, groups: ["leads"] },
    });
    expect(now(forRosa({ groupsAsOf: 1001 }))?.person?.groups).toEqual(["sre", "leads"]);
    // Of when they were said nothing is known: an earlier version kept it.
    expect(now(forRosa())?.person?.groups).toEqual(["leads"]);
  });

  test("are not held by a person who asks themselves", () => {
    const person = { ...rosa, kind: "person", groupsFrom: "token" } as const;
    expect(now(requester(["sre", "leads"], { ...person, groupsAsOf: 900 }))?.groups).toEqual(["leads"]);
    expect(now(requester(["sre"], { ...person, groupsAsOf: 1001 }))?.groups).toEqual(["sre"]);
  });

  test("mean nothing for an agent by itself", () => {
    expect(now(requester(["sre"], { groupsFrom: "token", groupsAsOf: 900 }))?.groups).toEqual(["sre"]);
  });

  test("a person behind an agent of whom no groups are known has none to lose", () => {
    expect(now(requester(["bots"], { person: rosa }))?.person).toEqual(rosa);
  });
});

describe("an agent's groups from elsewhere than the directory", () => {
  const elsewhere = new Map([["bot", { groups: ["z"], owner: "00uOWNER" }]]);
  const agent = (_: string, client: string) => elsewhere.get(client);

  test("are those that are known there now, with the owner", () => {
    const now = requesterNow(requester(["a"]), configured(["a"], "before@example.com"), { agent });
    expect(now).toMatchObject({ groups: ["z"], owner: "00uOWNER" });
  });

  test("are none of an agent that is not known there", () => {
    const now = requesterNow(requester(["a"], { client: "other" }), configured(["a"]), { agent });
    expect(now?.groups).toEqual([]);
    expect(now).not.toHaveProperty("owner");
  });
});

describe("a person who signed in at the console", () => {
  const oidc = { issuer, clientId: "0oaconsole" };
  const identity = { agents: [], people: { oidc } } as unknown as IdentityConfiguration;
  const person = requester([], {
    kind: "person",
    subject: "rosa@example.com",
    client: "mayfly-console",
    groupsAsOf: 1_000_000,
  });
  const clients = (holder: { client: string; actors: readonly string[] }) => [
    holder.client,
    ...holder.actors,
  ];

  test("is nobody once the console's own client, or their assignment to it, has ended", () => {
    const cutOffs = {
      reasonAgainst: (holder: Parameters<typeof clients>[0]) =>
        clients(holder).includes("0oaconsole") ? "deactivated" : undefined,
    };
    expect(requesterNow(person, identity, { cutOffs })).toBeUndefined();
    const elsewhere = { ...person, client: "0oacli" };
    const trusted = { ...identity, agents: configured([]).agents } as IdentityConfiguration;
    expect(requesterNow(elsewhere, trusted, { cutOffs })).toEqual(elsewhere);
  });

  test("has left a group also where this machine's clock was ahead when it asked", () => {
    const memberships = {
      still: (_: unknown, groups: readonly string[], asOf: number) => (asOf <= 980_000 ? [] : groups),
    };
    const now = requesterNow({ ...person, groups: ["sre"] }, identity, { memberships });
    expect(now?.groups).toEqual([]);
  });
});

describe("who owns a machine that calls an agent", () => {
  const calledBy = requester([], { client: "wlp", subject: "bot", actors: ["wlp", "bot"] });
  const reviewer = {
    kind: "person",
    issuer,
    subject: "cleo@example.com",
    client: "console",
    name: "cleo",
    groups: ["leads"],
    roles: ["reviewer"],
    actors: [],
  } as const;
  const request = {
    requester: calledBy,
    approval: { by: ["leads"], count: 1, within: 1, refusals: 1 },
    approvals: [],
  } as unknown as AccessRequest;
  const why = (configuration: IdentityConfiguration, agent?: KnownNow["agent"]) =>
    whyNotDecide(
      { current: (who) => requesterNow(who, configuration, agent === undefined ? {} : { agent }) },
      reviewer,
      request,
    );

  test("decides nothing that it has the agent ask for", () => {
    expect(why(configured([], "cleo@example.com"))).toBe("the agent is yours");
    expect(why(configured([], "somebody@example.com"))).toBeUndefined();
  });
  test("also where the directory of another provider names the machine", () => {
    const { agents } = configured([], "cleo@example.com", "https://okta.example/oauth2/b");
    const both = { agents: [...configured(undefined).agents, ...agents] } as unknown as IdentityConfiguration;
    expect(why(both)).toBe("the agent is yours");
  });
  test("also where Okta names the owner", () => {
    const agent: KnownNow["agent"] = (_, client) =>
      client === "bot" ? { groups: [], owners: ["00u1", "cleo@example.com"] } : { groups: [] };
    expect(why(configured(undefined), agent)).toBe("the agent is yours");
  });
});
