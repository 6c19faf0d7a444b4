import { createHash, generateKeyPairSync } from "node:crypto";
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { parseCheckpoint, parseVerifierKey, verifyCheckpoint } from "./browser.ts";
import { makeCheckpoint, openCheckpoint } from "./checkpoint.ts";
import { signNote, verifierKeyOf } from "./note.ts";

const name = "log.example";
const { privateKey } = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519").privateKey;
const vkey = verifierKeyOf(name, privateKey);
const head = { origin: name, size: 7, root: createHash("sha256").update("x").digest() };
const signer = { name, key: privateKey };
const note = makeCheckpoint(head, [signer]);

async function open(text: string, keyText = vkey.text): Promise<ReturnType<typeof parseCheckpoint>> {
  const claimed = parseCheckpoint(text);
  await verifyCheckpoint(claimed, [await parseVerifierKey(keyText)]);
  return claimed;
}

test("a checkpoint that the log signs opens with the key that the log publishes", async () => {
  const opened = await open(note);
  expect(opened).toMatchObject({ origin: name, size: 7 });
  expect(Buffer.from(opened.root)).toEqual(head.root);
});

// The key of the specification's own example (C2SP signed-note).
test("the specification's example of a key reads", async () => {
  const key = await parseVerifierKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  expect(key).toMatchObject({ name: "PeterNeumann", id: "c74f20a3" });
});

test.each([
  ["nothing", ""],
  ["no plus", "abc"],
  ["another algorithm", `x+00000000+${Buffer.concat([Buffer.of(2), Buffer.alloc(32)]).toString("base64")}`],
  ["a short key", `x+00000000+${Buffer.concat([Buffer.of(1), Buffer.alloc(31)]).toString("base64")}`],
  ["a wrong id", vkey.text.replace(vkey.id, "00000000")],
  ["another name", vkey.text.replace(name, "evil.example")],
  ["base64 that is not canonical", `${vkey.text} =`],
])("a key with %s is refused", async (_, text) => {
  await expect(parseVerifierKey(text)).rejects.toThrow("not a verifier key");
});

test("a checkpoint signed by another key is refused, whatever name it bears", async () => {
  await expect(open(makeCheckpoint(head, [{ name, key: other }]))).rejects.toThrow(
    "is signed by an unknown key",
  );
});

test("a signature under the key's id that does not verify is refused, even beside one that does", async () => {
  const forged = signNote(`${name}\n8\n${head.root.toString("base64")}\n`, [signer])
    .split("\n")
    .at(-2);
  await expect(open(`${note}${forged}\n`)).rejects.toThrow("does not verify");
});

test("signatures of other keys are passed over", async () => {
  const both = makeCheckpoint(head, [{ name: "witness.example", key: other }, signer]);
  expect((await open(both)).size).toBe(7);
});

test("a checkpoint of another log is refused, although the key signed it", async () => {
  await expect(open(makeCheckpoint({ ...head, origin: "other.example" }, [signer]))).rejects.toThrow(
    "is of the log other.example",
  );
});

test.each([
  ["an extension line", signNote(`${name}\n7\n${Buffer.alloc(32).toString("base64")}\nextra\n`, [signer])],
  ["no root", signNote(`${name}\n7\n`, [signer])],
  ["a size with a leading zero", signNote(`${name}\n07\n${Buffer.alloc(32).toString("base64")}\n`, [signer])],
  [
    "a size beyond numbers",
    signNote(`${name}\n9999999999999999\n${Buffer.alloc(32).toString("base64")}\n`, [signer]),
  ],
  ["a short root", signNote(`${name}\n7\nAAAA\n`, [signer])],
  ["bytes after the signatures", `${note}x\n`],
  ["an empty line after the signatures", `${note}\n`],
  ["no signature", `${name}\n7\nAAAA\n`],
  ["no last newline", note.slice(0, -1)],
])("a checkpoint with %s is refused, signed or not", async (_, text) => {
  await expect(open(text)).rejects.toThrow(/^not a/);
});

test("a note altered at any byte opens neither on WebCrypto nor on node:crypto", async () => {
  const bytes = Buffer.from(note);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const altered = Buffer.from(bytes);
      altered[at]! ^= flip;
      const text = altered.toString("utf8");
      await expect(open(text)).rejects.toThrow(/./);
      expect(() => openCheckpoint(text, [vkey])).toThrow(/./);
    }),
  );
});
