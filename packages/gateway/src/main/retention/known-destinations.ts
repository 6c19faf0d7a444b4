import { cursorFile } from "../../export/cursor-file.ts";
import { filesFrom, heldFrom, type HeldFile } from "../../export/held-from.ts";
import type { ExportSettings } from "../../kernel/export-settings.ts";

/** How far a destination of the export has got, by what is kept of it on the disk. */
export interface KnownDestination {
  readonly name: string;
  /** The first record that it has not got. */
  readonly next: number;
  /** How many records it has not got. */
  readonly waiting: number;
  /** Retention leaves files with a record of this number or a later one for it. */
  readonly from: number;
}

/**
 * Reads how far each destination has got. None of them is asked.
 * @param log.folder where that is kept
 * @param log.log the log's id
 * @param log.files those of the log, oldest first
 * @param log.end how many records the log has
 */
export function destinationsOf(
  { destinations, holdBack }: ExportSettings,
  log: {
    readonly folder: string;
    readonly log: string;
    readonly files: readonly HeldFile[];
    readonly end: number;
  },
): Promise<readonly KnownDestination[]> {
  return Promise.all(
    destinations.map(async ({ name, from }) => {
      // What cannot be read is sent again from the beginning, as the gateway does.
      const kept = await cursorFile(log.folder, name)
        .read(log.log)
        .catch(() => 0);
      const next = Math.min(kept ?? (from === "now" ? log.end : 0), log.end);
      return {
        name,
        next,
        waiting: log.end - next,
        from: heldFrom(next, filesFrom(log.files, next), holdBack).from,
      };
    }),
  );
}
