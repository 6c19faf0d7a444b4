import { expect, test } from "vitest";
import { corpusCases } from "../../../gate/inventory/testing/corpus.ts";
import { type KubernetesScope, scopeSchema } from "../scope.ts";
import { trial } from "../trial.ts";
import { propose } from "./propose.ts";
import { seen } from "./testing/seen.ts";

/** No log says which labels a pod has, so that pods are granted by their names: a note says so. */
const ofLabels: readonly string[] = ["k8s-own-label-missing", "k8s-own-label-proto", "k8s-own-label-unknown"];

test("what is proposed lets none of the corpus's attacks through, but for pods of which no log says the labels", () => {
  const through: string[] = [];
  let works = 0;
  let attacks = 0;
  for (const cases of Map.groupBy(
    corpusCases("kubernetes.json", "kubernetes-own.json"),
    ({ scope }) => scope,
  ).values()) {
    const work = cases.filter(({ expected }) => expected === "allow");
    const { operations } = propose(
      work.map(({ payload }) => seen(payload, { times: 3 })),
      { minSeen: 1, taken: [] },
    );
    const judge = trial(
      operations.map(({ name, scope }): { name: string; scope: KubernetesScope } => ({
        name: `prod/${name}`,
        scope: scopeSchema.parse(scope),
      })),
    );
    works += work.length;
    for (const { id, payload, expected } of cases) {
      if (expected === "allow") continue;
      attacks += 1;
      if (judge(payload).kind === "permit") through.push(id);
    }
  }
  expect([works, attacks]).toEqual([36, 147]);
  expect(through.toSorted()).toEqual(ofLabels);
});
