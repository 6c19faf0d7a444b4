import { expect, test } from "vitest";
import { readIdpMetadata } from "./idp-metadata.ts";
import { verifiedAssertion } from "./library.ts";
import { gateway, malloryKey, setScene } from "./testing/scene.ts";
import type { Scene } from "./testing/scene.ts";
import { wrappings } from "./testing/wrapping.ts";

// The library's own part, without the checks that stand before it: should one of them fall, this is what is left.

async function through(scene: Scene, xml: string, signedTwice = true): Promise<string> {
  const { ssoUrl, certificates } = readIdpMetadata(scene.idp.metadata());
  const parties = { sp: gateway.entityId, acs: gateway.acs, ssoUrl, certificates };
  return verifiedAssertion(parties, xml, { requestId: scene.requestId, signedTwice });
}

test("what comes out is the assertion that was signed", async () => {
  const scene = await setScene();
  expect(await through(scene, scene.mint())).toContain(">alice@example.com</saml2:NameID>");
});

test.each(wrappings)("$name: nothing forged comes out", async ({ wrap }) => {
  const scene = await setScene();
  for (const signedTwice of [true, false]) {
    const came = await through(scene, wrap(scene.mint()), signedTwice).catch(() => "refused");
    expect(came).not.toContain("mallory");
  }
});

test("a key that is not pinned, a change, and another request are refused", async () => {
  const scene = await setScene();
  await expect(through(scene, scene.mint({ key: await malloryKey }))).rejects.toThrow("document signature");
  await expect(through(scene, scene.mint().replace(">sre<", ">platform<"))).rejects.toThrow(
    "document signature",
  );
  await expect(through(scene, scene.mint({ inResponseTo: "_other" }))).rejects.toThrow("InResponseTo");
  await expect(through(scene, scene.mint({ content: { audiences: ["other"] } }))).rejects.toThrow("audience");
});

test("a response is verified where it is signed", async () => {
  const scene = await setScene();
  await expect(through(scene, scene.mint({ sign: "assertion" }))).rejects.toThrow("document signature");
});
