import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type AuditFeed, createAuditFeed } from "../../audit/index/feed.ts";
import { createAuditReader, type OpenedAuditReader } from "../../audit/index/reader.ts";
import { type KnownLog, knownOf } from "../../audit/known/known-log.ts";
import type { Exchange } from "../../audit/logs/exchange.ts";
import type { LogsListed } from "../../audit/logs/list.ts";
import type { LogsFeed } from "../../audit/logs/feed.ts";
import type { AuditLogs } from "../../audit/logs/port.ts";
import { createRetire, type RetireOrder } from "../../audit/logs/retire.ts";
import type { Retirement } from "../../audit/logs/retired.ts";
import { openAuditLog } from "../../audit/open.ts";
import type { OpenedAuditLog } from "../../audit/opened.ts";
import type { Configuration } from "../../configuration/types.ts";
import { openJournal, type OpenedJournal } from "../../grants/durability/journal-file.ts";
import { placeOf } from "../../grants/gateways/place.ts";
import { checkIn, startPresence, type Presence } from "../../grants/gateways/presence.ts";
import { grantModel } from "../../grants/states.ts";
import type { Exports } from "../../export/exports.ts";
import { openStore, type Store } from "../../storage/store.ts";
import { version } from "../version.ts";
import { createLogKeeper, type LogKeeper } from "../log-keeper.ts";
import type { Leaving } from "../../audit/leaving/leaving.ts";
import type { GatewayOptions } from "../gateway.ts";
import { otherLogFolders } from "../workers/logs.ts";
import { bringCheckpoints } from "./checkpoints.ts";
import { listLogs, recordLogs } from "./list-logs.ts";
import { retain } from "./retain.ts";
import { liveNames, startLogs } from "./start-logs.ts";
import { startExporting } from "./start-exporting.ts";
import { type Boot, SYSTEM_PRINCIPAL } from "./boot.ts";
import { endsFile } from "./identity/ends-file.ts";

/** All that outlives the process: the store, the audit log with its readers, and the journal of ends. */
export interface Records {
  readonly store: Store;
  readonly audit: OpenedAuditLog;
  /** What the store knows of the log, or of the one in whose place it is. */
  readonly knownLog: KnownLog | undefined;
  readonly keeper: LogKeeper;
  /** This gateway among those that share the store; undefined where none can. */
  readonly presence: Presence | undefined;
  readonly journal: OpenedJournal;
  readonly reader: OpenedAuditReader;
  readonly feed: AuditFeed;
  /** All logs of the gateways that share the store. */
  readonly logs: AuditLogs;
  readonly logsFeed: LogsFeed;
  /** The list of them, signed. */
  readonly listLogs: () => Promise<LogsListed>;
  /** Gives up a log whose gateway and files are gone. */
  readonly retireLog: (order: RetireOrder) => Promise<Retirement>;
  /** Where gateways ask each other's logs; undefined where none can share the store. */
  readonly exchange: Exchange | undefined;
  readonly exports: Exports;
  /** Undefined where no checkpoint leaves. */
  readonly leaving: Leaving | undefined;
}

