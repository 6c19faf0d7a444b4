// tier: full
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { likenessOf } from "./likeness.ts";
import { propose } from "./propose.ts";
import { refusalOf } from "./scope-judge.ts";
import { call, seen } from "./testing/seen.ts";

const texts = fc.constantFrom(
  "open",
  "paid",
  "late parcel",
  "/srv/reports/a.csv",
  "/srv/reports/2026/b.csv",
  "/etc/passwd",
  "https://docs.example.com/guides/a",
  "http://10.0.0.1/",
  "select * from orders where id = 1",
  "",
);
const values = fc.oneof(texts, fc.boolean(), fc.nat(), fc.constant(null), fc.array(texts, { maxLength: 3 }));
const names = fc.constantFrom("status", "q", "path", "url", "query", "dry_run", "id", "token");
const calls = fc.array(fc.dictionary(names, values, { maxKeys: 4 }), { minLength: 1, maxLength: 12 });

test("whatever was called, what is proposed covers it, and lets through none of what is set apart", () => {
  fc.assert(
    fc.property(calls, (all) => {
      const acts = all.map((given) => call("use_thing", given));
      const { operations, apart } = propose(
        acts.map((act) => seen(act)),
        { minSeen: 1, taken: [] },
      );
      const refusals = operations.map(({ scope }) => refusalOf(scope));
      const covered = acts.filter((act) => refusals.some((refusal) => refusal?.(act) === undefined));
      const counted = operations.reduce((sum, { evidence }) => sum + evidence.times, 0);
      expect(covered).toHaveLength(counted);
      expect(counted + apart.reduce((sum, { evidence }) => sum + evidence.times, 0)).toBe(acts.length);
    }),
    { numRuns: 60 },
  );
});

test("calls that are alike are covered alike", () => {
  fc.assert(
    fc.property(calls, (all) => {
      const acts = all.map((given) => call("use_thing", given));
      const kinds = Map.groupBy(acts, likenessOf);
      const firsts = [...kinds.values()].map(([first = "", ...rest]) =>
        seen(first, { times: rest.length + 1 }),
      );
      const { operations } = propose(firsts, { minSeen: 1, taken: [] });
      const refusals = operations.map(({ scope }) => refusalOf(scope));
      const isCovered = (act: string): boolean => refusals.some((refusal) => refusal?.(act) === undefined);
      for (const alike of kinds.values()) expect(new Set(alike.map(isCovered)).size).toBe(1);
    }),
    { numRuns: 60 },
  );
});
