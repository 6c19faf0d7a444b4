import { hmacSha1, samlNames, signElement } from "@mayfly/okta-stand-in";
import { attack, wrongKey } from "./testing/attack.ts";
import { malloryKey } from "./testing/scene.ts";
import type { Scene } from "./testing/scene.ts";

const mallory = await malloryKey;
const unsigned = "Assertion has no Signature";

// Signatures that are missing, or not the provider's.
attack("nothing signed", unsigned, (scene) => scene.mint({ sign: "none" }));
attack("only the response signed", unsigned, (scene) => scene.mint({ sign: "response" }));
attack("both signatures taken away", unsigned, (scene) =>
  scene.mint().replaceAll(/<ds:Signature .*?<\/ds:Signature>/gs, ""),
);
attack("the assertion's signature taken away, the response's left", unsigned, (scene) => {
  const xml = scene.mint();
  const signatures = xml.match(/<ds:Signature .*?<\/ds:Signature>/gs);
  return xml.replace(signatures?.[1] ?? "", "");
});
attack("a signature emptied", "Signature has no SignedInfo", (scene) =>
  scene.mint({ sign: "assertion" }).replace(/(<ds:Signature [^>]*>).*(<\/ds:Signature>)/s, "$1$2"),
);
attack("a signature without a value", "a signature that is no base64", (scene) =>
  scene.mint({ sign: "assertion" }).replace(/(<ds:SignatureValue>)[^<]*/, "$1"),
);
attack("a signature of zeros", wrongKey, (scene) =>
  scene
    .mint({ sign: "assertion" })
    .replace(/(<ds:SignatureValue>)[^<]*/, `$1${Buffer.alloc(256).toString("base64")}`),
);
attack("signed with a key of the attacker, its certificate in KeyInfo", wrongKey, (scene) =>
  scene.mint({ key: mallory }),
);
attack("signed with a key of the attacker, the provider's certificate in KeyInfo", wrongKey, (scene) =>
  scene.mint({ key: mallory, signing: { certificate: scene.idp.key().certificate } }),
);
attack("the attacker's key as KeyValue", wrongKey, (scene) =>
  scene
    .mint({ key: mallory, sign: "assertion" })
    .replace(
      /<ds:X509Data>.*<\/ds:X509Data>/s,
      "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
    ),
);
attack("a key to be fetched", "KeyInfo holds an element that does not belong there", (scene) =>
  scene
    .mint({ sign: "assertion" })
    .replace(/<ds:X509Data>.*<\/ds:X509Data>/s, '<ds:RetrievalMethod URI="https://evil/key"/>'),
);
attack("the response's signature broken, the assertion's good", wrongKey, (scene) => {
  const xml = scene.mint();
  const first = /<ds:SignatureValue>([^<]*)/.exec(xml)?.[1] ?? "";
  return xml.replace(first, Buffer.alloc(256, 1).toString("base64"));
});
attack("the response signed by the attacker, the assertion by the provider", wrongKey, (scene) => {
  const signed = scene.mint({ sign: "assertion" });
  const forged = scene.mint({ sign: "response", key: mallory });
  const assertion = /<saml2:Assertion .*<\/saml2:Assertion>/s;
  return forged.replace(assertion, assertion.exec(signed)?.[0] ?? "");
});

attack("the assertion signed by the attacker, the response around it by the provider", wrongKey, (scene) =>
  signElement(
    scene.mint({ content: { responseId: "r" }, sign: "assertion", key: mallory }),
    "r",
    scene.idp.key(),
  ),
);

// Algorithms.
const onTop = (signing: Parameters<typeof signElement>[3]) => (scene: Scene) =>
  signElement(scene.mint({ content: { responseId: "r" }, sign: "assertion" }), "r", scene.idp.key(), signing);
