import { samlNames } from "@mayfly/okta-stand-in";
import { attack } from "./testing/attack.ts";
import { wrappings } from "./testing/wrapping.ts";

// Wrapping: the assertion alone signed, the response alone, and both.
for (const { name, signed, wrap } of wrappings) {
  attack(name, /^not_verified: (Assertion|Response|Signature|Status) /, (scene) =>
    wrap(scene.mint({ sign: signed === "response" ? "both" : "assertion" })),
  );
  attack(`${name}, everything signed`, /^not_verified: (Assertion|Response|Signature|Status) /, (scene) =>
    wrap(scene.mint()),
  );
}
attack("two assertions, one signed", "Response has more than one Assertion", (scene) => {
  const other = scene.mint({ login: "mallory", sign: "none" });
  const assertion = /<saml2:Assertion .*<\/saml2:Assertion>/s.exec(other)?.[0] ?? "";
  return scene.mint({ sign: "assertion" }).replace("</saml2p:Response>", `${assertion}</saml2p:Response>`);
});
attack("two assertions, both signed", "Response has more than one Assertion", (scene) => {
  const other = scene.mint({ login: "bob@example.com", sign: "assertion" });
  const assertion = /<saml2:Assertion .*<\/saml2:Assertion>/s.exec(other)?.[0] ?? "";
  return scene.mint({ sign: "assertion" }).replace("</saml2p:Response>", `${assertion}</saml2p:Response>`);
});
attack("an ID twice", "an ID that stands twice", (scene) =>
  scene
    .mint({ content: { assertionId: "the-assertion" }, sign: "assertion" })
    .replace(/ ID="[^"]*"/, ' ID="the-assertion"'),
);
attack("an ID twice, once as Id", "an ID that stands twice", (scene) => {
  const id = "the-assertion";
  return scene
    .mint({ content: { assertionId: id }, sign: "assertion" })
    .replace("<ds:Signature ", `<ds:Signature Id="${id}" `);
});
attack("an ID with a quote", "an ID that is not a name", (scene) =>
  scene.mint({ content: { assertionId: "it's" }, sign: "assertion" }),
);
attack("the assertion inside extensions", "Response has no Status", (scene) =>
  scene
    .mint({ sign: "assertion" })
    .replace(/<saml2p:Status>.*<\/saml2p:Status>/s, "")
    .replace(/<saml2:Assertion .*<\/saml2:Assertion>/s, "<saml2p:Extensions>$&</saml2p:Extensions>"),
);
attack("advice that holds an assertion", "Assertion has no AuthnStatement", (scene) => {
  const other = /<saml2:Assertion .*<\/saml2:Assertion>/s.exec(scene.mint({ sign: "none" }))?.[0] ?? "";
  return scene.mint({
    edit: (xml) =>
      xml.replace("</saml2:Conditions>", `</saml2:Conditions><saml2:Advice>${other}</saml2:Advice>`),
  });
});
attack(
  "an encrypted assertion",
  "the assertion is encrypted: switch assertion encryption off at the provider",
  (scene) =>
    scene
      .mint({ sign: "response" })
      .replace(
        /<saml2:Assertion .*<\/saml2:Assertion>/s,
        `<saml2:EncryptedAssertion xmlns:saml2="${samlNames.assertion}"><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/></saml2:EncryptedAssertion>`,
      ),
);
attack("an encrypted NameID", "Subject has no NameID", (scene) =>
  scene.mint({
    edit: (xml) =>
      xml.replace(/<saml2:NameID .*<\/saml2:NameID>/s, "<saml2:EncryptedID></saml2:EncryptedID>"),
  }),
);
