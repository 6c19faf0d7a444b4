import { createOracle } from "../../packages/gateway/src/protocols/postgres/testing/oracle/oracle.ts";
import {
  realGuard,
  search,
  shrink,
  strictness,
} from "../../packages/gateway/src/protocols/postgres/testing/oracle/search.ts";
import { startPostgres } from "@mayfly/testing/postgres.ts";
import type { Fuzzer } from "./fuzzer.ts";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Statements that the guard permits, held against what a real PostgreSQL says that they reach. */
export const columns: Fuzzer = {
  count: 500_000,
  counted: "permitted statements",
  async run({ seed, isEnough, print }) {
    const server = await startPostgres();
    const oracle = await createOracle(server.url());
    try {
      const guard = await realGuard();
      let next = 10_000;
      const figures = await search(oracle, guard, seed, ({ permitted, accepted, escapes }) => {
        if (permitted >= next) {
          print(
            `${permitted} permitted, ${accepted} of them taken by the database, ${escapes.length} escapes`,
          );
          next += 10_000;
        }
        return escapes.length > 0 || isEnough(permitted);
      });
      print(
        `${figures.made} statements made, ${figures.permitted} permitted, ${figures.accepted} taken by the database`,
      );
      for (const [construct, times] of [...figures.constructs].toSorted((one, two) => one[1] - two[1]))
        print(`  ${construct}: ${times}`);
      print(
        `refused though it reaches nothing hidden: ${percent(strictness(figures))} of what could be permitted`,
      );
      for (const escape of figures.escapes) {
        const { sql, scope, reaches } = await shrink(oracle, guard, escape);
        print(
          `ESCAPE under scope ${scope}: ${sql}\n  reaches ${reaches.join("; ")}\n  found as: ${escape.sql}`,
        );
      }
      return figures.escapes.length === 0;
    } finally {
      await oracle.end();
      await server.stop();
    }
  },
};
