import { expect, test } from "vitest";
import { strictBase64 } from "./base64.ts";
import { sameElement, statusOf, withoutSignature } from "./document.ts";
import { readInstant } from "./instant.ts";
import { readXml } from "./xml.ts";

const same = (a: string, b: string): boolean => sameElement(readXml(a), readXml(b));

test("elements are the same when they say the same", () => {
  expect(same("<a x='1' y='2'><b>t</b></a>", '<a y="2" x="1">\n<b>&#116;</b>\n</a>')).toBe(true);
  expect(same("<p:a xmlns:p='u'/>", "<a xmlns='u'/>")).toBe(true);
});

test.each([
  ["<a/>", "<b/>"],
  ["<a xmlns='u'/>", "<a xmlns='v'/>"],
  ["<a x='1'/>", "<a x='2'/>"],
  ["<a x='1'/>", "<a/>"],
  ["<a xmlns:p='u' p:x='1'/>", "<a x='1'/>"],
  ["<a>t</a>", "<a>t </a>"],
  ["<a><b/><c/></a>", "<a><c/><b/></a>"],
  ["<a><b/></a>", "<a><b/><b/></a>"],
  ["<a><b><c/></b></a>", "<a><b><d/></b></a>"],
])("%s is not %s", (a, b) => {
  expect(same(a, b)).toBe(false);
  expect(same(b, a)).toBe(false);
});

test("only an element's own signature is taken away", () => {
  const ds = "xmlns:ds='http://www.w3.org/2000/09/xmldsig#'";
  const root = readXml(`<a ${ds}><ds:Signature/><b><ds:Signature/></b><Signature/></a>`);
  expect(withoutSignature(root).children.map(({ local }) => local)).toEqual(["b", "Signature"]);
  expect(withoutSignature(root).children[0]?.children).toHaveLength(1);
});

test("status codes, the top one first", () => {
  const xml =
    "<p:R xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol'><p:Status><p:StatusCode Value='a'><p:StatusCode Value='b'/></p:StatusCode></p:Status></p:R>";
  expect(statusOf(readXml(xml))).toEqual(["a", "b"]);
});

test.each([
  ["2026-01-01T12:00:00Z", Date.UTC(2026, 0, 1, 12)],
  ["2026-01-01T12:00:00.5Z", Date.UTC(2026, 0, 1, 12, 0, 0, 500)],
  ["2026-01-01T12:00:00.123456789Z", Date.UTC(2026, 0, 1, 12, 0, 0, 123)],
  ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
  ["2026-02-29T00:00:00Z", undefined],
  ["2026-13-01T00:00:00Z", undefined],
  ["2026-01-01T24:00:00Z", undefined],
  ["2026-01-01T12:00:60Z", undefined],
  ["2026-01-01T12:00:00", undefined],
  ["2026-01-01T12:00:00+00:00", undefined],
  ["2026-01-01 12:00:00Z", undefined],
  ["2026-01-01", undefined],
  ["0001-01-01T00:00:00Z", undefined],
  ["", undefined],
  ["1767268800000", undefined],
])("the time %s", (text, at) => {
  expect(readInstant(text)).toBe(at);
});

test.each([
  ["QQ==", "A"],
  ["QU\r\nFB\n", "AAA"],
  ["QR==", undefined],
  ["QQ=", undefined],
  ["QQ", undefined],
  ["-_8=", undefined],
  ["QQ==QQ==", undefined],
  ["", undefined],
  ["\n", undefined],
])("the base64 %j", (text, bytes) => {
  expect(strictBase64(text)?.toString("latin1")).toBe(bytes);
});
