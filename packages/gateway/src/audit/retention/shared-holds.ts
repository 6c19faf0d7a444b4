import type { AuditReader } from "../index/port.ts";
import type { RecordType } from "../records.ts";
import { type Hold, recordedHolds, type RecordedHolds } from "./holds.ts";

/** The holds in force in all logs of the gateways that share a store. */
export interface SharedHolds {
  all(): Promise<readonly Hold[]>;
  /** Adds one of a log's; one that is there stays. */
  add(log: string, hold: Hold): Promise<void>;
  /** Has a log's be as it records them; one that it says nothing of stays: the record may be what was lost of it. */
  keep(log: string, recorded: RecordedHolds): Promise<void>;
  /** Takes one from logs that were given up, and from those that the store knows no more: nobody else can lift it there. */
  takeFromGone(hold: string): Promise<void>;
}

/** Tells other gateways of this log's holds. */
export interface HoldSharing {
  /** One is about to be recorded: whoever asks from now on obeys it. */
  add(hold: Hold): Promise<void>;
  /** Tells of all as they are recorded: of those that an earlier run has, and no more of those that were lifted. */
  tellAll(): Promise<void>;
  /** One was lifted here: it is no more in logs that are gone, whose gateways cannot lift it. */
  lifted(hold: string): Promise<void>;
}

const HOLD_TYPES: readonly RecordType[] = ["log.hold_placed", "log.hold_lifted"];
/** Records a page. */
const PAGE_RECORDS = 1000;

/** Makes it. @param own the id of this gateway's log */
export function shareHolds(
  shared: SharedHolds,
  own: string,
  reader: Pick<AuditReader, "search">,
): HoldSharing {
  return {
    add: (hold) => shared.add(own, hold),
    lifted: (hold) => shared.takeFromGone(hold),
    tellAll: async () => shared.keep(own, await recordedIn(reader)),
  };
}

/** @throws Error while the index is behind the log: a hold that is not found there is not lifted */
async function recordedIn(reader: Pick<AuditReader, "search">): Promise<RecordedHolds> {
  const lines: string[] = [];
  for (let before: number | undefined; ;) {
    const { records, isBehind } = await reader.search({
      types: HOLD_TYPES,
      limit: PAGE_RECORDS,
      ...(before === undefined ? {} : { before }),
    });
    if (isBehind) throw new Error("the index does not have all holds yet");
    lines.push(...records.map((record) => JSON.stringify(record)));
    if (records.length < PAGE_RECORDS) return recordedHolds(lines.toReversed());
    before = records.at(-1)?.seq;
  }
}
