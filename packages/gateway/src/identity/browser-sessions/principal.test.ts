import { expect, test } from "vitest";
import { isSessionOf, verifiedOf } from "./principal.ts";
import type { BrowserSession } from "./store.ts";

const okta = "https://example.okta.com";
const session = (more: Partial<BrowserSession> = {}): BrowserSession => ({
  id: "bs_0000000000000000",
  digest: "00",
  method: "oidc",
  issuer: okta,
  login: "rosa@example.com",
  providerSubject: "00uROSA",
  rules: "sha256:00",
  groups: [],
  groupsAsOf: 1,
  signedInAt: 1,
  lastSeenAt: 1,
  endsAt: 2,
  address: "127.0.0.1",
  browser: "test",
  ...more,
});
const rosa = { issuer: okta, subject: "rosa@example.com", uid: "00uROSA" };
const saml = { method: "saml", issuer: "urn:saml", providerSubject: "rosa@example.com" } as const;

test.each([
  ["the same login and id", {}, rosa, true],
  ["a renamed login", { login: "rosa.m@example.com" }, rosa, true],
  ["the login's former owner", { providerSubject: "00uOLD" }, rosa, false],
  ["another way in, by login", saml, rosa, true],
  [
    "another way in, renamed, by the id that it says",
    { ...saml, login: "rosa.m", uid: "00uROSA" },
    rosa,
    true,
  ],
  ["another way in, another login, no id", { ...saml, login: "rosa.m" }, rosa, false],
  ["a token of another issuer, by id", { login: "rosa.m" }, { ...rosa, issuer: `${okta}/oauth2/aus1` }, true],
  ["a token without an id, by login", {}, { issuer: okta, subject: "ROSA@example.com" }, true],
  ["somebody else", {}, { issuer: okta, subject: "alan@example.com", uid: "00uALAN" }, false],
])("a session is a person's: %s", (_, more, person, expected) => {
  expect(isSessionOf(session(more), person)).toBe(expected);
});

test("a session's person has the id that the provider says, and by SAML the one of the attribute before the NameID", () => {
  const roles = { reviewer: [], operator: [], auditor: [] };
  expect(verifiedOf(session(), roles).principal.uid).toBe("00uROSA");
  expect(verifiedOf(session(saml), roles).principal.uid).toBe("rosa@example.com");
  expect(verifiedOf(session({ ...saml, uid: "00uROSA" }), roles).principal.uid).toBe("00uROSA");
});
