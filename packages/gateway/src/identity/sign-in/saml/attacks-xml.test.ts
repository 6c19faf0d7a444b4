import { attack, wrongKey } from "./testing/attack.ts";
import type { Scene } from "./testing/scene.ts";

// XML that two readers read differently.
const nameId = (from: string, to: string) => (scene: Scene) =>
  scene.mint({ login: from }).replace(`>${from}</saml2:NameID>`, `>${to}</saml2:NameID>`);
attack(
  "a processing instruction in the NameID",
  "the response holds a processing instruction",
  nameId("not-an-admin@example.com", "<?p not-an-?>admin@example.com"),
);
attack(
  "a comment in the NameID",
  "the response holds a comment",
  nameId("admin@example.com.evil.example", "admin@example.com<!---->.evil.example"),
);
attack(
  "a CDATA section in the NameID",
  "the response holds a CDATA section",
  nameId("admin@example.com", "<![CDATA[admin@example.com]]>"),
);
attack("an element in the NameID", "the response holds text between elements", nameId("admin", "ad<x/>min"));
attack("a comment behind the document", "the response holds a comment", (scene) => `${scene.mint()}<!-- -->`);
attack(
  "a processing instruction before the document",
  "the response holds a processing instruction",
  (scene) => scene.mint().replace("?>", '?><?xml-stylesheet href="https://evil/"?>'),
);
const doctype =
  (definition: string, reference = "") =>
  (scene: Scene) =>
    scene
      .mint()
      .replace("?>", `?><!DOCTYPE r [${definition}]>`)
      .replace(">alice@example.com</saml2:NameID>", `>${reference}</saml2:NameID>`);
const documentType = "the response holds a document type";
attack("an external entity (XXE)", documentType, doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"));
attack(
  "an external parameter entity",
  documentType,
  doctype('<!ENTITY % x SYSTEM "https://evil/x.dtd"> %x;'),
);
attack(
  "entities that multiply (billion laughs)",
  documentType,
  doctype(
    Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(""),
    "&l10;",
  ),
);
attack("a document type without entities", documentType, doctype(""));
attack(
  "an entity that nobody defined",
  "the response holds an entity that is not predefined",
  nameId("admin", "&admin;"),
);
attack("a NUL as reference", "the response holds a character that XML does not have", nameId("a", "a&#0;"));
attack("a second declaration", "the response holds a processing instruction", (scene) =>
  scene.mint().replace("?>", '?><?xml version="1.0"?>'),
);
attack("another encoding", "the response holds a processing instruction", (scene) =>
  scene.mint().replace("UTF-8", "UTF-7"),
);
attack("XML 1.1", "the response holds a processing instruction", (scene) =>
  scene.mint().replace('version="1.0"', 'version="1.1"'),
);
attack(
  "a byte order mark",
  "the response holds text outside of the root element",
  (scene) => `\uFEFF${scene.mint()}`,
);
attack("two roots", "the response holds more than one root element", (scene) => {
  const xml = scene.mint();
  return `${xml}${xml.replace(/^<\?.*?\?>/, "")}`;
});
attack("an attribute twice", "the response holds an attribute that stands twice", (scene) =>
  scene.mint().replace(" Destination=", ' Destination="https://evil/" Destination='),
);
attack("an attribute twice by two prefixes", "the response holds an attribute that stands twice", (scene) =>
  scene.mint().replace(" Destination=", ' xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2" Destination='),
);
attack(
  "an attribute that canonicalization drops",
  "Assertion has an attribute that does not belong there",
  (scene) => scene.mint().replace("<saml2:Assertion ", '<saml2:Assertion xmlnsID="evil" '),
);
attack("an attribute that canonicalization drops, where others may stand", wrongKey, (scene) =>
  scene
    .mint({ sign: "assertion" })
    .replace("<saml2:Attribute ", '<saml2:Attribute xmlns:xmlnsx="urn:x" xmlnsx:y="evil" '),
);
attack("unknown namespaces", "Response has no Status", (scene) =>
  scene.mint({ sign: "assertion" }).replaceAll("urn:oasis:names:tc:SAML:2.0:assertion", "urn:evil"),
);
attack("another root", "the document is no Response", (scene) =>
  scene.mint({ sign: "assertion" }).replaceAll("saml2p:Response", "saml2p:ArtifactResponse"),
);
attack("nested without end", "the response holds elements nested too deep", () => "<a>".repeat(20_000));
attack("too many elements", "the response holds too many elements", () => `<a>${"<b/>".repeat(4_000)}</a>`);
attack("one byte too much", "the response is too large", (scene) => scene.mint().padEnd(262_145, " "));
attack("a document that ends too early", "the response holds a document that ends too early", (scene) =>
  scene.mint().slice(0, -"</saml2p:Response>".length),
);
