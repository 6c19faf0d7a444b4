import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { ExportDestination } from "../kernel/export-settings.ts";
import { createDestination } from "./create-destination.ts";
import { recordsOf, turns } from "./testing/stream.ts";

const folder = mkdtempSync(path.join(tmpdir(), "mayfly-export-"));
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is written to in its turn alone, and one that never comes holds up nobody", async () => {
  const clock = fakeClock();
  const file = path.join(folder, "audit.jsonl");
  const settings: ExportDestination = {
    name: "shipper",
    format: "mayfly",
    from: "beginning",
    target: { kind: "file", path: file, sync: "always" },
  };
  const exporter = { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" };
  const { destination } = createDestination(settings, exporter, clock, () => new Promise(() => undefined));
  const sent = destination.send({ records: recordsOf([0]), next: 1 }, new AbortController().signal);
  await turns();
  clock.advance(30_000);
  expect(await sent).toMatchObject({ kind: "failed", why: /has not answered/ });
  expect(existsSync(file)).toBe(false);
});
