import { encodeResponse } from "@mayfly/okta-stand-in";
import { expect, test } from "vitest";
import { outcome, setScene } from "./testing/scene.ts";

/** What is wrong with the form, not with the document in it. */
const forms: [string, string, (encoded: string) => Record<string, string>][] = [
  ["no response", "the response is not base64", () => ({})],
  ["an empty response", "the response is not base64", () => ({ SAMLResponse: "" })],
  [
    "no padding",
    "the response is not base64",
    (text) => ({ SAMLResponse: text.replace(/=*$/, "").slice(0, -1) }),
  ],
  ["base64url", "the response is not base64", (text) => ({ SAMLResponse: `${text.slice(4)}-_==` })],
  ["text behind the padding", "the response is not base64", () => ({ SAMLResponse: "QQ==QQ==" })],
  ["bits that decoding drops", "the response is not base64", () => ({ SAMLResponse: "QR==" })],
  ["no XML", "the response holds text outside of the root element", () => ({ SAMLResponse: "QUFB" })],
  ["bytes that are no UTF-8", "the response is not UTF-8", () => ({ SAMLResponse: "//8=" })],
  [
    "UTF-16",
    "the response is not UTF-8",
    () => ({ SAMLResponse: Buffer.from("\uFEFF<a/>", "utf16le").toString("base64") }),
  ],
  ["ten megabytes", "the response is too large", () => ({ SAMLResponse: "A".repeat(10_000_000) })],
  [
    "another RelayState",
    "RelayState is another sign-in",
    (text) => ({ SAMLResponse: text, RelayState: "https://evil/" }),
  ],
  ["no RelayState", "RelayState is another sign-in", (text) => ({ SAMLResponse: text, RelayState: "" })],
];
test.each(forms)("a form with %s", async (_, refusal, make) => {
  const scene = await setScene();
  const parameters = { RelayState: scene.begun.handle, ...make(encodeResponse(scene.mint())) };
  expect(await outcome(scene.signIn.finish({ parameters, begun: scene.begun }))).toBe(
    `not_verified: ${refusal}`,
  );
});

test("an answer posted again", async () => {
  const scene = await setScene();
  const xml = scene.mint();
  expect(await outcome(scene.post(xml))).toBe("alice@example.com");
  expect(await outcome(scene.post(xml))).toBe("expired: the assertion was used before");
});

test("an answer posted twice at once is one sign-in", async () => {
  const scene = await setScene();
  const xml = scene.mint();
  const outcomes = await Promise.all(Array.from({ length: 8 }, async () => outcome(scene.post(xml))));
  expect(outcomes.filter((one) => one === "alice@example.com")).toHaveLength(1);
});

test("an assertion in another response is the same assertion", async () => {
  const scene = await setScene();
  const first = scene.mint({ sign: "assertion" });
  expect(await outcome(scene.post(first))).toBe("alice@example.com");
  const again = first.replace(/ ID="[^"]*"/, ' ID="another"');
  expect(await outcome(scene.post(again))).toBe("expired: the assertion was used before");
});

test("the answer to one browser's sign-in is no answer to another's (login CSRF)", async () => {
  const scene = await setScene();
  const xml = scene.mint();
  const victim = { begun: { ...scene.begun, binding: "c".repeat(43) } };
  expect(await outcome(scene.post(xml, victim))).toBe("not_verified: InResponseTo is another request");
});
