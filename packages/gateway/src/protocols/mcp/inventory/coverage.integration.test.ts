// tier: full
import { expect, test } from "vitest";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { scopeSchema } from "../scope.ts";
import { judgeOf } from "./judge.ts";
import { likenessOf } from "./likeness.ts";
import { propose } from "./propose.ts";
import { mcpSources } from "./sources.ts";
import { type Recording, recordWork } from "./testing/crm-work.ts";
import { call, message, reading } from "./testing/seen.ts";

interface Act {
  readonly act: string;
  readonly by: string;
}

async function* text(lines: readonly string[]): AsyncGenerator<string> {
  yield await Promise.resolve(`${lines.join("\n")}\n`);
}

/** What the sources' readers find in recordings. */
async function actsIn(
  recordings: readonly Recording[],
): Promise<{ readonly acts: readonly Act[]; readonly failed: number }> {
  const acts: Act[] = [];
  let failed = 0;
  for (const { lines } of recordings) {
    const source = mcpSources.find(({ recognizes }) => recognizes(lines.slice(0, 20).join("\n")));
    for await (const found of source?.read(text(lines)) ?? []) {
      if (found.kind === "act") acts.push(found.act);
      else if (found.kind === "failed") failed += 1;
      else throw new Error(`line ${found.line}: ${found.why}`);
    }
  }
  return { acts, failed };
}

/** Messages that are alike, counted. */
const counted = (acts: readonly Act[]): readonly SeenActs[] =>
  [...Map.groupBy(acts, ({ act }) => likenessOf(act)).values()].map((all) => {
    const by = new Map<string, number>();
    for (const each of all) by.set(each.by, (by.get(each.by) ?? 0) + 1);
    return { act: all[0]?.act ?? "", times: all.length, by };
  });

test.each([{ source: "the recording alone" }, { source: "the recording and tools/list" }])(
  "$source: one half of four agents' work proposes what covers the other half",
  async ({ source }) => {
    const recordings = await recordWork(20_261_202, 400);
    const { acts, failed } = await actsIn(recordings);
    const structure = source.endsWith("tools/list") ? recordings[0]?.tools : undefined;
    expect(acts.length).toBeGreaterThan(1100);
    // An id of which there is none was answered so.
    expect(failed).toBeGreaterThan(0);
    const mined = acts.filter((_, at) => at % 2 === 0);
    const rest = acts.filter((_, at) => at % 2 === 1);
    const { operations, apart, freely } = propose(counted(mined), {
      minSeen: 1,
      taken: [],
      ...(structure === undefined ? {} : { structure }),
    });
    expect(operations.map(({ name, risk }) => `${name} ${risk}`).toSorted()).toEqual([
      "add-comment medium",
      "close-ticket medium",
      "create-ticket medium",
      "fetch-page low",
      "get-prompts low",
      "get-ticket low",
      "read-customers low",
      "read-orders low",
      "read-report low",
      "read-resources-of-crm-orders low",
      "reopen-ticket medium",
    ]);
    expect(apart.map(({ reason, examples }) => [reason, examples])).toEqual([
      [
        "it runs what it is told; the argument sql is a program, and may do whatever the server can",
        ["run_sql(sql)"],
      ],
    ]);
    expect(freely.times).toBeGreaterThan(0);
    const judge = judgeOf(
      operations.map(({ name, scope }) => ({ name: `crm/${name}`, scope: scopeSchema.parse(scope) })),
      {},
    );
    const asked = rest.filter(({ by }) => by !== "stray-bot");
    const covered = asked.filter(({ act }) => judge(act).kind === "permit");
    expect(covered.length / asked.length).toBeGreaterThanOrEqual(0.97);
    // What nobody did is not covered.
    for (const act of [
      call("run_sql", { sql: "select 1" }),
      call("delete_customer", { id: 7 }),
      call("manage_ticket", { id: 7, action: "delete" }),
      call("add_comment", { id: 7, text: "hello", internal: false }),
      call("get_order", { id: 7, include: "payments" }),
      call("get_order", { id: "7" }),
      call("list_orders", { status: "all" }),
      call("read_report", { path: "/srv/reports/../../etc/passwd" }),
      call("read_report", { path: "/srv/payroll/2026.csv" }),
      call("fetch_page", { url: "http://169.254.169.254/latest/meta-data" }),
      call("fetch_page", { url: "https://docs.example.com/admin" }),
      reading("crm://customers/7"),
      reading("crm://orders/../customers/7"),
      message("prompts/get", { name: "system" }),
      message("logging/setLevel", { level: "debug" }),
    ])
      expect([act, judge(act).kind]).toEqual([act, "deny"]);
  },
);
