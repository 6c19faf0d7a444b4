import { entriesOf, type LogsListed, recordOfLogs } from "../../audit/logs/list.ts";
import { recordOfReturn } from "../../audit/logs/retire.ts";
import { type Boot, SYSTEM_PRINCIPAL } from "./boot.ts";
import { hostname } from "node:os";
import type { Records } from "./records.ts";

/** Looks this often whether the store knows other logs than were recorded, milliseconds. */
const LOOK_EVERY_MS = 30_000;

type ListParts = Pick<Records, "store" | "audit" | "presence">;

/** Lists the logs of the gateways that share the store. */
export function listLogs({ clock }: Boot, { store, audit, presence }: ListParts): () => Promise<LogsListed> {
  return async () => {
    const [known, retired] = await Promise.all([store.logs.all(), store.retiredLogs.all()]);
    const [ownName = ""] = audit.id.split("+");
    const live = new Map([
      [ownName, hostname()],
      ...(presence?.live ?? []).map(({ name, host }) => [name, host] as const),
    ]);
    const own = {
      key: audit.id,
      records: audit.synced(),
      checkpoint: audit.checkpoint(),
      seenAt: clock.wall(),
    };
    const logs = entriesOf(known, live, own, new Map(retired.map((one) => [one.log, one])));
    const note = audit.signList(
      logs.map(({ retired: gone, ...log }) => ({ ...log, isRetired: gone !== undefined })),
    );
    return { logs, note, key: audit.verifierKey };
  };
}

/** What the list is recorded with. */
export interface RecordLogsParts {
  readonly store: {
    readonly logs: Pick<ListParts["store"]["logs"], "all">;
    readonly retiredLogs: Pick<ListParts["store"]["retiredLogs"], "all" | "end">;
    readonly shared: unknown;
  };
  readonly audit: {
    readonly id: string;
    readonly log: Pick<ListParts["audit"]["log"], "append" | "flush" | "sync">;
  };
}

/**
 * Records which logs there are, when it starts and whenever that has changed, where gateways can share the store; and that
 * this log is back, where it was given up.
 */
export function recordLogs(
  { clock, logger, onStop }: Pick<Boot, "clock" | "logger" | "onStop">,
  { store, audit }: RecordLogsParts,
): void {
  // A start says it whatever there is: the list may have become shorter while nobody looked.
  let recorded: string | undefined;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;

  async function comeBack(): Promise<void> {
    const given = (await store.retiredLogs.all()).find(({ log }) => log === audit.id);
    if (given === undefined || isStopped) return;
    audit.log.append({ ...recordOfReturn(given), principal: SYSTEM_PRINCIPAL });
    await audit.log.sync();
    await store.retiredLogs.end(audit.id);
  }

  async function look(): Promise<void> {
    await comeBack();
    const keys = [...new Set([audit.id, ...(await store.logs.all()).map(({ key }) => key)])];
    const now = keys.toSorted().join("\n");
    if (isStopped || now === recorded) return;
    audit.log.append({ ...recordOfLogs(keys), principal: SYSTEM_PRINCIPAL });
    audit.log.flush();
    recorded = now;
  }

  function again(): void {
    running = look()
      .catch((error: unknown) => logger.warn({ error: String(error) }, "list of logs"))
      .finally(() => {
        if (!isStopped) cancel = clock.schedule(LOOK_EVERY_MS, again);
      });
  }

  if (store.shared === undefined) return;
  again();
  onStop(async () => {
    isStopped = true;
    cancel?.();
    await running;
  });
}
