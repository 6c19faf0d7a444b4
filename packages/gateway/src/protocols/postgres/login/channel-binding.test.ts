import { createHash } from "node:crypto";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { channelBinding, endPointOf } from "./channel-binding.ts";

const raw = Buffer.from("a certificate");

test.each([
  ["ecdsa-with-SHA256", "sha256"],
  ["sha384WithRSAEncryption", "sha384"],
  ["ecdsa-with-SHA512", "sha512"],
  // RFC 5929, section 4.1: a weak hash is not used.
  ["sha1WithRSAEncryption", "sha256"],
  ["md5WithRSAEncryption", "sha256"],
])("a certificate signed with %s is hashed with %s", (signatureAlgorithm, algorithm) => {
  expect(endPointOf({ raw, signatureAlgorithm })).toEqual(createHash(algorithm).update(raw).digest());
});

test.each(["ED25519", "rsassaPss", "id-ecdsa-with-sha3-256", undefined])(
  "a certificate whose signature names no hash (%s) binds nothing",
  (signatureAlgorithm) => {
    expect(endPointOf({ raw, signatureAlgorithm })).toBeUndefined();
  },
);

test("a connection without TLS has no binding", () => {
  expect(channelBinding(new PassThrough())).toBeUndefined();
});
