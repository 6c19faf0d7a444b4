import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { IdentityError } from "../error.ts";
import { base64url } from "../testing/fake-provider.ts";
import { readToken } from "./token.ts";

const good = `${base64url('{"alg":"RS256"}')}.${base64url('{"sub":"a"}')}.${base64url("signature")}`;

test("reads header, claims and digest", () => {
  expect(readToken(good)).toEqual({
    text: good,
    header: { alg: "RS256" },
    claims: { sub: "a" },
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test("one token has one text: any character added, removed or replaced outside of the parts' content is refused", () => {
  fc.assert(
    fc.property(
      fc.nat(good.length),
      fc.constantFrom("=", " ", "\n", "+", "/", "\0", "é", "%", "."),
      (at, extra) => {
        expect(() => readToken(good.slice(0, at) + extra + good.slice(at))).toThrow(IdentityError);
      },
    ),
  );
});

test("garbage is refused with an error of its own, never a crash", () => {
  const part = fc.oneof(
    fc.base64String(),
    fc.string(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url")),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      expect(() => readToken(parts.join("."))).toThrow(IdentityError);
    }),
  );
});

test("claims that are not UTF-8 are refused", () => {
  const bad = Buffer.from([...Buffer.from('{"sub":"'), 0xc3, 0x28, ...Buffer.from('"}')]).toString(
    "base64url",
  );
  expect(() => readToken(`${base64url("{}")}.${bad}.AAAA`)).toThrow(IdentityError);
});
