import type { ReadRecords } from "../../audit/index/port.ts";

/** For an index that holds no acts but those that say all of it themselves: nothing is read from a log. */
export const fromNoLog: ReadRecords = (seqs) =>
  seqs.length === 0
    ? Promise.resolve([])
    : Promise.reject(new Error(`${seqs.length} records were to be read from a log`));
