import { describe, expect, it } from "vitest";
import type { Configuration } from "../../../configuration/types.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../../../kernel/secret.ts";
import { peopleOf } from "./people.ts";

const parts = {
  url: "https://mayfly.test:8443",
  clock: fakeClock(),
  usedOnce: { use: () => Promise.resolve(true) },
};

type People = Configuration["identity"]["people"];

function configuration(
  oidc: Partial<NonNullable<People["oidc"]>> = {},
  more: Partial<People> = {},
  reviewer: readonly string[] = ["support-leads"],
): Configuration {
  const people: People = {
    clients: ["0oaweb"],
    issuers: [],
    oidc: {
      issuer: "https://okta.test",
      clientId: "0oaweb",
      clientSecret: new Secret("one", { env: "OKTA_CLIENT_SECRET" }),
      groupsClaim: "groups",
      loginClaim: "preferred_username",
      scopes: ["openid"],
      algorithms: ["RS256"],
      allowInsecureLoopback: false,
      label: "Okta",
      ...oidc,
    },
    sessions: { idle: 60_000, absolute: 120_000 },
    groupsMaxAge: 1000,
    ...more,
  };
  return {
    identity: { agents: [], people, roles: { reviewer, operator: [], auditor: [] } },
  } as unknown as Configuration;
}

describe("people, when the configuration changes", () => {
  const before = { configuration: configuration(), rules: peopleOf(configuration(), parts) };
  const after = (next: Configuration): ReturnType<typeof peopleOf> => peopleOf(next, parts, before);

  it("are the same when only roles change: nobody is signed out, and keys stay", () => {
    const next = after(configuration({}, {}, ["others"]));
    expect(next.digest).toBe(before.rules.digest);
    expect(next.providers).toBe(before.rules.providers);
    expect(next.roles.reviewer).toEqual(["others"]);
  });

  it("stay signed in when a secret has another value, which is used from now on", () => {
    const next = after(configuration({ clientSecret: new Secret("two", { env: "OKTA_CLIENT_SECRET" }) }));
    expect(next.digest).toBe(before.rules.digest);
    expect(next.providers).not.toBe(before.rules.providers);
  });

  it.each<[string, Configuration]>([
    ["issuer", configuration({ issuer: "https://other.test" })],
    ["client", configuration({ clientId: "0oaother" })],
    ["claim of groups", configuration({ groupsClaim: "roles" })],
    ["claim of the login", configuration({ loginClaim: "email" })],
    ["limits of sessions", configuration({}, { sessions: { idle: 60_000, absolute: 60_000 } })],
  ])("are signed out by another %s", (_, next) => {
    expect(after(next).digest).not.toBe(before.rules.digest);
  });

  it("cannot sign in where nothing is configured", () => {
    const { oidc: _, ...none } = configuration().identity.people;
    expect(
      after({ identity: { ...configuration().identity, people: none } } as Configuration).providers,
    ).toEqual([]);
  });
});
