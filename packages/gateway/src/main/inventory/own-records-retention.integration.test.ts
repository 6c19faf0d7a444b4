// tier: full
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openAuditLog } from "../../audit/open.ts";
import { startRetention } from "../../audit/retention/retention.ts";
import { context, testFolders } from "../../audit/testing/log.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { recorded } from "../../protocols/postgres/inventory/recorded.ts";
import { ownActs } from "./own-records.ts";

const DAY = 86_400_000;
const folders = testFolders();
afterAll(() => folders.removeAll());

test("what retention left is read whole: acts of sessions that were opened in dropped files, and what stands behind a hole", async () => {
  let ahead = 0;
  const clock: Clock = { ...systemClock, wall: () => Date.UTC(2026, 0, 1) + ahead };
  const folder = folders.make();
  const opened = await openAuditLog({
    folder,
    name: "gateway.test",
    clock,
    sync: "batched",
    checkpointEvery: 1000,
    segmentBytes: 3000,
  });
  const { log } = opened;
  const session = (name: string): ReturnType<typeof log.writer> => {
    const principal = {
      kind: "agent",
      issuer: "https://example.okta.com",
      subject: `0oa${name}`,
      name,
    } as const;
    const opening = log.append({
      ...context,
      principal,
      session: `ses_${name}`,
      type: "session.opened",
      detail: {},
    });
    log.flush();
    return log.writer(opening);
  };
  const long = session("long-bot");
  for (let day = 0; day < 8; day += 1) {
    const short = session(`bot-${day}`);
    for (let at = 0; at < 30; at += 1)
      for (const acts of [short, long])
        acts.append(
          "act.outcome",
          `{"intent":${acts.append("act.intent", `{"act":{"sql":"select ${day}"}}`)},"rows":1}`,
        );
    log.flush();
    await log.sync();
    await opened.checkpointNow();
    ahead += DAY;
  }
  const detail = { hold: "hold_1", on: { principal: "bot-4" }, reason: "INC-1" };
  const archive = join(folders.make(), "archive");
  const retain = async (days: number): Promise<void> => {
    const retention = startRetention({
      opened,
      rules: { keep: days * DAY },
      archive,
      unread: () => Promise.resolve(Infinity),
      forget: () => Promise.resolve(),
      onDropped: () => undefined,
      recordHolds: () => Promise.resolve(),
      holdsRecorded: () => 1,
      onDone: () => Promise.resolve(),
      clock: { ...clock, schedule: (ms, run) => clock.schedule(ms < 1000 ? 0 : ms, run) },
      onProblem: () => undefined,
    });
    await retention.run();
    await retention.close();
  };
  const seen = async (): Promise<ReadonlySet<string>> => {
    const all = new Set<string>();
    for await (const found of ownActs(folder, "orders-db", { act: "statement", recorded }, () => undefined))
      all.add(found.kind === "act" ? `${found.act.by} ${found.act.act}` : found.kind);
    return all;
  };
  await retain(5);
  expect(await seen()).toContain("long-bot select 7");
  log.append({ type: "log.hold_placed", detail } as never);
  log.flush();
  await retain(2);
  const after = await seen();
  await log.close();
  expect(after).toContain("bot-4 select 4");
  expect(after).toContain("bot-7 select 7");
}, 60_000);
