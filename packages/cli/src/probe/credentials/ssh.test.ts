import { expect, test } from "vitest";
import { lockOf } from "./ssh.ts";

/** OpenSSH's PROTOCOL.key. */
const openssh = (cipher: string): string => {
  const name = Buffer.concat([Buffer.from([0, 0, 0, cipher.length]), Buffer.from(cipher)]);
  const body = Buffer.concat([Buffer.from("openssh-key-v1\0"), name, Buffer.alloc(80)]).toString("base64");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.slice(0, 70)}\n${body.slice(70)}\n-----END OPENSSH PRIVATE KEY-----\n`;
};

test.each([
  [openssh("none"), "open"],
  [openssh("aes256-ctr"), "passphrase"],
  ["-----BEGIN PRIVATE KEY-----\r\nx", "open"],
  ["-----BEGIN EC PRIVATE KEY-----\nx", "open"],
  ["-----BEGIN ENCRYPTED PRIVATE KEY-----\nx", "passphrase"],
  ["-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "passphrase"],
  ["PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n", "open"],
  ["PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: aes256-cbc\r\n", "passphrase"],
  ["-----BEGIN PUBLIC KEY-----\nx", undefined],
  ["-----BEGIN OPENSSH PRIVATE", undefined],
  ["", undefined],
])("%j: %s", (text, lock) => {
  expect(lockOf(Buffer.from(text))).toBe(lock);
});
