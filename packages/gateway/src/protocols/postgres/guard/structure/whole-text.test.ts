import { beforeAll, expect, it } from "vitest";
import { ownCases } from "../../testing/guard-corpus.ts";
import { loadGrammar, parse } from "../syntax/grammar.ts";
import { compileScopes } from "../verdicts.ts";
import { applied, markOf, sentText } from "./splices.ts";
import { areSame, replaced } from "./trees.ts";

// The guard parses a changed text with a mark in the place of each of the gateway's sub-selects, which is cheap. Here the
// whole text that goes upstream is parsed too: it must be the same statement, with the sub-selects where the marks were.

beforeAll(loadGrammar);

/** The text of a SELECT that gives one constant; undefined for any other node. */
function constantOf(node: object): string | undefined {
  const { SelectStmt: select } = node as {
    SelectStmt?: {
      targetList?: readonly { ResTarget?: { val?: { A_Const?: { sval?: { sval?: string } } } } }[];
    };
  };
  return select?.targetList?.length === 1
    ? select.targetList[0]?.ResTarget?.val?.A_Const?.sval?.sval
    : undefined;
}

it("what goes upstream is what was judged, with the gateway's sub-selects in their places", () => {
  let changed = 0;
  for (const { sql, scope, database } of ownCases()) {
    const verdict = compileScopes([scope])({ sql, database });
    if (verdict.kind !== "permit" || verdict.cover.splices === undefined) continue;
    changed += 1;
    const { splices, operations } = verdict.cover;
    const structure = operations.find((each) => each.common !== undefined)?.common;
    const keys = new Set(
      splices.flatMap(({ parts }) =>
        parts.flatMap((part) => (typeof part === "string" ? [] : [part.fragment])),
      ),
    );
    const marked = parse(applied(Buffer.from(sql), splices, markOf).toString("utf8")).statements;
    const expected = replaced(marked, (node) => {
      const key = constantOf(node);
      if (key === undefined || !keys.has(key)) return undefined;
      return parse(structure?.fragment(key).slice(1, -1) ?? "").statements[0];
    });
    const sent = parse(sentText(sql, splices, operations)).statements;
    expect(areSame(expected, sent), sql).toBe(true);
    // The marks alone are another statement: the comparison can fail.
    expect(areSame(marked, sent), sql).toBe(keys.size === 0);
  }
  expect(changed).toBeGreaterThan(10);
});
