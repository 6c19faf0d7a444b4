import type { Clock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import type { AuditIndex, AuditReader } from "./port.ts";
import { createProver } from "../tree/proofs.ts";
import { readPayload } from "../read-payload.ts";
import { startIndexer } from "./indexer.ts";
import type { OpenedAuditLog } from "../opened.ts";
import { recordReader, type RecordReader } from "./record-reader.ts";

/** Keys that are followed; a log has a few in its life. */
const MAX_ROTATIONS = 1000;

/** What the reader is made of. */
export interface AuditReaderParts {
  readonly opened: OpenedAuditLog;
  readonly index: AuditIndex;
  readonly clock: Clock;
  readonly onProblem?: (message: string) => void;
}

/** The log's reading side, with the indexer behind it. */
export interface OpenedAuditReader extends AuditReader, Pick<RecordReader, "scan" | "readEach"> {
  /** Waits until the index holds every record written before the call, two seconds at most. */
  caughtUp(): Promise<boolean>;
  /** Empties the index and builds it again from the files. */
  rebuild(): Promise<void>;
  /** Stops the indexer. Before the index is closed. */
  close(): Promise<void>;
}

/** Makes the log's reading side and starts its indexer, which catches up by itself. */
export function createAuditReader(parts: AuditReaderParts): OpenedAuditReader {
  const { opened, index, clock, onProblem } = parts;
  const reader = recordReader(opened.folder, opened.written, opened.dropped);
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

  /** The records that say of the dropped files in a range that these were dropped. */
  async function dropsOf(from: number, to: number): Promise<readonly number[]> {
    const gone = opened.dropped.within(from, to);
    if (gone.length > 0) await indexer.caughtUp();
    const found = await Promise.all(
      gone.map(({ sha256 }) =>
        index.search({ types: ["log.segment_dropped"], text: sha256, limit: 1 }, (seqs) =>
          reader.readEach(seqs),
        ),
      ),
    );
    return found.flat().map(({ seq }) => seq);
  }

  return {
    async search(query, signal) {
      const isBehind = !(await unlessAborted(indexer.caughtUp(query.before), signal));
      const records = await index.search(query, (seqs) => {
        signal?.throwIfAborted();
        return reader.readEach(seqs);
      });
      return { records, isBehind };
    },
    async usage(from) {
      await indexer.caughtUp();
      return index.usage(from);
    },
    async hours(from) {
      await indexer.caughtUp();
      return index.hours(from);
    },
    async counts(from, types) {
      await indexer.caughtUp();
      return index.counts(from, types);
    },
    async actsOf(grants) {
      await indexer.caughtUp();
      return index.actsOf(grants);
    },
    async proofs(before, limit) {
      return prover.prove(await checkpoint(), before, limit, dropsOf);
    },
    async rotations() {
      await indexer.caughtUp();
      const found = await index.search({ types: ["log.key_rotated"], limit: MAX_ROTATIONS }, (seqs) =>
        reader.readEach(seqs),
      );
      return found.toReversed().flatMap(({ detail }) => {
        const { note } = (detail ?? {}) as { readonly note?: unknown };
        return typeof note === "string" ? [note] : [];
      });
    },
    get end() {
      return opened.written();
    },
    get archived() {
      return opened.dropped.total;
    },
    read: (seq, limit) => reader.read(seq, limit),
    scan: (seq, limit, wanted) => reader.scan(seq, limit, wanted),
    readEach: (seqs) => reader.readEach(seqs),
    payload: (digest) => readPayload(opened.folder, digest),
    checkpoint,
    get verifierKey() {
      return opened.verifierKey;
    },
    caughtUp: () => indexer.caughtUp(),
    rebuild: () => indexer.rebuild(),
    async close() {
      await indexer.close();
      await prover.close();
    },
  };
}

/** Waits for what goes on by itself, no longer than somebody wants it. */
async function unlessAborted<T>(waited: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return waited;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([waited, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
