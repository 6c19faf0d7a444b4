import { samlNames } from "@mayfly/okta-stand-in";
import { attack, wrongKey } from "./testing/attack.ts";
import { gateway } from "./testing/scene.ts";
import type { Scene } from "./testing/scene.ts";

const minutes = 60_000;

// Content changed after it was signed.
attack("another NameID", wrongKey, (scene) =>
  scene.mint().replace(">alice@example.com</saml2:NameID>", ">admin@example.com</saml2:NameID>"),
);
attack("another group", wrongKey, (scene) => scene.mint().replace(">sre<", ">platform<"));
attack("an audience added", wrongKey, (scene) =>
  scene
    .mint({ content: { audiences: ["other"] } })
    .replace(
      "</saml2:AudienceRestriction>",
      `<saml2:Audience>gw</saml2:Audience></saml2:AudienceRestriction>`,
    ),
);
attack("the end moved", wrongKey, (scene) =>
  scene.mint().replaceAll(/NotOnOrAfter="[^"]*"/g, 'NotOnOrAfter="2026-01-01T12:20:00Z"'),
);
attack("the destination changed in a signed response", wrongKey, (scene) =>
  scene.mint({ content: { destination: "https://other/acs" } }).replace("https://other/acs", gateway.acs),
);

// Signed by the provider, but not for us, not now, or not in answer to this.
const said = (content: NonNullable<Parameters<Scene["mint"]>[0]>["content"]) => (scene: Scene) =>
  scene.mint({ content: content ?? {} });
attack("another audience", "Audience is another service", said({ audiences: ["other"] }));
attack("an audience that ours begins", "Audience is another service", said({ audiences: ["gw/"] }));
attack("no audience", "Conditions has no AudienceRestriction", said({ audiences: [] }));
attack("one of two restrictions without us", "Audience is another service", (scene) =>
  scene.mint({
    edit: (xml) =>
      xml.replace(
        "</saml2:Conditions>",
        "<saml2:AudienceRestriction><saml2:Audience>other</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>",
      ),
  }),
);
attack("another recipient", "Recipient is another address", said({ recipient: "https://other/acs" }));
attack("no recipient", "SubjectConfirmationData has no Recipient", said({ recipient: undefined }));
attack("another destination", "Destination is another address", said({ destination: "https://other/acs" }));
attack(
  "a destination with more behind it",
  "Destination is another address",
  said({ destination: "https://gw/acs/" }),
);
attack("no destination", "Response has no Destination", said({ destination: undefined }));
attack(
  "another issuer with the same key",
  "Issuer is another provider",
  said({ issuer: "http://www.okta.com/exk2other", assertionIssuer: "http://www.okta.com/exk2other" }),
);
attack(
  "another issuer in the assertion",
  "Issuer is another provider",
  said({ assertionIssuer: "http://www.okta.com/exk2other" }),
);
attack(
  "an issuer with a slash behind it",
  "Issuer is another provider",
  said({ assertionIssuer: "http://www.okta.com/exk1mayfly/" }),
);
attack("another issuer of the response", "Issuer is another provider", (scene) =>
  scene.mint({ content: { issuer: "http://www.okta.com/exk2other" } }),
);
attack("another org's answer, as it is", "Issuer is another provider", (scene) =>
  scene.mint({}, scene.neighbour),
);
attack("another org's key under our provider's name", wrongKey, (scene) =>
  scene.mint(
    { content: { issuer: scene.idp.entityId, assertionIssuer: scene.idp.entityId } },
    scene.neighbour,
  ),
);
attack("another org's signed assertion in our provider's response", "Issuer is another provider", (scene) => {
  const theirs = /<saml2:Assertion .*<\/saml2:Assertion>/s.exec(
    scene.mint({ sign: "assertion" }, scene.neighbour),
  )?.[0];
  return scene.mint({ sign: "none" }).replace(/<saml2:Assertion .*<\/saml2:Assertion>/s, theirs ?? "");
});
attack("an answer to another request", "InResponseTo is another request", (scene) =>
  scene.mint({ inResponseTo: `_${"0".repeat(64)}` }),
);
attack("an answer to no request", "InResponseTo is another request", (scene) =>
  scene.idp.response({ login: "alice@example.com" }),
);
attack("an assertion for this request in an answer to another", "InResponseTo is another request", (scene) =>
  scene.mint({ inResponseTo: "_other", content: { confirmationInResponseTo: scene.requestId } }),
);
attack(
  "an old assertion in an answer to this request",
  "InResponseTo is another request",
  said({ confirmationInResponseTo: "_old" }),
);
attack(
  "an assertion that answers nothing in an answer to this request",
  "InResponseTo is another request",
  said({ confirmationInResponseTo: undefined }),
);
attack(
  "a confirmation that is not bearer",
  "the subject's confirmation is not bearer",
  said({ method: "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches" }),
);
attack("two confirmations", "Subject has more than one SubjectConfirmation", (scene) =>
  scene.mint({
    edit: (xml) => xml.replace(/<saml2:SubjectConfirmation .*<\/saml2:SubjectConfirmation>/s, "$&$&"),
  }),
);
const at =
  (
    offsets: Partial<
      Record<
        | "notBefore"
        | "notOnOrAfter"
        | "confirmationNotOnOrAfter"
        | "issueInstant"
        | "authnInstant"
        | "sessionNotOnOrAfter",
        number
      >
    >,
  ) =>
  (scene: Scene) =>
    scene.mint({
      content: Object.fromEntries(
        Object.entries(offsets).map(([name, ms]) => [name, scene.clock.wall() + ms]),
      ),
    });
