import { statSync } from "node:fs";
import type { OpenedAuditLog } from "../audit/opened.ts";
import type { KnownLogs } from "../audit/known/known-log.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/errors.ts";

/** The store is told how far the log has come at most this often, and at least this often, milliseconds. */
const REMEMBER_EVERY_MS = 5000;
/** After a failure it is told again this much later, milliseconds. */
const RETRY_AFTER_MS = 1000;
/** The store's file is looked at this often, milliseconds. */
const LOOK_EVERY_MS = 1000;

/** Tells the store how far the log has come; so it knows of a log that is lost, and the gateway of a store that takes no writes. */
export interface LogKeeper {
  /** Why the store takes no writes now; undefined when it does. */
  readonly unavailable: string | undefined;
  /** Tells the store now. @throws what the store throws */
  remember(): Promise<void>;
  /** Tells the store at once that the log has come so far, since its files may be lost. Never throws. */
  logFailed(): void;
  /** Tells the store a last time. After the log was closed. */
  stop(): Promise<void>;
}

/** What the keeper is made of. */
export interface LogKeeperParts {
  readonly clock: Clock;
  readonly audit: Pick<OpenedAuditLog, "id" | "written" | "synced" | "checkpoint" | "failed">;
  readonly name: string;
  /** The name of the log whose place this one takes, where that is another. */
  readonly instead?: string;
  readonly logs: KnownLogs;
  /** The store's file, where it is one. */
  readonly file?: string;
  /** Told when the store takes no writes any more, and when it does again. */
  readonly onChange: (unavailable: string | undefined) => void;
}

export function createLogKeeper(parts: LogKeeperParts): LogKeeper {
  const { clock, audit, name, logs, file } = parts;
  const opened = file === undefined ? undefined : identityOf(file);
  let failed: string | undefined;
  let misplaced: string | undefined;
  let isStopped = false;
  let said: string | undefined;

  async function remember(): Promise<void> {
    const checkpoint = audit.checkpoint();
    const now = {
      name,
      key: audit.id,
      // A power cut may take what is not on the disk; what was acknowledged and then lost with its file counts.
      records: audit.failed() === undefined ? audit.synced() : audit.written(),
      at: clock.wall(),
      ...(checkpoint === undefined ? {} : { checkpoint }),
    };
    await logs.remember(now, parts.instead);
  }

  function tell(): void {
    const now = misplaced ?? failed;
    if (now !== said) parts.onChange(now);
    said = now;
  }

  async function step(): Promise<void> {
    if (isStopped) return;
    try {
      await remember();
      failed = undefined;
    } catch (error) {
      failed = `it takes no writes: ${messageOf(error)}`;
    }
    tell();
    clock.schedule(failed === undefined ? REMEMBER_EVERY_MS : RETRY_AFTER_MS, () => void step());
  }

  function look(): void {
    if (isStopped || file === undefined) return;
    const now = identityOf(file);
    // SQLite goes on writing to a file that nobody finds any more.
    misplaced =
      now === opened
        ? undefined
        : now === undefined
          ? `${file} is gone`
          : `${file} is not the file that was opened`;
    tell();
    clock.schedule(LOOK_EVERY_MS, look);
  }

  clock.schedule(REMEMBER_EVERY_MS, () => void step());
  look();
  return {
    get unavailable() {
      return misplaced ?? failed;
    },
    remember,
    logFailed: () => void remember().catch(() => undefined),
    async stop() {
      isStopped = true;
      await remember();
    },
  };
}

/** What tells a file from another; undefined where there is none. */
function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
