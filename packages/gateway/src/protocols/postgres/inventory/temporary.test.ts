import { beforeAll, describe, expect, it } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { loaded, permitsBy, proposalOf } from "../testing/seen.ts";

beforeAll(loadGrammar);

const make = "CREATE TEMPORARY TABLE scratch (id int)";

describe("a temporary table", () => {
  it.each([
    [[make]],
    [["CREATE TEMP TABLE scratch AS SELECT id FROM orders"]],
    [[make, "INSERT INTO scratch VALUES (1)"]],
    [[make, "SELECT * FROM scratch", "SELECT s.id FROM scratch s JOIN orders o ON o.id = s.id"]],
    [["SELECT id FROM scratch", make]],
    [[`${make}; INSERT INTO scratch VALUES (1); SELECT id FROM scratch`]],
  ])("is for a person to decide, with a draft that permits it: %j", (statements) => {
    const { operations, apart } = proposalOf(statements);
    expect(operations).toEqual([]);
    const scopes = apart.flatMap(({ draft }) => (draft === undefined ? [] : [loaded(draft.scope)]));
    expect(scopes.filter(({ temporary_tables: isGranted }) => isGranted).length).toBeGreaterThan(0);
    expect(statements.filter((sql) => !permitsBy({})(scopes)(sql))).toEqual([]);
    expect(JSON.stringify(scopes.map(({ tables }) => tables))).not.toContain("scratch");
  });

  it("does not hide a table of that name in a schema that is said", () => {
    const { operations } = proposalOf([make, "SELECT id FROM crm.scratch"]);
    expect(operations).toMatchObject([{ name: "read-crm-scratch" }]);
  });
});