/** Opens the store and the audit log, and records that the configuration was loaded. */
export async function openRecords(
  boot: Boot,
  first: Configuration,
  { file, worker }: Pick<GatewayOptions, "file" | "worker">,
): Promise<Records> {
  const { clock, logger, fault, onStop } = boot;
  const store = await openStore(first.store, grantModel);
  onStop(() => store.close());
  const knownLog = knownOf(await store.logs.all(), first.audit.name, first.store.kind === "sqlite");
  // An operator has accepted that the log of another name is lost.
  const instead = knownLog === undefined || knownLog.name === first.audit.name ? undefined : knownLog.name;
  // Stopped after the log is closed: its last checkpoint leaves, too.
  const leaving = bringCheckpoints(boot, first);
  const register = await registering(boot, first, store);
  const { audit, keeper } = await openLog(boot, first, { store, knownLog, instead, leaving });
  onStop(() => keeper.stop());
  let reader: OpenedAuditReader | undefined;
  // Once the log is closed, which is indexed as well: other gateways see by it that the log has nothing more.
  onStop(async () => {
    await reader?.caughtUp();
    await reader?.close();
  });
  onStop(() => audit.log.close());
  const journal = await openJournal(endsFile(first, instead));
  onStop(() => journal.close());
  const presence = await register();
  await keeper.remember();
  reader = createAuditReader({
    opened: audit,
    index: store.index(audit.id),
    clock,
    onProblem: (message) => logger.warn({ problem: message }, "audit index"),
  });
  const exports = await startExporting(boot, first, audit);
  const others = (): readonly string[] => otherLogFolders(first.audit, worker?.place);
  retain(boot, first, { store, audit, reader, exports, others });
  const feed = createAuditFeed({ reader, written: audit.written, clock, onProblem: fault });
  onStop(() => feed.close());
  const shared = startLogs(boot, { store, audit, reader, feed, presence, others });
  audit.log.append({
    type: "configuration.loaded",
    principal: SYSTEM_PRINCIPAL,
    configuration: first.digest,
    detail: { file, changes: ["start"] },
  });
  recordLogs(boot, { store, audit });
  await audit.log.sync();
  return {
    store,
    audit,
    knownLog,
    keeper,
    presence,
    journal,
    reader,
    feed,
    ...shared,
    listLogs: listLogs(boot, { store, audit, presence }),
    retireLog: createRetire({
      own: audit.id,
      log: audit.log,
      known: store.logs,
      retired: store.retiredLogs,
      live: () => liveNames(presence),
      wall: () => clock.wall(),
    }),
    exports,
    leaving,
  };
}

/**
 * Makes sure that no other gateway that shares the store has this one's name.
 * @returns registers this one, and keeps it registered; for once its log is open
 */
async function registering(
  { clock, logger, onStop }: Boot,
  { audit: { name, folder } }: Configuration,
  { gateways: registry }: Store,
): Promise<() => Promise<Presence | undefined>> {
  if (registry === undefined) return () => Promise.resolve(undefined);
  const me = { name, life: randomUUID(), place: placeOf(folder), host: hostname(), version };
  const over = await checkIn(registry, me, clock);
  return async () => {
    const presence = await startPresence({
      registry,
      clock,
      me,
      over,
      onChange: (why) =>
        why === undefined
          ? logger.info({}, "serves again: the clocks agree")
          : logger.error({ problem: why }, "serves nothing new"),
    });
    onStop(() => presence.stop());
    return presence;
  };
}

interface LogParts extends Pick<Records, "store" | "knownLog" | "leaving"> {
  /** The name of the log in whose place this one is. */
  readonly instead: string | undefined;
}

/** Opens the audit log with what tells the store how far it has come. */
async function openLog(
  { clock, logger }: Boot,
  first: Configuration,
  { store, knownLog, instead, leaving }: LogParts,
): Promise<Pick<Records, "audit" | "keeper">> {
  let keeper: LogKeeper | undefined;
  const audit = await openAuditLog({
    folder: first.audit.folder,
    name: first.audit.name,
    clock,
    sync: first.audit.sync,
    checkpointEvery: first.audit.checkpointEvery,
    reserve: first.audit.reserve,
    ...(first.audit.witnessed === undefined ? {} : { witnessed: first.audit.witnessed }),
    ...(knownLog === undefined ? {} : { known: knownLog }),
    onCheckpoint: (newest) => leaving?.offer(newest),
    onProblem(message) {
      logger.error({ problem: message }, "audit log");
      keeper?.logFailed();
    },
  });
  const made = createLogKeeper({
    clock,
    audit,
    name: first.audit.name,
    ...(instead === undefined ? {} : { instead }),
    logs: store.logs,
    ...(first.store.kind === "sqlite" ? { file: first.store.file } : {}),
    onChange: (why) =>
      why === undefined
        ? logger.info({}, "the store takes writes again")
        : logger.error({ problem: why }, "store"),
  });
  keeper = made;
  if (knownLog === undefined && audit.first > 0)
    logger.warn(
      { log: first.audit.name, records: audit.first },
      "the store does not know the audit log: what its records say has ended or is locked down is taken from there",
    );
  return { audit, keeper: made };
}
