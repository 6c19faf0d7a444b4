import { afterAll, expect, test } from "vitest";
import { openTestLog, testFolders } from "../audit/testing/log.ts";
import type { KnownLog } from "../audit/known/known-log.ts";
import { createLogKeeper } from "./log-keeper.ts";

const folders = testFolders();
afterAll(() => folders.removeAll());

test("in the reserve of its disk, too, the store is told of what is on the disk alone", async () => {
  const opened = await openTestLog(folders.make(), { reserve: Number.MAX_SAFE_INTEGER });
  const told: number[] = [];
  const keeper = createLogKeeper({
    clock: opened.clock,
    audit: opened,
    name: "gateway.test",
    logs: {
      remember({ records }: KnownLog) {
        told.push(records);
        return Promise.resolve();
      },
    } as never,
    onChange: () => undefined,
  });
  opened.log.append({ type: "sign_out", detail: {} });
  opened.log.flush();
  await keeper.remember();
  // A power cut may take the last record: a start without it must not be one that lost its log.
  expect(told).toEqual([opened.written() - 1]);
  await keeper.stop();
  await opened.log.close();
});
