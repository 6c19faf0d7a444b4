import { beforeAll, expect, test } from "vitest";
import { loadGrammar, parse } from "../guard/syntax/grammar.ts";
import { withoutStars } from "./stars.ts";

beforeAll(loadGrammar);

const isStarLeft = (sql: string): boolean =>
  JSON.stringify(withoutStars(parse(sql).statements[0])).includes("A_Star");

test.each([
  "SELECT * FROM a",
  "SELECT a.*, b.* FROM a, b",
  "SELECT s.a.* FROM s.a",
  "SELECT row(a.*) FROM a",
  "SELECT x.n FROM (SELECT *, 1 AS n FROM a) x",
  "UPDATE a SET b = 1 RETURNING *",
])("no star is left: %s", (sql) => {
  expect(JSON.stringify(parse(sql).statements[0])).toContain("A_Star");
  expect(isStarLeft(sql)).toBe(false);
});

test("all else is left as it is, a count among it", () => {
  const [statement] = parse("SELECT count(*), b.c, d FROM a b WHERE e = 'f'").statements;
  expect(withoutStars(statement)).toEqual(statement);
});