attack("not yet", "NotBefore is in the future: compare the clocks", at({ notBefore: 30_001 }));
attack("over", "NotOnOrAfter is over: compare the clocks", at({ notOnOrAfter: -30_000 }));
attack(
  "the confirmation over",
  "NotOnOrAfter is over: compare the clocks",
  at({ confirmationNotOnOrAfter: -30_000 }),
);
attack(
  "good for a week",
  "the assertion is good for more than a day",
  at({ notOnOrAfter: 10_080 * minutes, confirmationNotOnOrAfter: 10_080 * minutes }),
);
attack("without an end", "Conditions has no NotOnOrAfter", said({ notOnOrAfter: undefined }));
attack(
  "the confirmation without an end",
  "SubjectConfirmationData has no NotOnOrAfter",
  said({ confirmationNotOnOrAfter: undefined }),
);
attack(
  "issued in the future",
  "the response is from the future: compare the clocks",
  at({ issueInstant: 30_001 }),
);
attack(
  "the assertion issued in the future",
  "the assertion is from the future: compare the clocks",
  (scene) =>
    scene.mint({
      edit: (xml) =>
        xml.replace(
          /(?<before><saml2:Assertion [^>]*IssueInstant=")[^"]*/,
          "$<before>2026-01-01T12:00:30.001Z",
        ),
    }),
);
attack(
  "authenticated in the future",
  "AuthnInstant is in the future: compare the clocks",
  at({ authnInstant: 30_001 }),
);
attack("the session over", "SessionNotOnOrAfter is over", at({ sessionNotOnOrAfter: -30_000 }));
attack("no authentication", "Assertion has no AuthnStatement", said({ authnInstant: undefined }));
attack("a time with an offset", "NotOnOrAfter is no time in UTC", (scene) =>
  scene.mint({
    edit: (xml) => xml.replaceAll(/ NotOnOrAfter="[^"]*"/g, ' NotOnOrAfter="2026-01-01T12:05:00+14:00"'),
  }),
);
attack("a day that does not exist", "NotOnOrAfter is no time in UTC", (scene) =>
  scene.mint({
    edit: (xml) => xml.replaceAll(/ NotOnOrAfter="[^"]*"/g, ' NotOnOrAfter="2026-02-30T12:05:00Z"'),
  }),
);
attack("another version of the assertion", "the version is not 2.0", (scene) =>
  scene.mint({ edit: (xml) => xml.replace(/(<saml2:Assertion [^>]*)Version="2.0"/, '$1Version="1.1"') }),
);
attack("another version", "the version is not 2.0", (scene) =>
  scene.mint({ edit: (xml) => xml.replace('Version="2.0"', 'Version="1.1"') }),
);
const status = (name: string) => [`urn:oasis:names:tc:SAML:2.0:status:${name}`];
attack(
  "the provider refused",
  /^refused: the provider's status is Requester$/,
  said({ status: status("Requester") }),
);
attack(
  "a status that only looks like success",
  /^refused: the provider's status is unknown$/,
  said({ status: ["Success"] }),
);
attack("a failure with a signed assertion in it", /^refused: the provider's status is Responder$/, (scene) =>
  scene.mint({ sign: "assertion" }).replace(samlNames.success, status("Responder")[0] ?? ""),
);
attack("success with nobody in it", "Response has no Assertion", (scene) =>
  scene.mint({ sign: "response", edit: (xml) => xml.replace(/<saml2:Assertion .*<\/saml2:Assertion>/s, "") }),
);

// Names.
attack("an empty NameID", "NameID names nobody", (scene) => scene.mint({ login: "" }));
attack("a NameID of spaces", "NameID names nobody", (scene) => scene.mint({ login: "  " }));
attack("a NameID that turns text around", "NameID names nobody", (scene) =>
  scene.mint({ login: "a\u202Eb" }),
);
attack("a NameID with a zero-width space", "NameID names nobody", (scene) =>
  scene.mint({ login: "admin\u200B" }),
);
attack("a NameID in two lines", "NameID names nobody", (scene) => scene.mint({ login: "admin\nroot" }));
attack(
  "a NameID of another sign-in each time",
  /NameID is transient/,
  said({ nameIdFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient" }),
);
attack(
  "a group with a line feed",
  "a group that is no name",
  said({ attributes: { groups: ["sre\nadmin"] } }),
);
attack(
  "more groups than anybody has",
  "too many groups",
  said({ attributes: { groups: Array.from({ length: 2001 }, (_, n) => `g${n}`) } }),
);
attack("a session that is no name", "SessionIndex is no name", (scene) =>
  scene.mint({ edit: (xml) => xml.replace(/SessionIndex="[^"]*"/, 'SessionIndex=" "') }),
);
