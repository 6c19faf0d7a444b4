import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditQuery } from "../audit/index/port.ts";
import type { AuditRecord } from "../audit/records.ts";
import { grantModel } from "../grants/states.ts";
import { openStore, type Store } from "./store.ts";

// Many sessions at once, indexed a few records at a time: runs overlap, and there are more of them than a page holds.

const SESSIONS = 7;
const BATCH = 10;
const TYPES = ["act.intent", "act.outcome", "act.intent", "act.denied"] as const;
const folder = mkdtempSync(path.join(tmpdir(), "mayfly-act-search-"));
const openings = new Map<number, number>();
const records: AuditRecord[] = [];
for (let seq = 0; seq < 4000; seq += 1) {
  const session = seq % SESSIONS;
  const type =
    seq < SESSIONS ? "session.opened" : (TYPES[Math.floor(seq / SESSIONS) % 4] as (typeof TYPES)[number]);
  if (seq >= SESSIONS) openings.set(seq, session);
  records.push({
    seq,
    time: new Date(1_764_000_000_000 + seq * 10).toISOString(),
    type,
    session: `ses_${session}`,
    grant: `gr_${session}`,
    connection: "orders-db",
    operations: ["read-orders"],
    principal: { kind: "agent", issuer: "https://i", subject: `sub_${session}`, name: `bot ${session}` },
    detail: type === "act.intent" ? { act: { sql: `select ${seq}` }, decision: "permit" } : {},
  });
}
let store: Store;
/** How many records were read from the log. */
let reads = 0;

beforeAll(async () => {
  store = await openStore({ kind: "sqlite", file: path.join(folder, "store.db") }, grantModel);
  const index = store.index("log");
  for (let at = 0; at < records.length; at += BATCH)
    await index.insert(records.slice(at, at + BATCH), openings);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

async function found(query: Partial<AuditQuery>): Promise<number[]> {
  const read = (seqs: readonly number[]): Promise<AuditRecord[]> => {
    reads += seqs.length;
    return Promise.resolve(seqs.map((seq) => records[seq] as AuditRecord));
  };
  return (await store.index("log").search({ limit: 10_000, ...query }, read)).map(({ seq }) => seq);
}
const those = (wanted: (record: AuditRecord) => boolean): number[] =>
  records
    .filter(wanted)
    .map(({ seq }) => seq)
    .toReversed();

test.each<[string, Partial<AuditQuery>, (record: AuditRecord) => boolean]>([
  ["everything", {}, () => true],
  ["a session's", { session: "ses_3" }, ({ session }) => session === "ses_3"],
  ["a type's", { types: ["act.denied"] }, ({ type }) => type === "act.denied"],
  ["denials", { decision: "deny" }, ({ type }) => type === "act.denied"],
  ["a time's", { from: 1_764_000_005_000, to: 1_764_000_007_005 }, ({ seq }) => seq >= 500 && seq <= 700],
  ["a word's", { text: "SELECT 1234" }, ({ seq }) => seq === 1234],
  ["those below a number", { before: 333, grant: "gr_5" }, ({ seq, grant }) => seq < 333 && grant === "gr_5"],
  ["nobody's", { principal: "bot 9" }, () => false],
])("finds %s records, newest first", async (_, query, wanted) => {
  expect(await found(query)).toEqual(those(wanted));
});

test("pages join without a gap or a repetition, and read no more than they show", async () => {
  const pages: number[] = [];
  reads = 0;
  for (let before = records.length; before > 0; before = pages.at(-1) ?? 0) {
    const page = await found({ before, limit: 97 });
    expect(page.length).toBeLessThanOrEqual(97);
    pages.push(...page);
  }
  expect(pages).toEqual(those(() => true));
  expect(reads).toBe(records.length - SESSIONS);
});

test("counts the acts of grants", async () => {
  const of = (type: string): number =>
    records.filter((one) => one.grant === "gr_2" && one.type === type).length;
  expect(await store.index("log").actsOf(["gr_2"])).toEqual(
    new Map([["gr_2", { acts: of("act.intent"), denied: of("act.denied") }]]),
  );
});
