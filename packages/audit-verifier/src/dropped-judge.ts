import type { RecordLine } from "./line.ts";
import type { Problem } from "./report.ts";
import type { Stub } from "./stub.ts";

/** The type of the record that says that a file was dropped. */
export const DROP_RECORD = "log.segment_dropped";

/** Compares what is gone from a log with what its records say was dropped. */
export interface DroppedJudge {
  /** A record, read or kept. */
  record(record: RecordLine): void;
  /** A file that is gone, and what stands for it. */
  gone(file: string, stub: Stub): void;
  /** The log is read: what is gone without a record of it is reported. */
  /** @param covered how many records the newest checkpoint covers: what no key has signed for says nothing */
  end(report: (problem: Problem) => void, covered: number): void;
}

export function droppedJudge(): DroppedJudge {
  /** By the number of the first record: the file's SHA-256. */
  const said = new Map<unknown, { readonly sha256: unknown; readonly seq: number }>();
  const gone: { readonly file: string; readonly stub: Stub }[] = [];
  return {
    record({ type, detail, seq }) {
      if (type !== DROP_RECORD) return;
      const { first, sha256 } = (detail ?? {}) as { readonly first?: unknown; readonly sha256?: unknown };
      said.set(first, { sha256, seq });
    },
    gone(file, stub) {
      if (stub.kept !== true) gone.push({ file, stub });
    },
    end(report, covered) {
      for (const { file, stub } of gone) {
        const drop = said.get(stub.first);
        if (drop?.sha256 === stub.sha256 && drop.seq < covered) continue;
        const records = `records ${stub.first} to ${stub.first + stub.count - 1} are gone`;
        report({
          file,
          message:
            drop?.sha256 === stub.sha256
              ? `${records}, and no checkpoint covers the record that says that this file of them was dropped`
              : `${records}, but no record of the log says that this file of them was dropped`,
          hint: "put the file back from the archive or a copy",
        });
      }
    },
  };
}
