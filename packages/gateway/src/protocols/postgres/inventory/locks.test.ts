import { beforeAll, describe, expect, it } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { loaded, permitsBy, proposalOf } from "../testing/seen.ts";

beforeAll(loadGrammar);

const byKey = "SELECT id FROM orders WHERE id = 1 FOR UPDATE";
const byNone = "SELECT id FROM orders WHERE status = 'new' FOR UPDATE SKIP LOCKED";
const update = "UPDATE orders SET total = 1 WHERE id = 1";

describe("a row lock", () => {
  it.each(["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "FOR KEY SHARE NOWAIT"])(
    "takes a column that is updated anyway: %s",
    (lock) => {
      const { operations, apart } = proposalOf([`SELECT id FROM orders WHERE id = 1 ${lock}`, update]);
      expect(apart).toEqual([]);
      expect(operations.map(({ name, scope }) => [name, scope])).toEqual([
        [
          "read-and-update-orders",
          {
            statements: ["select", "update"],
            tables: { "public.orders": { select: ["id"], update: ["total"] } },
            require_where: true,
          },
        ],
        [
          "update-orders",
          {
            statements: ["update"],
            tables: { "public.orders": { update: ["total"] } },
            require_where: true,
          },
        ],
      ]);
    },
  );

  it.each([
    ["nothing else", []],
    ["a delete", ["DELETE FROM orders WHERE id = 1"]],
    ["an insert", ["INSERT INTO orders (total) VALUES (1)"]],
    ["an update of another table", ["UPDATE lines SET total = 1 WHERE id = 1"]],
    ["another lock", [byNone]],
  ])("is set apart where nothing updates the table: beside %s", (_, others) => {
    const { apart } = proposalOf([byKey, ...others]);
    const locks = apart.filter(({ reason }) => reason.includes("it locks rows of public.orders"));
    expect(locks[0]?.reason).toBe(
      "it locks rows of public.orders, which takes the right to update or delete them, and nothing else of this does",
    );
    expect(locks).toHaveLength(1);
  });

  it("is set apart where it has no key, though the table is updated", () => {
    const { apart } = proposalOf([byNone, update]);
    expect(apart).toMatchObject([
      { reason: "it locks rows of public.orders without a key, which takes the right to update them so" },
    ]);
  });

  it("without a key has a draft that permits it, where the table is updated", () => {
    const { apart } = proposalOf([byNone, update]);
    const scopes = apart.flatMap(({ draft }) => (draft === undefined ? [] : [loaded(draft.scope)]));
    expect(scopes).toHaveLength(1);
    expect(permitsBy({})(scopes)(byNone)).toBe(true);
  });

  it.each([byKey, "SELECT id, total FROM orders o, lines l WHERE o.id = 1 FOR UPDATE OF o, l"])(
    "of a table that nothing updates has no draft, which would name a column that nobody changed: %s",
    (sql) => {
      expect(proposalOf([sql]).apart.map(({ draft }) => draft)).toEqual([undefined]);
    },
  );

  it("of two tables is set apart for the one that nothing updates", () => {
    const both = "SELECT o.total, l.total FROM orders o, lines l WHERE o.id = 1 AND l.id = 1 FOR UPDATE";
    const { apart } = proposalOf([both, update]);
    expect(apart[0]?.reason).toMatch(/^it locks rows of public\.lines, which takes/u);
  });

  it("counts no change of its own statement", () => {
    const upsert =
      "WITH l AS (SELECT id FROM orders WHERE id = 1 FOR UPDATE) UPDATE orders SET total = 1 WHERE id = 1";
    const { operations, apart } = proposalOf([upsert]);
    expect(apart).toEqual([]);
    expect(operations).toMatchObject([{ scope: { tables: { "public.orders": { update: ["total"] } } } }]);
  });
});
