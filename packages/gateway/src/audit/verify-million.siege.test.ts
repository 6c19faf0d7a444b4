import { verifyLog } from "@mayfly/audit-verifier";
import { afterAll, expect, test } from "vitest";
import { actsOf, openTestLog, testFolders } from "./testing/log.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

test("a log of a million records verifies, in bounded memory", { timeout: 120_000 }, async () => {
  const folder = folders.make();
  const opened = await openTestLog(folder);
  const writer = actsOf(opened);
  while (opened.written() < 1_000_000) {
    for (let i = 0; i < 64; i++) {
      const intent = writer.append("act.intent", `{"act":{"sql":"select ${i}"}}`);
      writer.append("act.outcome", `{"intent":${intent},"rows":1}`);
    }
    opened.log.flush();
  }
  await opened.log.close();
  const before = process.memoryUsage.rss();
  let highest = 0;
  const report = verifyLog(folder, [opened.verifierKey], {
    onProgress: () => {
      highest = Math.max(highest, process.memoryUsage.rss() - before);
    },
  });
  expect(report).toMatchObject({ verdict: "whole", uncovered: 0, unknownCount: 0 });
  expect(report.records).toBeGreaterThan(1_000_000);
  // The log itself takes some 220 MB.
  expect(highest).toBeLessThan(200 * 1024 * 1024);
});
