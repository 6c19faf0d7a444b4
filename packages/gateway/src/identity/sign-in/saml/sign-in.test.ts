import { encodeResponse, samlNames } from "@mayfly/okta-stand-in";
import { expect, test } from "vitest";
import { readXml } from "./xml.ts";
import { authnRequestIn, gateway, outcome, setScene } from "./testing/scene.ts";

const minutes = 60_000;

test("what Okta sends is accepted, and everything it says is handed on", async () => {
  const scene = await setScene();
  const now = scene.clock.wall();
  const xml = scene.mint({
    authnInstant: now - 3 * minutes,
    content: { sessionNotOnOrAfter: now + 60 * minutes },
  });
  expect(await scene.post(xml)).toEqual({
    issuer: "http://www.okta.com/exk1mayfly",
    login: "alice@example.com",
    displayName: "Alice",
    providerSubject: "alice@example.com",
    providerSession: scene.requestId,
    groups: ["support-leads", "sre"],
    groupsAsOf: now,
    authenticatedAt: now - 3 * minutes,
    endsBy: now + 60 * minutes,
  });
});

test.each([
  ["many groups", "alice@example.com", ["support-leads", "sre"]],
  ["one group", "bob@example.com", ["support-leads"]],
  ["no groups", "carol@example.com", []],
])("%s", async (_, login, groups) => {
  const scene = await setScene({}, { nameIdFormat: "emailAddress" });
  expect(await scene.post(scene.mint({ login }))).toMatchObject({ login, groups });
});

test.each([samlNames.rsaSha256, samlNames.rsaSha512, samlNames.rsaPssSha256])(
  "signed with %s",
  async (name) => {
    const scene = await setScene();
    for (const digestAlgorithm of [samlNames.sha256, samlNames.sha512]) {
      const signing = { signatureAlgorithm: name, digestAlgorithm };
      expect(await outcome(scene.post(scene.mint({ signing })))).toBe("alice@example.com");
    }
  },
);

test("groups in several attributes of one name, empty and nil values", async () => {
  const scene = await setScene();
  const value = '<saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
  const edit = (xml: string) =>
    xml.replace(
      "</saml2:AttributeStatement>",
      `<saml2:Attribute Name="groups"><saml2:AttributeValue>platform</saml2:AttributeValue>${value} xsi:nil="true"/><saml2:AttributeValue/><saml2:AttributeValue>sre</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>`,
    );
  expect(await scene.post(scene.mint({ edit }))).toMatchObject({
    groups: ["support-leads", "sre", "platform"],
  });
});

test("the login may be in an attribute of its own, once", async () => {
  const scene = await setScene({ loginAttribute: "login" });
  const attributes = (login: string[]) => ({ content: { attributes: { login } } });
  expect(await scene.post(scene.mint(attributes(["alice"])))).toMatchObject({
    login: "alice",
    providerSubject: "alice@example.com",
  });
  expect(await outcome(scene.post(scene.mint(attributes(["alice", "bob"]))))).toBe(
    "not_verified: the login attribute has more than one value",
  );
  expect(await outcome(scene.post(scene.mint(attributes([]))))).toBe(
    "not_verified: the login attribute names nobody",
  );
});

test("an AuthnRequest says who asks, where to answer, and no more", async () => {
  const scene = await setScene();
  const start = { handle: "relay", binding: "b" };
  const { redirect } = await scene.signIn.begin(start);
  const url = new URL(redirect);
  expect(url.origin + url.pathname).toBe(scene.idp.ssoUrl);
  expect(url.searchParams.get("RelayState")).toBe("relay");
  const { id, xml } = authnRequestIn(redirect);
  expect(id).toMatch(/^_[0-9a-f]{64}$/);
  expect(xml).toContain(`>${gateway.entityId}</saml:Issuer>`);
  expect(xml).toContain(`AssertionConsumerServiceURL="${gateway.acs}"`);
  expect(xml).not.toContain("RequestedAuthnContext");
  expect(xml).not.toContain("ForceAuthn");
  const fresh = await scene.signIn.begin({ ...start, fresh: 10 * minutes });
  expect(authnRequestIn(fresh.redirect).xml).toContain('ForceAuthn="true"');
});

test("an AuthnRequest's id belongs to one sign-in in one browser", async () => {
  const { signIn } = await setScene();
  const idOf = async (handle: string, binding: string) =>
    authnRequestIn((await signIn.begin({ handle, binding })).redirect).id;
  const ids = [await idOf("h", "b"), await idOf("h2", "b"), await idOf("h", "b2")];
  expect(new Set(ids).size).toBe(3);
  expect(await idOf("h", "b")).toBe(ids[0]);
});

test("a fresh sign-in wants a proof as young as that", async () => {
  const scene = await setScene({}, { fresh: 10 * minutes });
  const at = (age: number) => scene.mint({ authnInstant: scene.clock.wall() - age });
  expect(await outcome(scene.post(at(10 * minutes + 31_000)))).toBe(
    "not_fresh: AuthnInstant is older than what was asked for",
  );
  expect(await outcome(scene.post(at(10 * minutes)))).toBe("alice@example.com");
});

test("sign-in begun at the provider counts only where it is switched on, and then once", async () => {
  const without = (xml: string, relayState?: string) => ({
    parameters: {
      SAMLResponse: encodeResponse(xml),
      ...(relayState === undefined ? {} : { RelayState: relayState }),
    },
  });
  const off = await setScene();
  const unasked = { login: "alice@example.com" };
  expect(await outcome(off.signIn.finish(without(off.idp.response(unasked))))).toBe(
    "not_configured: sign-in begun at the provider is not switched on",
  );
  const on = await setScene({ allowProviderInitiated: true });
  const xml = on.idp.response(unasked);
  expect(await outcome(on.signIn.finish(without(xml, "https://evil/")))).toBe("alice@example.com");
  expect(await outcome(on.signIn.finish(without(xml)))).toBe("expired: the assertion was used before");
  // An answer to somebody's question is no unasked one.
  expect(await outcome(on.signIn.finish(without(on.mint())))).toBe(
    "not_verified: an answer to a question of somebody else",
  );
  // Nor may an unasked one end a sign-in that began here.
  expect(await outcome(on.post(on.idp.response(unasked)))).toBe(
    "not_verified: InResponseTo is another request",
  );
});

test("several certificates count while the provider changes its key", async () => {
  const scene = await setScene();
  const old = scene.idp.key();
  await scene.idp.rotateKey();
  const both = await setScene({
    provider: (await import("./idp-metadata.ts")).readIdpMetadata(scene.idp.metadata()),
  });
  for (const key of [old, scene.idp.key()])
    expect(await outcome(both.post(both.mint({ key })))).toBe("alice@example.com");
  // The old scene knows the old certificate alone.
  expect(await outcome(scene.post(scene.mint()))).toMatch(/^not_verified: the signature/);
});

test("our metadata says where responses go, and that assertions have to be signed", async () => {
  const { signIn } = await setScene({ entityId: "https://gw/?a=1&b=2" });
  const root = readXml(signIn.metadata());
  expect(root.attributes).toContainEqual({ local: "entityID", namespace: "", value: "https://gw/?a=1&b=2" });
  expect(signIn.metadata()).toContain(`Location="${gateway.acs}"`);
  expect(signIn.metadata()).toContain('WantAssertionsSigned="true"');
});

test("clocks may not be set further apart than a minute", async () => {
  await expect(setScene({ clockSkew: 60_001 })).rejects.toThrow(RangeError);
  await expect(setScene({ clockSkew: Number.NaN })).rejects.toThrow(RangeError);
});
