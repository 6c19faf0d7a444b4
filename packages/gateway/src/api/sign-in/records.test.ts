import { expect, test } from "vitest";
import type { NewRecord } from "../../audit/records.ts";
import type { AuditLog } from "../../audit/log.ts";
import type { BrowserSession } from "../../identity/browser-sessions/store.ts";
import type { Verified } from "../../identity/principal.ts";
import { recordSignIn } from "./records.ts";

test.each<[string, string | undefined, readonly string[], boolean]>([
  ["anybody", undefined, [], true],
  ["whoever can end something, in the last of the log's disk", "its disk is low", ["operator"], true],
  ["nobody else there", "its disk is low", [], false],
])("%s is signed in, on record", async (_, unavailable, roles, isSignedIn) => {
  const records: NewRecord[] = [];
  const log = {
    unavailable,
    append: (record: NewRecord) => records.push(record),
    sync: () => Promise.resolve(),
  } as unknown as AuditLog;
  const principal = { kind: "person", issuer: "i", subject: "ada", name: "ada", groups: [], roles };
  const session = { id: "bs_1", endsAt: 0 } as BrowserSession;
  const recorded = await recordSignIn(log, session, { principal } as unknown as Verified).then(
    () => true,
    (error: { problem?: string }) => error.problem,
  );
  expect(recorded).toBe(isSignedIn || "not_recorded");
  expect(records.map(({ type }) => type)).toEqual(isSignedIn ? ["sign_in.succeeded"] : []);
});
