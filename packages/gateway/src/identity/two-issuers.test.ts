import { requesterKey } from "../kernel/requester.ts";
import { describe, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createIdentity } from "./create-identity.ts";
import { FakeProvider } from "./testing/fake-provider.ts";

// One authorization server of one org is another issuer at each of the org's hosts. These are Okta's: the org's own URL, and a
// custom domain.
const orgHost = new FakeProvider("https://example.okta.com/oauth2/aus1");
const customHost = new FakeProvider("https://login.example.com/oauth2/aus1");
const person = { sub: "rosa@example.com", uid: "00uROSA", cid: "0oacli", groups: ["sre"] };

function identityOf(...providers: readonly FakeProvider[]): {
  identity: ReturnType<typeof createIdentity>;
  now: number;
} {
  const clock = fakeClock();
  const identity = createIdentity({
    providers: providers.map((provider) => provider.settings()),
    peopleClients: ["0oacli"],
    roles: { reviewer: ["sre"], operator: [], auditor: [] },
    clock,
    fetch: (url, request) =>
      (providers.find(({ issuer }) => url.startsWith(issuer)) ?? orgHost).fetch(url, request),
  });
  return { identity, now: clock.wall() };
}

describe("one org at two hosts", () => {
  it.each([
    ["the org's own URL", orgHost, customHost],
    ["the custom domain", customHost, orgHost],
  ])(
    "a token of the other host is refused where %s is configured, with what to do",
    async (_, mine, other) => {
      const { identity, now } = identityOf(mine);
      const error = (await identity.verify(other.token(now, person)).catch((thrown: unknown) => thrown)) as {
        code: string;
        message: string;
        hint: string;
      };
      expect(error).toMatchObject({
        code: "token_issuer",
        message: expect.stringContaining("one with the same path is, at another host") as string,
        hint: expect.stringContaining(`this gateway knows it as ${mine.issuer}`) as string,
      });
      expect(error.hint).toMatch(/Dynamic follows the host/);
      // Nothing out of the token is said back.
      expect(error.message + error.hint).not.toContain(new URL(other.issuer).host);
    },
  );

  it.each([
    ["another authorization server of the org", "https://example.okta.com/oauth2/aus2"],
    ["the org's own server", "https://example.okta.com"],
    ["the issuer with a slash more", "https://example.okta.com/oauth2/aus1/"],
    ["what is no URL", "aus1"],
    ["what is no text", 7],
  ])("a token of %s is refused without that", async (_, iss) => {
    const { identity, now } = identityOf(orgHost);
    await expect(identity.verify(orgHost.token(now, { ...person, iss }))).rejects.toMatchObject({
      code: "token_issuer",
      message: "the access token's issuer is not trusted here",
    });
  });

  it("both may be configured: somebody is another principal at each, with the same id", async () => {
    const { identity, now } = identityOf(orgHost, customHost);
    const [at, there] = [
      (await identity.verify(orgHost.token(now, person))).principal,
      (await identity.verify(customHost.token(now, person))).principal,
    ];
    expect([at.uid, there.uid]).toEqual(["00uROSA", "00uROSA"]);
    expect([at.issuer, there.issuer]).toEqual([orgHost.issuer, customHost.issuer]);
    expect(requesterKey(at)).not.toBe(requesterKey(there));
  });

  it("a key of one host's verifies nothing that names the other", async () => {
    const { identity, now } = identityOf(orgHost, customHost);
    const key = { kid: "key-7", alg: "RS256" };
    const forged = orgHost.token(now, { ...person, iss: customHost.issuer }, key);
    await expect(identity.verify(forged)).rejects.toMatchObject({ code: "token_key" });
  });
});
