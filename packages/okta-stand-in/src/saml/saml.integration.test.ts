// tier: full
import { deflateRawSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { startOktaStandIn } from "../index.ts";
import type { OktaStandIn } from "../index.ts";
import { signInWithSaml } from "./sign-in.ts";

const running: OktaStandIn[] = [];
afterEach(async () => {
  for (const standIn of running.splice(0)) await standIn.close();
});

const gateway = { entityId: "https://gw/metadata", acs: "https://gw/acs" };

async function start(): Promise<OktaStandIn> {
  const standIn = await startOktaStandIn({
    singleSignOn: true,
    people: [
      { login: "alice@example.com", name: "Alice", groups: ["support-leads", "sre"] },
      { login: "bob@example.com", name: "Bob", groups: [] },
    ],
  });
  running.push(standIn);
  standIn.saml.register(gateway);
  return standIn;
}

function asking(standIn: OktaStandIn, more = "", issuer = gateway.entityId): string {
  const xml = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"${more}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${issuer}</saml:Issuer></samlp:AuthnRequest>`;
  const query = new URLSearchParams({
    SAMLRequest: deflateRawSync(xml).toString("base64"),
    RelayState: "relay",
  });
  return `${standIn.saml.ssoUrl}?${query.toString()}`;
}

const read = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");

test("metadata has Okta's shape", async () => {
  const standIn = await start();
  const answer = await fetch(standIn.saml.metadataUrl);
  const xml = await answer.text();
  expect(xml).toContain('entityID="http://www.okta.com/exk1mayfly"');
  expect(xml).toContain('Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"');
  expect(xml.match(/<ds:X509Certificate>/g)).toHaveLength(1);
  await standIn.saml.rotateKey();
  expect(standIn.saml.metadata().match(/<ds:X509Certificate>/g)).toHaveLength(2);
  await standIn.saml.rotateKey({ keep: false });
  expect(standIn.saml.metadata().match(/<ds:X509Certificate>/g)).toHaveLength(1);
});

test("a person signs in, and the answer goes to the application with its request's id and groups", async () => {
  const standIn = await start();
  const posted = await signInWithSaml(asking(standIn), "alice@example.com");
  expect(posted).toMatchObject({ acs: gateway.acs, relayState: "relay" });
  const xml = read(posted.samlResponse);
  expect(xml.match(/InResponseTo="_1"/g)).toHaveLength(2);
  expect(xml).toContain(">support-leads</saml2:AttributeValue>");
  expect(xml.match(/<ds:Signature /g)).toHaveLength(2);
  const none = await signInWithSaml(asking(standIn), "bob@example.com");
  expect(read(none.samlResponse)).not.toContain('Name="groups"');
});

test("a session answers by itself, and ForceAuthn asks again", async () => {
  const standIn = await start();
  const cookies = new Map<string, string>();
  const instant = (posted: { samlResponse: string }) =>
    /AuthnInstant="([^"]*)"/.exec(read(posted.samlResponse))?.[1];
  const first = await signInWithSaml(asking(standIn), "alice@example.com", cookies);
  // The stand-in does not ask, so that the other login is never told.
  const second = await signInWithSaml(asking(standIn), "bob@example.com", cookies);
  expect(read(second.samlResponse)).toContain(">alice@example.com</saml2:NameID>");
  expect(instant(second)).toBe(instant(first));
  const third = await signInWithSaml(asking(standIn, ' ForceAuthn="true"'), "bob@example.com", cookies);
  expect(read(third.samlResponse)).toContain(">bob@example.com</saml2:NameID>");
});

test("an unknown application, another ACS and a deactivated person get nothing", async () => {
  const standIn = await start();
  await expect(signInWithSaml(asking(standIn, "", "https://other"), "alice@example.com")).rejects.toThrow(
    "400",
  );
  const elsewhere = asking(standIn, ' AssertionConsumerServiceURL="https://evil/acs"');
  await expect(signInWithSaml(elsewhere, "alice@example.com")).rejects.toThrow("400");
  await expect(
    signInWithSaml(`${standIn.saml.ssoUrl}?SAMLRequest=AAAA`, "alice@example.com"),
  ).rejects.toThrow("400");
  standIn.deactivate("alice@example.com");
  await expect(signInWithSaml(asking(standIn), "alice@example.com")).rejects.toThrow("did not sign");
});

test("sign-in may start at the provider", async () => {
  const standIn = await start();
  const posted = await signInWithSaml(standIn.saml.ssoUrl, "alice@example.com");
  expect(read(posted.samlResponse)).not.toContain("InResponseTo");
  const passive = await signInWithSaml(asking(standIn, ' IsPassive="true"'), "alice@example.com");
  expect(read(passive.samlResponse)).toContain("status:NoPassive");
});
