import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { segmentFile } from "@mayfly/audit-verifier";
import { boundedMap } from "../../kernel/bounded-map.ts";
import { recordReader, type RecordReader } from "../index/record-reader.ts";
import { firstKey } from "../keys.ts";
import { readPayload } from "../read-payload.ts";
import { droppedRecords } from "../retention/dropped.ts";
import type { OnDisk } from "./search-log.ts";

/** A log's reader, which knows where it has read, for as long as the log's files are these. */
interface Kept {
  readonly files: string;
  readonly reader: RecordReader;
  /** The number of the first record that is not written yet, as the last asker knew. */
  written: number;
}

/** Logs whose readers are kept: more than a machine has workers. */
const MAX_KEPT_READERS = 64;

/**
 * Reads logs of this machine that other processes write, or wrote: records are only ever added to them, and those that the
 * store's index has are written.
 * @param folders where they are
 */
export function logsOnDisk(folders: () => readonly string[]): (log: string) => OnDisk | undefined {
  const kept = boundedMap<Kept>(MAX_KEPT_READERS);

  function readerOf(folder: string, written: number): RecordReader {
    const files = [...namesIn(join(folder, "dropped")), ...namesIn(join(folder, "records"))].join();
    const known = kept.get(folder);
    if (known?.files === files) {
      known.written = Math.max(known.written, written);
      return known.reader;
    }
    // A stub lies beside its file for as long as the archive's bucket is away.
    const dropped = droppedRecords(folder, ({ first }) => !existsSync(join(folder, segmentFile(first))));
    const made: Kept = { files, written, reader: recordReader(folder, () => made.written, dropped) };
    kept.set(folder, made);
    return made.reader;
  }

  return (log) => {
    const folder = folders().find((each) => firstKey(each) === log);
    if (folder === undefined) return undefined;
    return {
      readEach: (seqs, written) => readerOf(folder, written).readEach(seqs),
      payload: (digest) => readPayload(folder, digest),
    };
  };
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}
