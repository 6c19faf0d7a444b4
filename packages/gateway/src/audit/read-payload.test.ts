import { hash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { payloadPath } from "@mayfly/audit-verifier";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPayload } from "./read-payload.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mayfly-payload-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = Buffer.from("what was typed");
const digest = `sha256:${hash("sha256", bytes, "hex")}`;

function keep(what: Buffer): void {
  const path = join(folder, payloadPath(digest));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, what);
}

test("a payload is read as it was kept", async () => {
  keep(bytes);
  expect(await readPayload(folder, digest)).toEqual(bytes);
});

test("one that was erased is not there", async () => {
  expect(await readPayload(folder, digest)).toBeUndefined();
});

test("one that was changed is not shown", async () => {
  keep(Buffer.from("what was typed, and more"));
  await expect(readPayload(folder, digest)).rejects.toMatchObject({ code: "payload_tampered", status: 500 });
});
