// tier: full
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openTestLog, testFolders, writeActs } from "../../../audit/testing/log.ts";
import { recordReader } from "../../../audit/index/record-reader.ts";
import type { OpenedAuditLog } from "../../../audit/opened.ts";
import { makeCertificate as makeClient } from "../../../configuration/testing/certificate.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { MIB } from "../../../kernel/byte-sizes.ts";
import type { SyslogTarget } from "../../../kernel/export-settings.ts";
import { Secret } from "../../../kernel/secret.ts";
import { makeCertificate, type TestCertificate } from "../../../protocols/postgres/testing/wire.ts";
import { startExports, type Exports } from "../../exports.ts";
import type { StreamNews } from "../../progress.ts";
import { makeRsyslog, type Rsyslog } from "../../testing/rsyslog.ts";

// Debian's rsyslogd, killed while it takes records: nothing is lost, and what came first came in order.

const folders = testFolders();
let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await makeCertificate(["127.0.0.1", "localhost"]);
});
afterAll(() => {
  certificate.remove();
  folders.removeAll();
});

let folder: string;
let opened: OpenedAuditLog;
let rsyslog: Rsyslog;
let exports: Exports;
let news: StreamNews[];
beforeEach(async () => {
  folder = folders.make();
  news = [];
  opened = await openTestLog(path.join(folder, "log"), { clock: systemClock });
});
afterEach(async () => {
  await exports.stop();
  await rsyslog.kill();
  await opened.log.close();
});

const startTo = (more: Partial<SyslogTarget> = {}): Promise<Exports> =>
  startExports({
    settings: {
      holdBack: 100 * MIB,
      destinations: [
        {
          name: "siem",
          format: "mayfly",
          from: "beginning",
          target: {
            kind: "syslog",
            host: "localhost",
            port: rsyslog.port,
            ca: certificate.authority,
            resend: 3000,
            ...more,
          },
        },
      ],
    },
    opened,
    folder: path.join(folder, "exports"),
    exporter: { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" },
    clock: systemClock,
    tell: (_, what) => news.push(what),
  });

/** The numbers that came, in the order in which each came first. */
function cameFirst(): readonly number[] {
  const seqs = rsyslog
    .lines()
    .map((line) => Number(/^\[mayfly@32473 log="gateway\.test" seq="(\d+)"\]/.exec(line)?.[1]));
  return [...new Set(seqs)];
}
const count = (to: number): readonly number[] => Array.from({ length: to }, (_, at) => at);

test("records come whole, and count as delivered once they are safe", async () => {
  mkdirSync(path.join(folder, "rsyslog"));
  rsyslog = await makeRsyslog(path.join(folder, "rsyslog"), certificate);
  await rsyslog.start();
  exports = await startTo();
  writeActs(opened, 300, "select 'größer', '\u{1f512}', \"]\" from orders");
  await opened.log.sync();
  await expect.poll(() => rsyslog.lines().length).toBe(opened.written());
  const records = await recordReader(opened.folder, opened.written).read(0, 10_000);
  const texts = rsyslog.lines().map((line) => /^\[.*?\] \S+ (\{.*)$/.exec(line)?.[1] ?? line);
  expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(records);
  expect(rsyslog.lines().join("")).toMatch(/^[\x20-\x7e]*$/);
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  expect(news).toEqual([]);
  // Nothing was sent twice.
  expect(rsyslog.lines()).toHaveLength(opened.written());
});

test("killed again and again while it takes records: 0 lost, in order", async () => {
  mkdirSync(path.join(folder, "rsyslog"));
  rsyslog = await makeRsyslog(path.join(folder, "rsyslog"), certificate, { buffered: true });
  await rsyslog.start();
  // More than a receiver that is kept waiting on a busy machine takes to write out what it has read.
  exports = await startTo({ resend: 10_000 });
  for (let round = 0; round < 6; round += 1) {
    for (let at = 0; at < 12; at += 1) {
      writeActs(opened, 50);
      await opened.log.sync();
      // Some kills meet records on their way, some the rest between two connections.
      await new Promise<void>((resolve) => setTimeout(resolve, 40 + 10 * round));
    }
    await rsyslog.kill();
    await rsyslog.start();
  }
  await expect.poll(() => exports.status[0]?.lagRecords, { timeout: 60_000, interval: 250 }).toBe(0);
  expect(exports.status[0]?.failures).toBeGreaterThan(0);
  expect(cameFirst()).toEqual(count(opened.written()));
  await expect
    .poll(() => readFileSync(path.join(folder, "exports", "siem.json"), "utf8"))
    .toContain(`"next":${opened.written()}`);
}, 120_000);

test("a gateway that is started again sends what may not have arrived, and nothing is lost", async () => {
  mkdirSync(path.join(folder, "rsyslog"));
  rsyslog = await makeRsyslog(path.join(folder, "rsyslog"), certificate);
  await rsyslog.start();
  exports = await startTo();
  writeActs(opened, 500);
  await opened.log.sync();
  await expect.poll(() => rsyslog.lines().length).toBeGreaterThan(100);
  await exports.stop();
  await rsyslog.kill();
  await rsyslog.start();
  exports = await startTo();
  await expect.poll(() => exports.status[0]?.lagRecords, { timeout: 30_000 }).toBe(0);
  expect(cameFirst()).toEqual(count(opened.written()));
});

test("a receiver that asks for a certificate gets ours, and nothing without it", async () => {
  mkdirSync(path.join(folder, "rsyslog"));
  const client = await makeClient();
  rsyslog = await makeRsyslog(path.join(folder, "rsyslog"), certificate, { clientCa: client.certificate });
  await rsyslog.start();
  exports = await startTo();
  writeActs(opened, 10);
  await opened.log.sync();
  await expect.poll(() => exports.status[0]?.failures).toBeGreaterThan(0);
  expect(rsyslog.lines()).toEqual([]);
  await exports.stop();
  const key = new Secret(client.key);
  exports = await startTo({ certificate: client.certificate, key });
  await expect.poll(() => exports.status[0]?.lagRecords).toBe(0);
  expect(cameFirst()).toEqual(count(opened.written()));
});
