import type { Clock } from "../kernel/clock.ts";
import { MayflyError } from "../kernel/errors.ts";
import type { AuditIndex, AuditReader } from "./index-port.ts";
import { createProver } from "./proofs.ts";
import { startIndexer } from "./indexer.ts";
import type { OpenedAuditLog } from "./open.ts";
import { recordReader, type RecordReader } from "./record-reader.ts";

/** What the reader is made of. */
export interface AuditReaderParts {
  readonly opened: OpenedAuditLog;
  readonly index: AuditIndex;
  readonly clock: Clock;
  readonly onProblem?: (message: string) => void;
}

/** The log's reading side, with the indexer behind it. */
export interface OpenedAuditReader extends AuditReader, Pick<RecordReader, "scan"> {
  /** Empties the index and builds it again from the files. */
  rebuild(): Promise<void>;
  /** Stops the indexer. Before the index and the log are closed. */
  close(): Promise<void>;
}

/** Makes the log's reading side and starts its indexer, which catches up by itself. */
export function createAuditReader(parts: AuditReaderParts): OpenedAuditReader {
  const { opened, index, clock, onProblem } = parts;
  const reader = recordReader(opened.folder, opened.written);
  const indexer = startIndexer({
    clock,
    index,
    reader,
    written: opened.written,
    first: opened.first,
    ...(onProblem === undefined ? {} : { onProblem }),
  });
  const prover = createProver(opened.folder);

  async function checkpoint(): Promise<string> {
    if (opened.checkpoint() === undefined) await opened.checkpointNow();
    const newest = opened.checkpoint();
    if (newest === undefined)
      throw new MayflyError("no_checkpoint", "the audit log has no checkpoint yet", {
        status: 503,
        hint: "ask again in a moment",
      });
    return newest;
  }

  return {
    async search(query) {
      await indexer.caughtUp();
      return index.search(query);
    },
    async usage(from) {
      await indexer.caughtUp();
      return index.usage(from);
    },
    async actsOf(grants) {
      await indexer.caughtUp();
      return index.actsOf(grants);
    },
    async proofs(before, limit) {
      return prover.prove(await checkpoint(), before, limit);
    },
    read: (seq, limit) => reader.read(seq, limit),
    scan: (seq, limit, wanted) => reader.scan(seq, limit, wanted),
    checkpoint,
    get verifierKey() {
      return opened.verifierKey;
    },
    rebuild: () => indexer.rebuild(),
    async close() {
      await indexer.close();
      await prover.close();
    },
  };
}
