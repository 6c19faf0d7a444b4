import { beforeAll, expect, test } from "vitest";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { compileScopes } from "../guard/verdicts.ts";
import { scopeSchema } from "../scope.ts";
import { type CorpusCase, givenCases, ownCases } from "../testing/guard-corpus.ts";
import { propose } from "./propose.ts";

beforeAll(loadGrammar);

const seen = ({ sql }: CorpusCase): SeenActs => ({ act: sql, times: 3, by: new Map([["support-bot", 3]]) });

/** What is denied for what else the case's own scope grants, and what is proposed does not. */
const harmless: ReadonlyMap<string, string> = new Map([
  ["own-1113", "the name could be a column that the case's scope lists, and nothing here used"],
  ["own-1018", "functions of the database's own are granted, which could have left a cursor"],
  ["own-1019", "the same, for prepared statements"],
]);

test("what is proposed from the work that the attack corpus permits lets none of its attacks through", () => {
  const through: string[] = [];
  let [attacks, works] = [0, 0];
  for (const cases of Map.groupBy([...givenCases(), ...ownCases()], ({ scope }) => scope.name).values()) {
    const [{ scope: given }] = cases as [CorpusCase];
    const work = cases.filter(({ expected }) => expected === "allow");
    const { operations } = propose(work.map(seen), { minSeen: 1, taken: [] });
    if (operations.length === 0) continue;
    // What of the catalogue is shown is the operator's to say: no statement asks for it.
    const judge = compileScopes(
      operations.map(({ name, scope }) => ({
        name: `shop-db/${name}`,
        scope: { ...scopeSchema.parse(scope), catalog: given.scope.catalog },
      })),
    );
    works += work.length;
    for (const { id, sql, database, expected } of cases) {
      if (expected === "allow") continue;
      attacks += 1;
      if (judge({ sql, database }).kind === "permit") through.push(id);
    }
  }
  expect(through.toSorted()).toEqual([...harmless.keys()].toSorted());
  expect(works).toBeGreaterThan(300);
  expect(attacks).toBeGreaterThan(850);
});
