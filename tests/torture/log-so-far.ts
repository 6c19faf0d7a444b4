import path from "node:path";
import { linesOf, segmentsOf } from "@mayfly/audit-verifier";

/** What the log says, read on from where it was read last. */
export interface LogSoFar {
  /** Marks in intents. */
  readonly marks: Set<string>;
  /** Ids that records of a type name: `request.created` has requests, `grant.released` grants. */
  ids(type: string): ReadonlySet<string>;
  /** How many records there are. */
  readonly records: number;
  /** The newest lines, oldest first, at most a hundred. */
  readonly newest: readonly string[];
  /** Reads what has been written since. @throws Error when records do not follow each other */
  readOn(): void;
}

export function logSoFar(folder: string): LogSoFar {
  const marks = new Set<string>();
  const byType = new Map<string, Set<string>>();
  let place = { file: "", offset: 0 };
  let records = 0;
  let newest: string[] = [];

  function take(text: string): void {
    const record = JSON.parse(text) as {
      readonly seq: number;
      readonly type: string;
      readonly request?: string;
      readonly grant?: string;
    };
    if (record.seq !== records) throw new Error(`record ${records} is missing: ${record.seq} follows`);
    records += 1;
    newest = [...newest.slice(-99), text];
    if (record.type === "act.intent")
      for (const [mark] of text.matchAll(/torture-\w+-\d+-\d+/g)) marks.add(mark);
    let ids = byType.get(record.type);
    if (ids === undefined) byType.set(record.type, (ids = new Set()));
    const id = record.type.startsWith("grant.") ? record.grant : record.request;
    if (id !== undefined && !record.type.startsWith("act.")) ids.add(id);
  }

  return {
    marks,
    ids: (type) => byType.get(type) ?? new Set(),
    get records() {
      return records;
    },
    get newest() {
      return newest;
    },
    readOn() {
      for (const { file } of segmentsOf(folder)) {
        if (file < place.file) continue;
        const from = file === place.file ? place.offset : 0;
        let end = from;
        for (const line of linesOf(path.join(folder, file), Infinity, from)) {
          if (!line.ended) break;
          take(line.bytes.toString("utf8"));
          end = line.offset + line.bytes.length + 1;
        }
        place = { file, offset: end };
      }
    },
  };
}
