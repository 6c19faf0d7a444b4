import fc from "@mayfly/testing/fast-check.ts";
import { compileSchema } from "../json-schema.ts";
import { schemas, values } from "./random-schemas.ts";
import { secondValidator } from "./second-validator.ts";

const VALUES_A_SCHEMA = 20;

/** What a comparison saw. */
export interface Compared {
  /** Pairs of a schema and a value on which both said the same. */
  readonly good: number;
  readonly bad: number;
  /** Schemas that are refused. */
  readonly refused: number;
  /** Pairs of which the second validator could say nothing. */
  readonly unsaid: number;
}

/**
 * Compares the verdicts of the gateway's validator with those of a second one, over random pairs of a schema that is taken
 * and a value.
 * @param pairs how many
 * @throws where they disagree
 */
export function comparePairs(pairs: number): Compared {
  const seen = { good: 0, bad: 0, refused: 0, unsaid: 0 };
  const count = (): number => seen.good + seen.bad;
  const some = fc.array(values, { minLength: VALUES_A_SCHEMA, maxLength: VALUES_A_SCHEMA });
  fc.assert(
    fc.property(schemas, some, (drawn, drawnValues) => {
      if (count() >= pairs) return;
      // As they come over the wire.
      const [schema, sent] = JSON.parse(JSON.stringify([drawn, drawnValues])) as [unknown, unknown[]];
      const ours = compileSchema(JSON.stringify(schema));
      if ("why" in ours) {
        seen.refused += 1;
        return;
      }
      const theirs = secondValidator(schema);
      for (const value of sent) {
        const expected = theirs(value);
        if (expected === undefined) {
          seen.unsaid += 1;
          continue;
        }
        const isGood = ours.check(value) === undefined;
        if (isGood !== expected)
          throw new Error(
            `${JSON.stringify(schema)} takes ${JSON.stringify(value)}: ${isGood}, and by the second validator ${expected}`,
          );
        seen[isGood ? "good" : "bad"] += 1;
      }
    }),
    { numRuns: pairs * 2 },
  );
  return seen;
}
