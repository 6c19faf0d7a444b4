import { join } from "node:path";
import type { OpenedAuditLog } from "../../audit/opened.ts";
import type { Configuration } from "../../configuration/types.ts";
import { type Exports, startExports } from "../../export/exports.ts";
import type { StreamNews } from "../../export/progress.ts";
import { version } from "../version.ts";
import type { Boot } from "./boot.ts";

/** Sends the audit log to where the configuration says. */
export async function startExporting(
  { clock, logger, onStop }: Boot,
  first: Configuration,
  audit: OpenedAuditLog,
): Promise<Exports> {
  function tell(destination: string, { kind, ...what }: StreamNews): void {
    const line = { destination, ...what };
    if (kind === "resumed") logger.info(line, "export: goes on");
    else if (kind === "failed") logger.warn(line, "export: failed, and is tried again");
    else logger.error(line, words[kind]);
  }
  const exports = await startExports({
    settings: first.export,
    opened: audit,
    folder: join(first.dataFolder, "exports"),
    exporter: { host: new URL(first.url).hostname, log: first.audit.name, version },
    clock,
    tell,
  });
  onStop(() => exports.stop());
  return exports;
}

/** Losses, which an operator has to know of. */
const words = {
  refused: "export: the destination refused records, and has of them the number, time and type at most",
  missed: "export: records were archived before they could be sent: the destination does not get them",
  unkept: "export: how far it has come could not be kept or read: records are sent again",
  left: "export: what was under way did not end in time at a stop, and is not waited for: it is sent again",
  "given up":
    "export: the destination is more than hold_back behind: retention no longer keeps these records for it",
} as const;
