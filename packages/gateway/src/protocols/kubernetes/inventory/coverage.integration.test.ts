// tier: full
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import type { SeenAct } from "../../../gate/inventory/seen.ts";
import { scopeSchema } from "../scope.ts";
import { kubernetesInventory } from "./inventory.ts";
import { atMetadata, startWorkedCluster, type WorkedCluster } from "./testing/kubectl-log.ts";

const { sources, likeness, propose, judge, shown } = kubernetesInventory;

let cluster: WorkedCluster;
let days: readonly (readonly string[])[];

beforeAll(async () => {
  cluster = await startWorkedCluster(20_261_202);
  days = await cluster.days(4);
}, 300_000);
afterAll(async () => {
  await cluster?.close();
});

/** The requests that a log tells of. */
async function actsOf(lines: readonly string[]): Promise<readonly SeenAct[]> {
  const log = lines.map((line) => `${line}\n`);
  const source = sources.find(({ recognizes }) => recognizes(log.slice(0, 100).join("")));
  expect(source?.format).toBe("kubernetes-audit");
  const acts: SeenAct[] = [];
  for await (const found of source?.read(pieces(log)) ?? []) {
    expect(found.kind).not.toBe("unread");
    if (found.kind === "act") acts.push(found.act);
  }
  return acts;
}

async function* pieces(log: readonly string[]): AsyncGenerator<string> {
  for (const line of log) yield await Promise.resolve(line);
}

/** Requests that are alike, counted. */
function counted(acts: readonly SeenAct[]): readonly SeenActs[] {
  return [...Map.groupBy(acts, ({ act }) => likeness(act)).values()].map((all) => ({
    act: all[0]?.act ?? "",
    times: all.length,
    by: new Map([...Map.groupBy(all, ({ by }) => by ?? "")].map(([by, some]) => [by, some.length])),
  }));
}

const proposed = (acts: readonly SeenAct[]) => propose(counted(acts), { minSeen: 1, taken: [] });

/** Whether the rules set a request apart, whatever came beside it. */
const isApart = (act: SeenAct): boolean => proposed([act]).apart.length > 0;

const EXEC = "/api/v1/namespaces/shop/pods/web-6d4cf56db6-x2x9p/exec?container=app&stdout=true&command";

/** What is like what was done, and was not. */
const neverDone = [
  "DELETE /api/v1/namespaces/shop/pods/db-0",
  "DELETE /apis/apps/v1/namespaces/shop/deployments/web",
  "DELETE /apis/batch/v1/namespaces/reports/jobs/billing-20261103",
  "GET /api/v1/namespaces/shop/secrets",
  "GET /api/v1/namespaces/shop/configmaps/other",
  "GET /api/v1/namespaces/staging/pods/web-6d4cf56db6-x2x9p/log",
  "GET /api/v1/namespaces/shop/pods/ledger-0/log",
  `GET ${EXEC}=cat&command=%2Fetc%2Fshadow\nupgrade: websocket`,
  `GET ${EXEC}=cat&command=%2Fvar%2Flog%2Fapp-..%2F..%2Fetc%2Fshadow\nupgrade: websocket`,
  `GET ${EXEC}=cat&command=%2Fvar%2Flog%2Fapp-2026-10-20.log&command=%2Fetc%2Fshadow\nupgrade: websocket`,
  `GET ${EXEC}=bash\nupgrade: websocket`,
];

describe.each([
  { level: "RequestResponse", lineOf: (line: string) => line },
  { level: "Metadata", lineOf: atMetadata },
])("at the level $level", ({ lineOf }) => {
  test("what kubectl did on every other day proposes what covers the days between", async () => {
    const half = (which: number): readonly string[] =>
      days.filter((_, at) => at % 2 === which).flatMap((lines) => lines.map(lineOf));
    const [mined, rest] = [await actsOf(half(0)), await actsOf(half(1))];
    expect(Math.min(mined.length, rest.length)).toBeGreaterThan(200);
    const { operations, apart } = proposed(mined);
    const judged = judge(
      operations.map(({ name, scope }) => ({ name: `shop/${name}`, scope: scopeSchema.parse(scope) })),
      {},
    );
    const asked = rest.filter((act) => !isApart(act));
    const missed = asked.filter(({ act }) => judged(act).kind === "deny");
    const share = 1 - missed.length / asked.length;
    expect(share, missed.map(({ act }) => shown(act)).join("\n")).toBeGreaterThanOrEqual(0.97);
    // Nothing that is for a person to decide came along with what is proposed.
    const setApart = rest.filter(isApart);
    expect(setApart.filter(({ act }) => judged(act).kind === "permit")).toEqual([]);
    expect(new Set(setApart.map(({ act }) => shown(act)))).toEqual(
      new Set([
        "deletecollection of pods in scratch",
        "kubectl exec web-*-* -n shop -- sh -c id",
        "kubectl exec web-*-* -n shop -i -- cat",
        "kubectl get secrets stripe -n shop",
        "kubectl port-forward web-*-* -n shop",
      ]),
    );
    expect(apart).toHaveLength(5);
    // Nobody reads more.
    expect(operations.length).toBeLessThan(25);
    for (const act of neverDone) expect([act, judged(act).kind]).toEqual([act, "deny"]);
  });
});
