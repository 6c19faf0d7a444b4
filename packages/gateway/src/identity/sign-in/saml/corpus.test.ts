import { readFileSync } from "node:fs";
import { hmacSha1, samlNames } from "@mayfly/okta-stand-in";
import { expect, test } from "vitest";
import { malloryKey, outcome, setScene } from "./testing/scene.ts";
import type { Scene } from "./testing/scene.ts";
import { wrappings } from "./testing/wrapping.ts";

interface CorpusCase {
  readonly id: string;
  readonly payload: string;
  readonly expected: "allow" | "deny";
}

const corpus = JSON.parse(
  readFileSync(new URL("../../../../../../tests/corpus/saml.json", import.meta.url), "utf8"),
) as CorpusCase[];

/** What is posted for a case; each of them must come out as the case says. */
type Row = (scene: Scene) => readonly (string | { readonly xml: string; readonly relayState: string })[];

const wrapped =
  (name: string): Row =>
  (scene) =>
    wrappings.filter((one) => one.name === name).map(({ wrap }) => wrap(scene.mint()));
const nameId =
  (from: string, to: string): Row =>
  (scene) =>
    (["both", "assertion"] as const).map((sign) =>
      scene.mint({ login: from, sign }).replace(`>${from}</saml2:NameID>`, `>${to}</saml2:NameID>`),
    );
const said =
  (content: (scene: Scene) => NonNullable<Parameters<Scene["mint"]>[0]>["content"]): Row =>
  (scene) => [scene.mint({ content: content(scene) ?? {} })];
const assertion = /<saml2:Assertion .*<\/saml2:Assertion>/s;
const assertionOf = (xml: string): string => assertion.exec(xml)?.[0] ?? "";
const mallory = await malloryKey;

