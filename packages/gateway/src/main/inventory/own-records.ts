import { statSync } from "node:fs";
import { join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import { recordReader } from "../../audit/index/record-reader.ts";
import { readPayload } from "../../audit/read-payload.ts";
import { droppedRecords } from "../../audit/retention/dropped.ts";
import type { AuditRecord } from "../../audit/records.ts";
import type { Inventory } from "../../gate/inventory/inventory.ts";
import type { Found, SeenAct } from "../../gate/inventory/seen.ts";
import { MayflyError } from "../../kernel/errors.ts";

/** How many records are read at a time. */
const STEP = 1000;

/** What a kind of connection says of its records. */
export type Recording = Pick<Inventory<unknown>, "act" | "recorded">;

/** Whether a path is the folder of an audit log of Mayfly's own. */
export function isOwnLog(path: string): boolean {
  try {
    return statSync(join(path, "records")).isDirectory();
  } catch {
    // Whoever opens it says what is wrong with the path.
    return false;
  }
}

/**
 * What agents did through a connection, as this gateway's own audit log says it: all that was permitted, whatever came of it
 * (a text may fail behind a COMMIT in it). What was denied is told as failed.
 * @param folder of the log
 * @param recording of the connection's kind
 * @param told how far it is, from 0 to 1
 * @throws MayflyError when a record cannot be read
 */
export async function* ownActs(
  folder: string,
  connection: string,
  recording: Recording,
  told: (share: number) => void,
): AsyncGenerator<Found> {
  const [first] = segmentsOf(folder);
  const last = segmentsOf(folder).at(-1);
  const reader = recordReader(folder, () => Infinity, droppedRecords(folder));
  let expected = first?.first ?? 0;
  for (let seq = first?.first ?? 0; ;) {
    const { records, next } = await reader.readWithOpenings(seq, STEP).catch((error: unknown) => {
      throw new MayflyError("unreadable_log", `${folder}: what follows on record ${seq} cannot be read`, {
        hint: "mayfly audit verify says what is wrong with it",
        cause: error,
      });
    });
    for (const record of records) {
      if (record.seq !== expected)
        yield {
          kind: "unread",
          line: record.seq,
          why: `records are missing before record ${record.seq}: archived, or removed`,
        };
      expected = record.seq + 1;
      if (record.type !== "act.denied" && record.type !== "act.intent") continue;
      if (record.connection === undefined)
        yield {
          kind: "unread",
          line: record.seq,
          why: "the record that opened its session is missing, which says where it was done: archived, or removed",
        };
      if (record.connection !== connection) continue;
      if (record.type === "act.denied") yield { kind: "failed" };
      else {
        const act = await actOf(record, folder, recording);
        if (act === undefined) continue;
        yield "why" in act ? { kind: "unread", line: record.seq, why: act.why } : { kind: "act", act };
      }
    }
    if (next === seq) break;
    seq = next;
    told(last === undefined ? 1 : Math.min(1, seq / (last.first + 1)));
  }
}

/** The act of an intent; undefined: it is another kind of act, which needs nothing of a scope by itself. */
async function actOf(
  record: AuditRecord,
  folder: string,
  recording: Recording,
): Promise<SeenAct | { readonly why: string } | undefined> {
  const { act, repeats } = record.detail as { readonly act?: unknown; readonly repeats?: number };
  const said =
    typeof act === "object" && act !== null
      ? recording.recorded(act as Readonly<Record<string, unknown>>)
      : undefined;
  if (said === undefined)
    // Of an act that repeats another, that one says what was done.
    return repeats === undefined ? undefined : { why: `record ${repeats}, which it repeats, is missing` };
  if ("why" in said) return said;
  const text = "act" in said ? said.act : await kept(said.payload, folder, recording.act);
  if (typeof text !== "string") return text;
  const by = record.principal?.name ?? "";
  return { act: text, by, at: Date.parse(record.time), times: 1 };
}

/** A text that is kept beside the log. */
async function kept(digest: string, folder: string, act: string): Promise<string | { readonly why: string }> {
  try {
    const bytes = await readPayload(folder, digest);
    return bytes?.toString("utf8") ?? { why: `the ${act}'s text was erased` };
  } catch (error) {
    return { why: error instanceof Error ? error.message : `the ${act}'s text cannot be read` };
  }
}
