import { holdFor } from "../../audit/retention/holds.ts";
import { shareHolds } from "../../audit/retention/shared-holds.ts";
import { startRetention } from "../../audit/retention/retention.ts";
import { uploadsTo } from "../../audit/retention/uploads.ts";
import type { Configuration } from "../../configuration/types.ts";
import { holdsFolder, watchHolds } from "../retention/hold-spool.ts";
import type { Boot } from "./boot.ts";
import type { Records } from "./records.ts";

interface RetainParts extends Pick<Records, "store" | "audit" | "reader" | "exports"> {
  /** Where the other logs of this gateway are: what their holds keep stays in the store, which they share. */
  readonly others: () => readonly string[];
}

/** Archives and drops what the configuration says, with what stands of it in the store. Holds are recorded at any rate. */
export function retain(
  { clock, logger, onStop }: Boot,
  { dataFolder, audit: { name, retention: rules } }: Configuration,
  { store, audit, reader, exports, others }: RetainParts,
): void {
  const onProblem = (message: string): void => logger.error({ problem: message }, "retention");
  const { holds: shared } = store;
  const spool = watchHolds({
    folder: holdsFolder(dataFolder),
    log: audit.log,
    clock,
    onProblem,
    ...(shared === undefined ? {} : { sharing: shareHolds(shared, audit.id, reader) }),
  });
  onStop(() => spool.close());
  if (rules === undefined) return;
  const index = store.index(audit.id);
  const retention = startRetention({
    opened: audit,
    rules,
    archive: rules.archive,
    ...(rules.bucket === undefined
      ? {}
      : { uploads: uploadsTo(rules.bucket, { archive: rules.archive, log: name, clock }) }),
    clock,
    onProblem,
    recordHolds: () => spool.record(),
    holdsRecorded: () => spool.recorded(),
    ...(shared === undefined ? {} : { sharedHolds: () => shared.all() }),
    others,
    async unread() {
      const agreed = await store.grants.progress(audit.id);
      return Math.min((await index.last()) + 1, agreed?.position ?? 0, exports.heldFrom());
    },
    forget: ({ first, count, carried }) =>
      index.forget(
        first,
        first + count,
        carried.map(({ seq }) => seq),
      ),
    onDropped({ first, count, ...stub }) {
      logger.info({ records: count, first, from: stub.from, to: stub.to }, "archived and dropped");
    },
    async onDone(before, known) {
      const { grants, requests } = await store.forgetEnded(
        // A record's time may be of a clock that was ahead.
        Math.min(before, clock.wall()),
        async () => {
          // What came since is asked of the store alone.
          const holds = [...known, ...((await shared?.all()) ?? [])];
          return (about) => holdFor(holds, about) !== undefined;
        },
      );
      if (grants + requests > 0) logger.info({ grants, requests }, "forgot what had ended");
    },
  });
  onStop(() => retention.close());
}
