import { generateKeyPairSync } from "node:crypto";
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { makeCheckpoint, openCheckpoint } from "./checkpoint.ts";
import { parseNote, parseVerifierKey, signersOf, signNote, verifierKeyOf } from "./note.ts";

// The example of golang.org/x/mod/sumdb/note, which C2SP signed-note specifies.
const peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const text =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const signature =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

test("the published example of a signed note verifies", () => {
  const key = parseVerifierKey(peter);
  expect(key).toMatchObject({ name: "PeterNeumann", id: "c74f20a3", text: peter });
  const note = parseNote(`${text}\n${signature}`);
  expect(note.text).toBe(text);
  expect(signersOf(note, [key])).toEqual([key]);
  expect(() => signersOf({ ...note, text: text.replace("think", "thinK") }, [key])).toThrow(
    "does not verify",
  );
});

test.each([
  "PeterNeumann+c74f20a3",
  "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  "PeterNeumann+c74f20a3+ARpc2Qc=",
  "",
])("a verifier key that is none is refused: %s", (key) => {
  expect(() => parseVerifierKey(key)).toThrow("not a verifier key");
});

const { privateKey } = generateKeyPairSync("ed25519");
const key = verifierKeyOf("gateway.example", privateKey);
const signer = { name: key.name, key: privateKey };
const head = { origin: key.name, size: 7, root: Buffer.alloc(32, 1) };

test("a checkpoint opens with the key that signed it and with no other", () => {
  const note = makeCheckpoint(head, [signer]);
  expect(openCheckpoint(note, [key])).toMatchObject({ origin: key.name, size: 7, note });
  const other = verifierKeyOf("gateway.example", generateKeyPairSync("ed25519").privateKey);
  expect(() => openCheckpoint(note, [other])).toThrow("unknown key");
  expect(() => openCheckpoint(makeCheckpoint({ ...head, origin: "other.example" }, [signer]), [key])).toThrow(
    "is of the log other.example",
  );
});

test.each([
  [
    "an extension line",
    signNote(`${key.name}\n7\n${Buffer.alloc(32).toString("base64")}\nextra\n`, [signer]),
  ],
  ["no root", signNote(`${key.name}\n7\n`, [signer])],
  [
    "a size with a leading zero",
    signNote(`${key.name}\n07\n${Buffer.alloc(32).toString("base64")}\n`, [signer]),
  ],
  ["a short root", signNote(`${key.name}\n7\nAAAA\n`, [signer])],
  ["bytes after the signatures", `${makeCheckpoint(head, [signer])}x\n`],
  ["an empty line after the signatures", `${makeCheckpoint(head, [signer])}\n`],
  ["no signature", `${key.name}\n7\nAAAA\n`],
])("a checkpoint with %s is refused, signed or not", (_, note) => {
  expect(() => openCheckpoint(note, [key])).toThrow(/^not a/);
});

test("a note altered at any byte does not open", () => {
  const bytes = Buffer.from(makeCheckpoint(head, [signer]));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const altered = Buffer.from(bytes);
      altered[at]! ^= flip;
      expect(() => openCheckpoint(altered.toString("utf8"), [key])).toThrow(/./);
    }),
  );
});
