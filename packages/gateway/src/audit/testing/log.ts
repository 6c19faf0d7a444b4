import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { realFiles, type LogFiles } from "../files/files.ts";
import { openAuditLog } from "../open.ts";
import type { AuditLogOptions, OpenedAuditLog } from "../opened.ts";
import type { ActWriter, AuditLog } from "../log.ts";
import type { AuditRecord, RecordContext } from "../records.ts";

/** The folders made by the tests of one file. */
export interface TestFolders {
  make(): string;
  /** A copy, as an attacker or a backup would have it; without the lock. */
  copy(folder: string): string;
  removeAll(): void;
}

export function testFolders(): TestFolders {
  const made: string[] = [];
  const make = (): string => {
    const folder = mkdtempSync(join(tmpdir(), "mayfly-audit-"));
    made.push(folder);
    return folder;
  };
  return {
    make,
    copy(folder) {
      const to = make();
      cpSync(folder, to, { recursive: true });
      rmSync(join(to, "lock"), { force: true });
      return to;
    },
    removeAll() {
      for (const folder of made) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Opens a log as tests want it. */
export async function openTestLog(
  folder: string,
  more: Partial<AuditLogOptions> = {},
): Promise<OpenedAuditLog & { clock: FakeClock }> {
  const clock = fakeClock();
  const opened = await openAuditLog({
    folder,
    name: "gateway.test",
    clock,
    sync: "batched",
    checkpointEvery: 1000,
    ...more,
  });
  return { ...opened, clock };
}

/** A session's context. */
export const context: RecordContext = {
  principal: { kind: "agent", issuer: "https://example.okta.com", subject: "0oa1", name: "support-bot" },
  request: "req_1",
  grant: "gr_1",
  session: "ses_1",
  connection: "orders-db",
  operations: ["read-orders"],
  policy: "support agents read orders",
  configuration: "sha256:00",
};

const sessions = new WeakMap<AuditLog, number>();

/** The writer of a session's acts; the session is opened when this is called first, with one record. */
export function actsOf({ log }: { readonly log: AuditLog }): ActWriter {
  let session = sessions.get(log);
  if (session === undefined) {
    session = log.append({ ...context, type: "session.opened", detail: {} });
    log.flush();
    sessions.set(log, session);
  }
  return log.writer(session);
}

/** Writes acts with their outcomes and flushes; the first time, the session's opening record before them. */
export function writeActs(opened: OpenedAuditLog, count: number, text = "select 1"): void {
  const writer = actsOf(opened);
  for (let i = 0; i < count; i++) {
    const intent = writer.append("act.intent", JSON.stringify({ act: { sql: text } }));
    writer.append("act.outcome", JSON.stringify({ intent, rows: i }));
  }
  opened.log.flush();
}

/** All lines of a log's files, in order. */
export function linesIn(folder: string): readonly string[] {
  return segmentsOf(folder).flatMap(({ file }) =>
    readFileSync(join(folder, file), "utf8").split("\n").slice(0, -1),
  );
}

/** All records of a log's files, in order. */
export function recordsIn(folder: string): readonly AuditRecord[] {
  return linesIn(folder).map((line) => JSON.parse(line) as AuditRecord);
}

/** How a disk can fail. */
export interface Faults {
  /** Bytes that a write still takes before it fails, and whether it reports the failure at all. */
  write: undefined | { readonly code: string; readonly takes: number };
  truncate: boolean;
  sync: boolean;
}

/** A disk that fails when told to. */
export function failingFiles(): { files: LogFiles; faults: Faults } {
  const faults: Faults = { write: undefined, truncate: false, sync: false };
  const failure = (code: string): Error => Object.assign(new Error(`${code}: the disk fails`), { code });
  return {
    faults,
    files: {
      ...realFiles,
      write(fd, bytes, offset, length, position) {
        const fault = faults.write;
        if (fault === undefined) return realFiles.write(fd, bytes, offset, length, position);
        const takes = Math.min(fault.takes, length);
        if (takes > 0) realFiles.write(fd, bytes, offset, takes, position);
        if (fault.code === "short") return takes;
        throw failure(fault.code);
      },
      truncate(fd, size) {
        if (faults.truncate) throw failure("EROFS");
        realFiles.truncate(fd, size);
      },
      syncNow(fd) {
        if (faults.sync) throw failure("EIO");
        realFiles.syncNow(fd);
      },
      async sync(fd) {
        if (faults.sync) throw failure("EIO");
        await realFiles.sync(fd);
      },
    },
  };
}