attack(
  "RSA-SHA1 for the response",
  "a signature algorithm that is not allowed: sign with RSA-SHA256",
  onTop({ signatureAlgorithm: samlNames.rsaSha1 }),
);
attack(
  "a SHA-1 digest of the response",
  "a digest algorithm that is not allowed: sign with SHA-256",
  onTop({ digestAlgorithm: samlNames.sha1 }),
);
attack(
  "a response's signature that covers the assertion",
  "a signature that does not cover the element it stands in",
  (scene) => {
    const { idp } = scene;
    const xml = scene.mint({ content: { responseId: "r", assertionId: "a" }, sign: "assertion" });
    const editSignedInfo = (text: string) => text.replace('URI="#r"', 'URI="#a"');
    return signElement(xml, "r", idp.key(), { editSignedInfo });
  },
);
const algorithm = "a signature algorithm that is not allowed: sign with RSA-SHA256";
attack("RSA-SHA1", algorithm, (scene) => scene.mint({ signing: { signatureAlgorithm: samlNames.rsaSha1 } }));
attack("HMAC keyed with the provider's certificate", algorithm, (scene) =>
  scene.mint({ signing: { hmac: scene.idp.key().certificate } }),
);
attack("HMAC under the name of RSA", wrongKey, (scene) =>
  scene.mint({ signing: { hmac: scene.idp.key().certificate, signatureAlgorithm: samlNames.rsaSha256 } }),
);
attack("an algorithm called none", algorithm, (scene) =>
  scene.mint().replaceAll(samlNames.rsaSha256, "http://www.w3.org/2000/09/xmldsig#none"),
);
attack("an algorithm of a name every object has", algorithm, (scene) =>
  scene.mint().replaceAll(samlNames.rsaSha256, "toString"),
);
attack("a SHA-1 digest", "a digest algorithm that is not allowed: sign with SHA-256", (scene) =>
  scene.mint({ signing: { digestAlgorithm: samlNames.sha1 } }),
);
attack("a canonicalization that keeps comments", "a canonicalization that is not allowed", (scene) =>
  scene.mint({ signing: { canonicalizationAlgorithm: `${samlNames.exclusiveC14n}WithComments` } }),
);
attack("an algorithm twice", "SignedInfo has more than one SignatureMethod", (scene) =>
  scene
    .mint({ sign: "assertion" })
    .replace("<ds:SignatureMethod ", `<ds:SignatureMethod Algorithm="${hmacSha1}"/><ds:SignatureMethod `),
);

// What a signature says that it covers.
const info = (edit: (canonical: string) => string) => (scene: Scene) =>
  scene.mint({ sign: "assertion", signing: { editSignedInfo: edit } });
attack("a comment inside DigestValue", "the response holds a comment", (scene) =>
  scene.mint().replace(/(<ds:DigestValue>)([^<]*)/, "$1<!--$2-->AAAA"),
);
attack(
  "two digests",
  "Reference has more than one DigestValue",
  info((text) => text.replace("</ds:DigestValue>", "</ds:DigestValue><ds:DigestValue>AAAA</ds:DigestValue>")),
);
attack(
  "a digest cut short",
  "a digest that is none",
  info((text) => text.replace(/(<ds:DigestValue>)[^<]*/, "$1AAAA")),
);
attack(
  "an empty digest",
  "a digest that is none",
  info((text) => text.replace(/(<ds:DigestValue>)[^<]*/, "$1")),
);
attack(
  "two references",
  "SignedInfo has more than one Reference",
  info((text) => text.replace(/<ds:Reference .*<\/ds:Reference>/s, "$&$&")),
);
attack(
  "no reference",
  "SignedInfo has no Reference",
  info((text) => text.replace(/<ds:Reference .*<\/ds:Reference>/s, "")),
);
const elsewhere = "a signature that does not cover the element it stands in";
attack(
  "a reference to the whole document",
  elsewhere,
  info((text) => text.replace(/URI="[^"]*"/, 'URI=""')),
);
attack(
  "a reference to another element",
  elsewhere,
  info((text) => text.replace(/URI="[^"]*"/, 'URI="#elsewhere"')),
);
attack(
  "a reference to another document",
  elsewhere,
  info((text) => text.replace(/URI="[^"]*"/, 'URI="https://evil/"')),
);
attack(
  "a reference with a query in it",
  elsewhere,
  info((text) => text.replace(/URI="([^"]*)"/, `URI="$1' or '1'='1"`)),
);
attack(
  "a reference without an address",
  "Reference has no URI",
  info((text) => text.replace(/ URI="[^"]*"/, "")),
);
const transforms = "transforms that are not allowed";
for (const [name, uri] of [
  ["XSLT", "http://www.w3.org/TR/1999/REC-xslt-19991116"],
  ["XPath", "http://www.w3.org/TR/1999/REC-xpath-19991116"],
  ["XPath filter 2", "http://www.w3.org/2002/06/xmldsig-filter2"],
  ["base64", "http://www.w3.org/2000/09/xmldsig#base64"],
]) {
  attack(`a transform that drops content: ${name}`, transforms, (scene) =>
    scene.mint({ signing: { transforms: [samlNames.enveloped, uri ?? ""] } }),
  );
}
attack("enveloped twice", transforms, (scene) =>
  scene.mint({
    signing: { transforms: [samlNames.enveloped, samlNames.enveloped, samlNames.exclusiveC14n] },
  }),
);
attack("no canonicalization", transforms, (scene) =>
  scene.mint({ signing: { transforms: [samlNames.enveloped] } }),
);
attack("transforms that hold a program", "Transform holds an element that does not belong there", (scene) =>
  scene
    .mint({ sign: "assertion" })
    .replace(
      /<ec:InclusiveNamespaces [^>]*>/,
      '$&</ec:InclusiveNamespaces><x:stylesheet xmlns:x="urn:x"/><ec:InclusiveNamespaces xmlns:ec="urn:y">',
    ),
);
