import { describe, expect, it } from "vitest";
import type { Actor } from "../grants.ts";
import { decidedBy, owns, samePerson, whyNotReview } from "./people.ts";
import type { AccessRequest, Requester } from "../types.ts";

const okta = "https://example.okta.com";
const rosa: Actor = {
  kind: "person",
  issuer: okta,
  subject: "rosa@example.com",
  uid: "00uROSA",
  client: "mayfly-console",
  name: "rosa@example.com",
  groups: ["leads"],
  roles: ["reviewer"],
  actors: [],
};

const bot: Requester = {
  kind: "agent",
  issuer: `${okta}/oauth2/aus1`,
  subject: "0oabot",
  client: "0oabot",
  name: "bot",
  groups: [],
  actors: [],
};

const asked = (requester: Partial<Requester>): AccessRequest =>
  ({
    requester: { ...bot, ...requester },
    approval: { by: ["leads"], count: 1, within: 1, refusals: 1 },
    approvals: [],
  }) as unknown as AccessRequest;

describe("nobody approves what their own agent asks, whatever their login is called", () => {
  it("lets a reviewer decide for an agent that is not theirs", () => {
    expect(whyNotReview(rosa, asked({}))).toBeUndefined();
    const other = { issuer: okta, subject: "alan@example.com", uid: "00uALAN" };
    expect(whyNotReview(rosa, asked({ person: other }))).toBeUndefined();
  });

  it.each<[string, Partial<Requester>, string]>([
    [
      "an agent for the same login",
      { person: { issuer: "x", subject: "Rosa@example.com" } },
      "it was made for you",
    ],
    [
      "an agent whose app calls the person something else",
      { subject: "rosa.m", person: { issuer: "x", subject: "rosa.m", uid: "00uROSA" } },
      "it was made for you",
    ],
    [
      "an agent whose tokens call the person by the id",
      { person: { issuer: "x", subject: "00uX", uid: "00uROSA" } },
      "it was made for you",
    ],
    ["an owner by login", { owner: "ROSA@example.com" }, "the agent is yours"],
    ["an owner by id", { owner: "00uROSA" }, "the agent is yours"],
    ["an actor by id", { actors: ["wlpA", "00uROSA"] }, "you act in it"],
    [
      "their own request under an old login",
      { kind: "person", subject: "old@example.com", uid: "00uROSA" },
      "it is your own",
    ],
  ])("refuses %s", (_, requester, why) => {
    expect(whyNotReview(rosa, asked(requester))).toBe(why);
  });

  it("counts one person's decisions once, by whatever way they come", () => {
    const request = {
      ...asked({}),
      approvals: [{ reviewer: { issuer: "x", subject: "rosa.m", uid: "00uROSA", name: "Rosa" } }],
    } as unknown as AccessRequest;
    expect(decidedBy(request, rosa)).toBe(true);
    expect(decidedBy(request, { ...rosa, subject: "alan@example.com", uid: "00uALAN" })).toBe(false);
  });

  it.each<[string, Partial<Requester>, string]>([
    [
      "an agent for them, whose token calls the login what SAML calls the id",
      { person: { issuer: "x", subject: "Rosa@example.com", uid: "00uROSA" } },
      "it was made for you",
    ],
    [
      "an agent for them, whose token calls the id what SAML calls the login",
      { person: { issuer: "x", subject: "rosa", uid: "rosa.moreno@example.com" } },
      "it was made for you",
    ],
    [
      "their own request, asked through another door",
      { kind: "person", subject: "rosa@example.com", uid: "00uROSA" },
      "it is your own",
    ],
  ])("refuses whoever signs in with SAML, by an address and a NameID, %s", (_, requester, why) => {
    const bySaml = { ...rosa, subject: "rosa.moreno@example.com", uid: "rosa@example.com" };
    expect(whyNotReview(bySaml, asked(requester))).toBe(why);
  });

  it("takes nobody for another because neither has an id", () => {
    expect(samePerson({ issuer: "a", subject: "x" }, { issuer: "b", subject: "y" })).toBe(false);
  });
});

describe("what is somebody's own", () => {
  const own = (requester: Partial<Requester>, actor: Partial<Actor>): boolean =>
    owns({ ...rosa, ...actor }, asked({ ...rosa, ...requester }));
  const acting: Partial<Requester> = {
    kind: "agent",
    person: { issuer: okta, subject: "x", uid: "00uROSA" },
  };

  it.each<[string, Partial<Requester>, Partial<Actor>, boolean]>([
    ["theirs, by the same way", {}, {}, true],
    ["their login's former owner's", { uid: "00uOLD" }, {}, false],
    ["one whose tokens say no id", {}, { uid: undefined as never }, true],
    ["an agent's for the same person", acting, acting, true],
    [
      "an agent's for the login's former owner",
      acting,
      { ...acting, person: { issuer: okta, subject: "x", uid: "00uOLD" } },
      false,
    ],
  ])("%s: %#", (_, requester, actor, expected) => {
    const { uid, ...rest } = { ...rosa, ...actor };
    const { uid: theirs, ...others } = { ...rosa, ...requester };
    const isAgent = requester.kind === "agent";
    const a = { ...rest, ...(isAgent || uid === undefined ? {} : { uid }) };
    const b = { ...others, ...(isAgent || theirs === undefined ? {} : { uid: theirs }) };
    expect(owns(a, asked(b))).toBe(expected);
    expect(own({ subject: "other@example.com" }, {})).toBe(false);
  });
});
