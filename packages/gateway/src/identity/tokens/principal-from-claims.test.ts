import { expect, test } from "vitest";
import { IdentityError } from "../error.ts";
import { principalFromClaims } from "./principal-from-claims.ts";
import { FakeProvider } from "../testing/fake-provider.ts";

const provider = new FakeProvider();
const { issuer } = provider;
const rules = {
  peopleClients: ["mayfly-cli"],
  roles: { reviewer: ["support-leads", "sre"], operator: ["platform"], auditor: ["security"] },
};
const principal = (claims: Record<string, unknown>) =>
  principalFromClaims(claims, provider.settings(), rules);

test("a service app is an agent, named, owned and grouped by the directory", () => {
  expect(principal({ sub: "0oabot", cid: "0oabot" })).toEqual({
    kind: "agent",
    issuer,
    subject: "0oabot",
    client: "0oabot",
    name: "support-bot",
    owner: "owner@example.com",
    groups: ["support-agents"],
    groupsFrom: "directory",
    actors: [],
    roles: [],
  });
});

test("a service app that the directory does not know may request nothing", () => {
  expect(principal({ sub: "0oax", cid: "0oax" })).toMatchObject({
    kind: "agent",
    name: "0oax",
    groups: [],
    roles: [],
  });
});

test("a groups claim beats the directory, even an empty one; one group may come as text", () => {
  expect(principal({ sub: "0oabot", cid: "0oabot", groups: ["a", "b", "a"] }).groups).toEqual(["a", "b"]);
  expect(principal({ sub: "0oabot", cid: "0oabot", groups: "a" }).groups).toEqual(["a"]);
  expect(principal({ sub: "0oabot", cid: "0oabot", groups: [] }).groups).toEqual([]);
});

test("an agent has no roles, whatever groups it claims", () => {
  expect(principal({ sub: "0oabot", cid: "0oabot", groups: ["sre", "platform"] }).roles).toEqual([]);
});

test("a service app is no person for coming through people's client", () => {
  expect(principal({ sub: "mayfly-cli", cid: "mayfly-cli", groups: ["sre"] })).toMatchObject({
    kind: "agent",
    roles: [],
  });
});

test("a person through people's own client, with roles by groups", () => {
  const claims = { sub: "alice@example.com", uid: "00u1", cid: "mayfly-cli", groups: ["sre", "security"] };
  expect(principal(claims)).toEqual({
    kind: "person",
    issuer,
    subject: "alice@example.com",
    uid: "00u1",
    client: "mayfly-cli",
    name: "alice@example.com",
    groups: ["sre", "security"],
    groupsFrom: "token",
    actors: [],
    roles: ["reviewer", "auditor"],
  });
});

test("a person without groups gets none from the directory: that one is for agents", () => {
  const directory = new Map([["mayfly-cli", { name: "cli", groups: ["platform"] }]]);
  const claims = { sub: "alice@example.com", uid: "00u1", cid: "mayfly-cli" };
  expect(principalFromClaims(claims, provider.settings({ directory }), rules)).toMatchObject({
    groups: [],
    roles: [],
  });
});

test("a person's token through another client is an agent acting for that person, without roles", () => {
  const claims = { sub: "alice@example.com", uid: "00u1", cid: "0oabot", groups: ["sre"] };
  expect(principal(claims)).toMatchObject({
    kind: "agent",
    subject: "alice@example.com",
    client: "0oabot",
    name: "support-bot",
    // The claim is the person's: the agent has what the directory gives it.
    person: { issuer, subject: "alice@example.com", uid: "00u1", groups: ["sre"] },
    groups: ["support-agents"],
    groupsFrom: "directory",
    roles: [],
  });
});

