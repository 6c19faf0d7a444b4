import { expect, test } from "vitest";
import { SignInRefused } from "../problems.ts";
import { setScene } from "./testing/scene.ts";
import { readVerified } from "./verified.ts";
import { readXml } from "./xml.ts";

const scene = await setScene();
const assertion = /<saml2:Assertion .*<\/saml2:Assertion>/s.exec(scene.mint())?.[0] ?? "";
const unsigned = assertion.replace(/<ds:Signature .*<\/ds:Signature>/s, "");

const outcome = (verified: string): string => {
  try {
    return readVerified(verified, readXml(assertion)).local;
  } catch (error) {
    if (!(error instanceof SignInRefused)) throw error;
    return error.why;
  }
};

test("what was signed says what the document says", () => {
  expect(outcome(assertion)).toBe("Assertion");
  expect(outcome(unsigned)).toBe("Assertion");
});

// As would come out of a library that was led to another element, or reads one otherwise than we do.
test.each([
  [
    "another person",
    unsigned.replace("alice@", "mallory@"),
    "the document reads differently from what was signed",
  ],
  [
    "a person cut short",
    unsigned.replace("alice@example.com", "alice"),
    "the document reads differently from what was signed",
  ],
  [
    "a group more",
    unsigned.replace(">sre<", ">sre</saml2:AttributeValue><saml2:AttributeValue>x<"),
    "the document reads differently from what was signed",
  ],
  [
    "another ID",
    unsigned.replace(/ ID="[^"]*"/, ' ID="other"'),
    "the document reads differently from what was signed",
  ],
  ["something else", "<a/>", "the document is no Assertion"],
  [
    "an assertion without a person",
    unsigned.replace(/<saml2:Subject>.*<\/saml2:Subject>/s, ""),
    "Assertion has no Subject",
  ],
  ["no XML", "alice", "the response holds text outside of the root element"],
])("%s is refused", (_, verified, why) => {
  expect(outcome(verified)).toBe(why);
});
