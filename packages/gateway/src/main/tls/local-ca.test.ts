import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createSecureContext } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localCertificates } from "./local-ca.ts";

let folder: string;
const now = Date.UTC(2026, 10, 1);
const day = 86_400_000;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mayfly-ca-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a server certificate for names and addresses, signed by a CA that only signs", async () => {
  const made = await localCertificates(folder, ["mayfly.internal", "127.0.0.1", "::1"], now);
  const [ca, server] = [new X509Certificate(made.ca), new X509Certificate(made.certificate)];
  expect(ca.ca).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.verify(ca.publicKey)).toBe(true);
  expect(server.checkHost("mayfly.internal")).toBe("mayfly.internal");
  expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(server.checkIP("::1")).toBe("::1");
  expect(server.checkHost("other.internal")).toBeUndefined();
  expect(() => createSecureContext({ cert: made.certificate, key: made.key })).not.toThrow();
});

test("private keys are for their owner alone", async () => {
  await localCertificates(folder, ["localhost"], now);
  for (const name of ["ca.key", "server.key"])
    expect((await stat(path.join(folder, "tls", name))).mode & 0o777).toBe(0o600);
});

test("both are kept; the server's is made anew for another host and before it runs out, the CA stays", async () => {
  const first = await localCertificates(folder, ["localhost"], now);
  expect(await localCertificates(folder, ["localhost"], now + day)).toEqual(first);
  const moved = await localCertificates(folder, ["localhost", "mayfly.internal"], now + day);
  expect(moved.certificate).not.toBe(first.certificate);
  const later = await localCertificates(folder, ["localhost"], now + 70 * day);
  expect(later.certificate).not.toBe(moved.certificate);
  expect(later.ca).toBe(first.ca);
});

test.each(["ca.pem", "ca.key", "server.pem", "server.key"])(
  "a damaged %s is named, with what to do",
  async (name) => {
    await localCertificates(folder, ["localhost"], now);
    await writeFile(path.join(folder, "tls", name), "damaged");
    await expect(localCertificates(folder, ["localhost"], now)).rejects.toMatchObject({
      code: "tls_unusable",
      message: expect.stringContaining(name),
      hint: expect.stringContaining("start again"),
    });
  },
);
