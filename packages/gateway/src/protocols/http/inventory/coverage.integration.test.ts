// tier: full
import { expect, test } from "vitest";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { scopeSchema } from "../scope.ts";
import { judgeOf } from "./judge.ts";
import { likenessOf } from "./likeness.ts";
import { propose } from "./propose.ts";
import { httpSources } from "./sources.ts";
import { combinedLine, shopDocument, shopRequests } from "./testing/shop-api.ts";

const LINES = 100_000;

/** The requests of a log, every other one in each half. */
async function halves(): Promise<readonly [readonly string[], readonly string[]]> {
  const next = shopRequests(20_261_202);
  const log = Array.from({ length: LINES }, () => `${combinedLine(next(), "shop-agent")}\n`);
  const source = httpSources.find(({ recognizes }) => recognizes(log.slice(0, 100).join("")));
  const acts: string[] = [];
  for await (const found of source?.read(pieces(log)) ?? [])
    if (found.kind === "act") acts.push(found.act.act);
  return [acts.filter((_, at) => at % 2 === 0), acts.filter((_, at) => at % 2 === 1)];
}

async function* pieces(log: readonly string[]): AsyncGenerator<string> {
  for (let at = 0; at < log.length; at += 1000)
    yield await Promise.resolve(log.slice(at, at + 1000).join(""));
}

/** Requests that are alike, counted. */
function counted(acts: readonly string[]): readonly SeenActs[] {
  return [...Map.groupBy(acts, likenessOf).values()].map((all) => ({
    act: all[0] ?? "",
    times: all.length,
    by: new Map([["shop-agent", all.length]]),
  }));
}

test.each([
  { source: "the log alone", structure: undefined },
  { source: "the log and the document", structure: JSON.stringify(shopDocument) },
])("$source: one half of 100,000 lines proposes what covers the other half", async ({ structure }) => {
  const [mined, rest] = await halves();
  expect(mined.length + rest.length).toBeGreaterThan(0.95 * LINES);
  const { operations, apart } = propose(counted(mined), {
    minSeen: 1,
    taken: [],
    ...(structure === undefined ? {} : { structure }),
  });
  const judge = judgeOf(
    operations.map(({ name, scope }) => ({ name: `shop/${name}`, scope: scopeSchema.parse(scope) })),
    {},
  );
  const covered = rest.filter((act) => judge(act).kind === "permit").length;
  expect(covered / rest.length).toBeGreaterThanOrEqual(0.97);
  expect(apart).toEqual([]);
  // Nobody reads more, and no template takes whatever comes.
  expect(operations.length).toBeLessThan(30);
  for (const { scope } of operations) {
    const requests = scope["requests"] as readonly string[];
    expect(requests.filter((request) => request.includes("**"))).toEqual([]);
  }
  // What the log does not have is not covered.
  for (const act of [
    "DELETE /v1/customers/42",
    "GET /v1/payments",
    "POST /v1/customers",
    "GET /v1/orders/7/lines/8",
    "GET /v1/orders/7?expand=customer",
    "GET /v1/users/jane/keys",
    "GET /v2/orders/7",
    "GET /v1/orders/../customers",
  ])
    expect([act, judge(act).kind]).toEqual([act, "deny"]);
});
