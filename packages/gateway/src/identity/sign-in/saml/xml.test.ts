import { expect, test } from "vitest";
import { XmlRefused, normalizeLines, readXml } from "./xml.ts";

const refusal = (xml: string): string => {
  try {
    readXml(xml);
    return "accepted";
  } catch (error) {
    if (!(error instanceof XmlRefused)) throw error;
    return error.message;
  }
};

test("elements, attributes, text, namespaces and references", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<a:one xmlns:a="urn:a" xmlns="urn:b" x='1' a:y="&lt;&#65;&#x42;">
  <two>it&apos;s > &amp; </two><a:three/>
</a:one>
`;
  expect(readXml(xml)).toEqual({
    local: "one",
    namespace: "urn:a",
    attributes: [
      { local: "x", namespace: "", value: "1" },
      { local: "y", namespace: "urn:a", value: "<AB" },
    ],
    children: [
      { local: "two", namespace: "urn:b", attributes: [], children: [], text: "it's > & " },
      { local: "three", namespace: "urn:a", attributes: [], children: [], text: "" },
    ],
    text: "",
  });
});

test("a default namespace can be taken back, a prefix means what it means where it stands", () => {
  const root = readXml('<a xmlns="urn:1" xmlns:p="urn:2"><b xmlns="" xmlns:p="urn:3"><p:c/></b><p:c/></a>');
  expect(root.children.map(({ namespace }) => namespace)).toEqual(["", "urn:2"]);
  expect(root.children[0]?.children[0]?.namespace).toBe("urn:3");
});

test.each([
  ["", "a document that ends too early"],
  ["<a>", "a document that ends too early"],
  ["<a></b>", "tags that do not match"],
  ["</a>", "tags that do not match"],
  ["<p:a xmlns:p='u' xmlns:q='u'></q:a>", "tags that do not match"],
  ["<a/><b/>", "more than one root element"],
  ["<a/>text", "text outside of the root element"],
  ["<a>text<b/></a>", "text between elements"],
  ["<a><b/>text</a>", "text between elements"],
  ["<a><b/>&#65;</a>", "text between elements"],
  ["<a>]]></a>", "text that is not well-formed"],
  ["<a b='1' b='2'/>", "an attribute that stands twice"],
  ["<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "an attribute that stands twice"],
  ["<a xmlns:p='u' xmlns:p='v'/>", "an attribute that stands twice"],
  ["<p:a/>", "a prefix without a namespace"],
  ["<a p:b=''/>", "a prefix without a namespace"],
  ["<a><b xmlns:p='u'/><p:c/></a>", "a prefix without a namespace"],
  ["<a xmlns:p=''/>", "a namespace that may not be declared"],
  ["<a xmlns:xml='urn:evil'/>", "a namespace that may not be declared"],
  ["<a xmlns='http://www.w3.org/2000/xmlns/'/>", "a namespace that may not be declared"],
  ["<a b=1/>", "a tag that is not well-formed"],
  ["<a b/>", "a tag that is not well-formed"],
  ["<a b='1'c='2'/>", "a tag that is not well-formed"],
  ["<a b='<'/>", "a tag that is not well-formed"],
  ["<a b='\n'/>", "a tag that is not well-formed"],
  ["<a\u00A0b='1'/>", "a tag that is not well-formed"],
  ["< a/>", "a tag that is not well-formed"],
  ["<ä/>", "a tag that is not well-formed"],
  ["<a:b:c xmlns:a='u'/>", "a tag that is not well-formed"],
  ["<a>&amp</a>", "a reference that is not well-formed"],
  ["<a>&</a>", "a reference that is not well-formed"],
  ["<a>&#X41;</a>", "a reference that is not well-formed"],
  ["<a>&#x110000;</a>", "a reference that is not well-formed"],
  ["<a>&nbsp;</a>", "an entity that is not predefined"],
  ["<a>&AMP;</a>", "a reference that is not well-formed"],
  ["<a>&#0;</a>", "a character that XML does not have"],
  ["<a>&#xD800;</a>", "a character that XML does not have"],
  ["<a>\u0001</a>", "a character that XML does not have"],
  ["<a>\uFFFE</a>", "a character that XML does not have"],
  ["<a>\uD800</a>", "a character that XML does not have"],
  ["<a>\r</a>", "lines that are not normalized"],
  ["<a><!-- --></a>", "a comment"],
  ["<a><?p?></a>", "a processing instruction"],
  [' <?xml version="1.0"?><a/>', "a processing instruction"],
  ["<a><![CDATA[x]]></a>", "a CDATA section"],
  ["<!DOCTYPE a><a/>", "a document type"],
  ["<!doctype a><a/>", "a document type"],
])("%s → %s", (xml, message) => {
  expect(refusal(xml)).toBe(message);
});

test("lines end as XML has it", () => {
  expect(normalizeLines("a\r\nb\rc\n")).toBe("a\nb\nc\n");
});
