import type { AuditLog } from "../audit/log.ts";
import type { RecordContext } from "../audit/records.ts";
import { deniedDetail } from "./denials.ts";
import type { Outcome } from "./gate.ts";
import { outcomeDetail } from "./outcome-detail.ts";
import type { Permit } from "./permit.ts";
import type { Denial } from "./protocol.ts";

/** Writes the records of one session's acts. Everything throws what the log throws. */
export interface ActRecords<Cover> {
  /**
   * @param detail the act, canonical JSON
   * @param repeats the permit of an earlier act that this one says only the difference to
   * @returns the record's number
   */
  intent(detail: string, operation: string, repeats: Permit<Cover> | undefined): number;
  /** @param leftOut how many denied acts before it have no record */
  denial(denial: Denial, detail: string, leftOut: number, repeats: Permit<Cover> | undefined): void;
  outcome(intent: number, outcome: Outcome): void;
  /** When the last was written, milliseconds since the epoch. */
  readonly at: number;
  /** What the last takes, bytes. */
  readonly bytes: number;
}

/** @param opened number of the session's opening record; @param context what that one says */
export function createActRecords<Cover>(
  log: AuditLog,
  opened: number,
  context: RecordContext,
): ActRecords<Cover> {
  const records = log.writer(opened);
  const ends = new Map<string, string>();

  /**
   * The constant end of an intent's detail, once an operation: its place in the opening record's list. A session's only
   * operation need not be named.
   */
  const permitted = (operation: string): string => {
    let text = ends.get(operation);
    if (text === undefined) {
      const { connection = "", operations = [] } = context;
      const name = operation.startsWith(`${connection}/`)
        ? operation.slice(connection.length + 1)
        : operation;
      const at = operations.indexOf(name);
      const isOnly = operations.length === 1 && at === 0;
      // An act that several operations cover together names them all, each with its connection.
      text = isOnly ? "}" : `,"operation":${at < 0 ? JSON.stringify(operation) : at}}`;
      ends.set(operation, text);
    }
    return text;
  };

  /** The end of the detail of an act that says only how it differs from an earlier one. */
  const repeating = (earlier: Permit<Cover>, operation: string): string => {
    // The operation of the earlier act is this one's too, unless another is named.
    const named = operation === earlier.operation ? "" : permitted(operation).slice(0, -1);
    return `${named},"repeats":${earlier.intent}}`;
  };

  return {
    intent(detail, operation, repeats) {
      const end = repeats === undefined ? permitted(operation) : repeating(repeats, operation);
      return records.append("act.intent", `{"act":${detail}${end}`);
    },
    denial({ message, rule }, detail, leftOut, repeats) {
      const before = leftOut === 0 ? "" : `"left_out_before":${leftOut},`;
      const earlier = repeats === undefined ? "" : `"repeats":${repeats.intent},`;
      records.append(
        "act.denied",
        `{"act":${deniedDetail(detail)},"decision":"deny",${before}"message":${JSON.stringify(message)},${earlier}"rule":${JSON.stringify(rule)}}`,
      );
    },
    outcome(intent, outcome) {
      records.append("act.outcome", outcomeDetail(intent, outcome));
    },
    get at() {
      return records.at;
    },
    get bytes() {
      return records.bytes;
    },
  };
}
