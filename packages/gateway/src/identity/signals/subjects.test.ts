import type { Holder } from "../../kernel/requester.ts";
import { expect, test } from "vitest";
import { concerns, saidAtProvider, type About } from "./subjects.ts";

const issuer = "https://okta.example/oauth2/aus1";
const rosa: Holder = {
  kind: "person",
  issuer,
  subject: "rosa@example.com",
  uid: "00uROSA",
  client: "0oacli",
  actors: [],
};
const machine: Holder = { kind: "agent", issuer, subject: "0oabot", client: "0oabot", actors: [] };
const forRosa: Holder = {
  kind: "agent",
  issuer,
  subject: "rosa@example.com",
  client: "wlpbot",
  person: { issuer, subject: "rosa@example.com", uid: "00uROSA" },
  actors: ["wlpbot", "wlpcaller"],
};
const saml: Holder = { ...rosa, issuer: "http://www.okta.com/exk1", client: "mayfly-console" };
const samlOnly = { ...saml, uid: undefined } as unknown as Holder;

const user = (subject: { uid?: string; login?: string }, more: Partial<About> = {}): About => ({
  subject: { kind: "user", ...subject },
  issuers: [issuer, "http://www.okta.com/exk1"],
  ...more,
});
const client = (id: string): About => ({ subject: { kind: "client", client: id }, issuers: [issuer] });
const of = (about: About): string[] =>
  Object.entries({ rosa, machine, forRosa, saml: samlOnly })
    .filter(([, holder]) => concerns(about, holder))
    .map(([name]) => name);

test("a user is who has the provider's id of them; without it, who has their login", () => {
  expect(of(user({ uid: "00uROSA" }))).toEqual(["rosa", "forRosa"]);
  expect(of(user({ login: "Rosa@Example.com" }))).toEqual(["rosa", "forRosa", "saml"]);
  expect(of(user({ uid: "00uROSA", login: "renamed@example.com" }))).toEqual(["rosa", "forRosa"]);
  // Somebody else has this login now.
  expect(of(user({ uid: "00uELSE", login: "rosa@example.com" }))).toEqual(["saml"]);
  expect(of(user({}))).toEqual([]);
});

test("a client is who asks, who acts, and whose access it is; never a person of that name", () => {
  expect(of(client("0oabot"))).toEqual(["machine"]);
  expect(of(client("wlpbot"))).toEqual(["forRosa"]);
  expect(of(client("wlpcaller"))).toEqual(["forRosa"]);
  expect(of(client("0oacli"))).toEqual(["rosa"]);
  expect(of(client("rosa@example.com"))).toEqual([]);
});

test("an assignment's end reaches what is held through that client alone", () => {
  expect(of(user({ uid: "00uROSA" }, { through: "wlpbot" }))).toEqual(["forRosa"]);
  expect(of(user({ uid: "00uROSA" }, { through: "0oaother" }))).toEqual([]);
});

test("nobody of another issuer is meant, and a group is nobody", () => {
  expect(of(user({ uid: "00uROSA" }, { issuers: ["https://other.example"] }))).toEqual([]);
  expect(of({ subject: { kind: "client", client: "0oabot" }, issuers: [] })).toEqual([]);
  expect(of({ subject: { kind: "group", id: "00gSRE" }, issuers: [issuer] })).toEqual([]);
});

test("a NameID is one more name of a person, and never tells them from the user whose login they have", () => {
  const named = (uid: string): Holder => ({ ...saml, uid, uidFrom: "name_id" });
  const deactivated = user({ uid: "00uROSA", login: "rosa@example.com" });
  expect(concerns(deactivated, named("rosa@example.com"))).toBe(true);
  expect(concerns(deactivated, named("a-persistent-name"))).toBe(true);
  expect(concerns(user({ uid: "00uROSA" }), named("00uROSA"))).toBe(true);
  expect(concerns(user({ uid: "00uELSE", login: "else@example.com" }), named("rosa@example.com"))).toBe(
    false,
  );
});

test("what a person came to through a browser is as old as this machine's clock may be ahead", () => {
  expect(saidAtProvider({ kind: "person", client: "mayfly-console" }, 100_000)).toBe(70_000);
  expect(saidAtProvider({ kind: "person", client: "0oacli" }, 100_000)).toBe(100_000);
  expect(saidAtProvider({ kind: "agent", client: "mayfly-console" }, 100_000)).toBe(100_000);
  expect(saidAtProvider({ kind: "person", client: "mayfly-console" }, undefined)).toBe(0);
});