test("act makes an agent of it, through people's client as well, and without uid", () => {
  const act = (sub: string) => ({ sub, act: { sub: "0oaouter" } });
  for (const claims of [
    { sub: "alice@example.com", uid: "00u1", cid: "mayfly-cli", groups: ["sre"], act: act("mayfly-cli") },
    { sub: "alice@example.com", sub_profile: "user", cid: "0oabot", groups: ["sre"], act: act("0oabot") },
  ]) {
    expect(principal(claims)).toMatchObject({
      kind: "agent",
      person: { issuer, subject: "alice@example.com" },
      actors: [claims.cid, "0oaouter"],
      roles: [],
    });
  }
});

test("an agent that acts for a machine has nobody behind it, and no group that a claim names", () => {
  const found = principal({
    sub: "0oaservice",
    scope: "mayfly",
    sub_profile: "service",
    groups: ["sre"],
    act: { sub: "0oabot", sub_profile: "ai_agent", act: { sub: "0oaservice", sub_profile: "service" } },
  });
  expect(found).toMatchObject({
    kind: "agent",
    subject: "0oaservice",
    client: "0oabot",
    name: "support-bot",
    groups: ["support-agents"],
    groupsFrom: "directory",
    actors: ["0oabot", "0oaservice"],
  });
  expect(found.person).toBeUndefined();
});

test("without uid and act, a subject that is not the client is nobody", () => {
  expect(() => principal({ sub: "alice@example.com", cid: "mayfly-cli", groups: ["sre"] })).toThrow(
    IdentityError,
  );
});

test("a chain of actors has an end", () => {
  let act: object | undefined;
  for (let depth = 0; depth < 8; depth += 1)
    act = { sub: `a${depth}`, ...(act === undefined ? {} : { act }) };
  expect(principal({ sub: "p", uid: "u", cid: "a7", act }).actors).toHaveLength(8);
  expect(() => principal({ sub: "p", uid: "u", cid: "a8", act: { sub: "a8", act } })).toThrow(IdentityError);
});

test("a claim called like a member of every object is no groups claim", () => {
  const odd = provider.settings({ groupsClaim: "constructor" });
  expect(principalFromClaims({ sub: "0oabot", cid: "0oabot" }, odd, rules).groups).toEqual([
    "support-agents",
  ]);
});

test("who owns a machine behind an agent is told too: the service app that calls it, and agents in between", () => {
  const directory = new Map([
    ["wlpagent", { name: "agent", owner: "ann@example.com", groups: [] }],
    ["wlpbetween", { name: "between", owner: "ben@example.com", groups: [] }],
    ["0oacaller", { name: "caller", owner: "cleo@example.com", groups: [] }],
  ]);
  const of = (claims: Record<string, unknown>) =>
    principalFromClaims(claims, provider.settings({ directory }), rules);
  const chain = { sub: "wlpagent", act: { sub: "wlpbetween", act: { sub: "0oacaller" } } };
  expect(of({ sub: "0oacaller", cid: "wlpagent", act: chain })).toMatchObject({
    owner: "ann@example.com",
    owners: ["ben@example.com", "cleo@example.com"],
  });
  const forPerson = { sub: "rosa@example.com", uid: "00u1", cid: "wlpagent", sub_profile: "user" };
  expect(of({ ...forPerson, act: { sub: "wlpagent", act: { sub: "wlpbetween" } } })).toMatchObject({
    owner: "ann@example.com",
    owners: ["ben@example.com"],
  });
  expect(of({ ...forPerson, act: { sub: "wlpagent" } })).not.toHaveProperty("owners");
});

test("people's clients are those of people's own provider: another one that is trusted makes nobody a reviewer", () => {
  const own = { ...rules, peopleIssuers: [issuer] };
  const claims = { sub: "alice@example.com", uid: "00u1", cid: "mayfly-cli", groups: ["sre", "platform"] };
  const other = {
    ...provider.settings(),
    issuer: "https://partner.example/oauth2/aus9",
    directory: new Map(),
  };
  expect(principalFromClaims(claims, provider.settings(), own)).toMatchObject({ kind: "person" });
  expect(principalFromClaims(claims, other, own)).toMatchObject({ kind: "agent", groups: [], roles: [] });
});