const rows: Record<string, Row> = {
  "saml-assertion-01": wrapped("XSW1"),
  "saml-assertion-02": wrapped("XSW2"),
  "saml-assertion-04": wrapped("XSW4"),
  "saml-assertion-05": wrapped("XSW5"),
  "saml-assertion-09": nameId("not-an-admin@example.com", "<?p not-an-?>admin@example.com"),
  "saml-assertion-10": nameId("admin@example.com.evil.example", "admin@example.com<!---->.evil.example"),
  "saml-assertion-11": nameId("admin@example.com", "<![CDATA[admin]]>@example.com"),
  "saml-assertion-13": (scene) => [
    scene
      .mint()
      .replace("?>", '?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>')
      .replace(">alice@example.com<", ">&b;<"),
  ],
  "saml-assertion-17": (scene) => [scene.mint({ signing: { signatureAlgorithm: samlNames.rsaSha1 } })],
  "saml-assertion-18": (scene) => [
    scene.mint({ signing: { hmac: scene.idp.key().certificate } }),
    scene.mint({ signing: { hmac: scene.idp.key().certificate, signatureAlgorithm: hmacSha1 } }),
  ],
  "saml-assertion-20": (scene) => [
    scene.mint().replace(/<ds:DigestValue>/, "$&<!-- -->"),
    scene.mint().replace(/(<ds:DigestValue>)([^<]*)/, "$1AAAA<!--$2-->"),
  ],
  "saml-assertion-21": (scene) => [
    scene.mint({
      signing: { editSignedInfo: (text) => text.replace(/<ds:Reference .*<\/ds:Reference>/s, "$&$&") },
    }),
  ],
  "saml-assertion-22": (scene) => [
    scene.mint({ signing: { editSignedInfo: (text) => text.replace(/URI="[^"]*"/, 'URI=""') } }),
  ],
  "saml-assertion-24": (scene) =>
    ["http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/TR/1999/REC-xpath-19991116"].map(
      (transform) => scene.mint({ signing: { transforms: [samlNames.enveloped, transform] } }),
    ),
  "saml-assertion-25": (scene) => {
    const signed = scene.mint({ sign: "assertion" });
    const evil = assertionOf(scene.mint({ login: "mallory", sign: "none" }));
    return [
      signed.replace(assertion, (one) => `${evil}${one}`),
      signed.replace(assertion, (one) => `${one}${evil}`),
    ];
  },
  "saml-assertion-26": (scene) => {
    const encrypted = `<saml2:EncryptedAssertion xmlns:saml2="${samlNames.assertion}"/>`;
    return [
      scene.mint({ sign: "none" }),
      scene.mint({ sign: "none" }).replace(assertion, (one) => `${encrypted}${one}`),
      scene.mint().replace(assertion, encrypted),
    ];
  },
  "saml-assertion-28": (scene) => {
    // Somebody else's words where the document is read, with the signed ones wherever they fit.
    const signed = assertionOf(scene.mint({ sign: "assertion" }));
    const evil = scene.mint({ login: "mallory", key: mallory });
    return [
      evil,
      evil.replace("</saml2p:Response>", `${signed}</saml2p:Response>`),
      scene.mint().replace(">alice@example.com<", ">mallory<"),
    ];
  },
  "saml-assertion-31": said(({ clock }) => ({ notBefore: clock.wall() + 60_000 })),
  "saml-assertion-32": said(() => ({ audiences: ["https://other/sp"] })),
  "saml-assertion-34": said(() => ({ destination: "https://other/acs" })),
  "saml-assertion-35": (scene) => [
    scene.mint({ inResponseTo: "_unknown" }),
    scene.idp.response({ login: "alice@example.com" }),
  ],
  "saml-assertion-37": said(() => ({ status: ["urn:oasis:names:tc:SAML:2.0:status:Requester"] })),
  "saml-assertion-38": said(() => ({ issuer: "https://other", assertionIssuer: "https://other" })),
  "saml-assertion-40": (scene) => [{ xml: scene.mint(), relayState: "https://evil/" }],
  "saml-ok-01": (scene) => [scene.mint({ sign: "assertion" }), scene.mint({ sign: "both" })],
  "saml-ok-03": (scene) => {
    const prefixes = (xml: string) =>
      xml
        .replaceAll(/(<\/?)saml2:/g, "$1a:")
        .replaceAll("xmlns:saml2=", "xmlns:a=")
        .replaceAll("saml2p", "b");
    const without = (xml: string) =>
      xml.replaceAll(/(<\/?)saml2:/g, "$1").replaceAll("xmlns:saml2=", "xmlns=");
    const pretty = (xml: string) => xml.replaceAll("><", ">\n  <");
    return [
      scene.mint({ edit: prefixes }),
      scene.mint({ edit: without }),
      scene.mint({ edit: pretty }),
      // What canonicalization takes out may differ after signing as well.
      scene.mint({ edit: pretty }).replaceAll("\n", "\r\n"),
      scene.mint().replaceAll(' Version="2.0"', "\n\tVersion = '2.0'"),
      scene.mint().replace(/ (ID="[^"]*") (IssueInstant="[^"]*")/, " $2 $1"),
      scene.mint().replaceAll("@example.com", "&#64;example&#x2e;com"),
    ];
  },
  "saml-ok-04": (scene) => {
    const over = scene.clock.wall() - 10_000;
    return [scene.mint({ content: { notOnOrAfter: over, confirmationNotOnOrAfter: over } })];
  },
};

test.each(corpus)("$id: $payload → $expected", async ({ id, expected }) => {
  const row = rows[id];
  // Every case of the corpus has a row.
  expect(row).toBeDefined();
  const scene = await setScene();
  const posted = row?.(scene) ?? [];
  expect(posted.length).toBeGreaterThan(0);
  for (const one of posted) {
    const xml = typeof one === "string" ? one : one.xml;
    const relayState = typeof one === "string" ? scene.begun.handle : one.relayState;
    const came = await outcome(
      scene.post(xml, {
        parameters: { SAMLResponse: Buffer.from(xml).toString("base64"), RelayState: relayState },
      }),
    );
    expect({ came, verdict: /^[a-z_]+: /.test(came) ? "deny" : "allow" }).toEqual({
      came,
      verdict: expected,
    });
  }
});

test("no row is left over, and the corpus is not empty", () => {
  expect(corpus.length).toBeGreaterThan(25);
  expect(Object.keys(rows).toSorted()).toEqual(corpus.map(({ id }) => id).toSorted());
});
