import { describe, expect, it } from "vitest";
import { type Atom, atomKey } from "./atoms.ts";
import type { NeedingActs } from "./cluster.ts";
import { notesOf } from "./notes.ts";

const column = (name: string): Atom => ["column", "public.orders", "select", name];

/** What needs something, done by these, each so often. */
function needing(
  by: Readonly<Record<string, number>>,
  atoms: readonly Atom[],
  uncertain: readonly Atom[] = [],
): NeedingActs {
  const times = Object.values(by).reduce((one, other) => one + other, 0);
  return {
    seen: { act: "", times, by: new Map(Object.entries(by)) },
    place: 0,
    needs: {
      atoms,
      requiresWhere: true,
      tables: [],
      anyColumns: new Set(),
      uncertain: new Set(uncertain.map(atomKey)),
    },
  };
}

describe("what was needed once", () => {
  it("is named beside what was needed more often", () => {
    const often = needing({ app: 5 }, [["statement", "select"], column("id"), column("total"), column("at")]);
    expect(notesOf([often, needing({ app: 1 }, [column("note")])])).toEqual([
      "needed once: public.orders.note",
    ]);
    expect(notesOf([often, needing({ app: 1 }, [column("id")])])).toEqual([]);
  });

  it("is not named where most was", () => {
    const rare = needing({ app: 1 }, [column("id"), column("total")]);
    expect(notesOf([rare, needing({ app: 2 }, [column("note")])])).toEqual([]);
    expect(notesOf([rare, needing({ app: 2 }, [column("note"), column("at")])])).toEqual([
      "needed once: public.orders.id, public.orders.total",
    ]);
  });

  it("does not count the kinds of statements", () => {
    const often = needing({ app: 2 }, [column("id")]);
    expect(notesOf([often, needing({ app: 1 }, [["statement", "update"]])])).toEqual([]);
  });
});

describe("what one of several alone needed", () => {
  it("is named with who that was", () => {
    expect(
      notesOf([
        needing({ app: 2, ann: 3 }, [column("id")]),
        needing({ ann: 2 }, [column("note"), ["key", "public.orders", "code"]]),
        needing({ "": 2 }, [column("total")]),
      ]),
    ).toEqual([
      "needed by ann alone: public.orders.note, public.orders.code",
      "needed by somebody without a name alone: public.orders.total",
    ]);
  });

  it("is not named where there is nobody else, or where it was needed once", () => {
    expect(notesOf([needing({ app: 2 }, [column("id")])])).toEqual([]);
    const both = needing({ app: 2, ann: 1 }, [column("id"), column("at"), column("total")]);
    expect(notesOf([both, needing({ ann: 1 }, [column("note")])])).toEqual([
      "needed once: public.orders.note",
    ]);
  });

  it("is not what two needed in different statements", () => {
    const [one, other] = [needing({ app: 2 }, [column("id")]), needing({ ann: 2 }, [column("id")])];
    expect(notesOf([one, other])).toEqual([]);
  });
});

describe("what is uncertain", () => {
  it("is named, and only that", () => {
    expect(notesOf([needing({ app: 2 }, [column("id"), column("note")], [column("note")])])).toEqual([
      "columns that nobody has said the table has: public.orders.note",
    ]);
  });

  it("stays uncertain where another statement is sure", () => {
    const unsure = needing({ app: 2 }, [column("note")], [column("note")]);
    const sure = needing({ app: 2 }, [column("note")]);
    expect(notesOf([unsure, sure])).toHaveLength(1);
    expect(notesOf([sure, unsure])).toHaveLength(1);
  });
});

describe("the words of a note", () => {
  it("name a column once, whatever it was used for", () => {
    const uses: readonly Atom[] = [column("id"), ["column", "public.orders", "update", "id"]];
    expect(notesOf([needing({ app: 2, ann: 2 }, [["temporary"]]), needing({ ann: 2 }, uses)])).toEqual([
      "needed by ann alone: public.orders.id",
    ]);
  });

  it("say each part of a scope", () => {
    const parts: readonly Atom[] = [
      ["whole", "public.orders", "select"],
      ["table", "public.orders", "delete"],
      ["name", "functions", "public.price"],
      ["temporary"],
      ["catalog", "all"],
    ];
    expect(notesOf([needing({ app: 2 }, []), needing({ ann: 2 }, parts)])).toEqual([
      "needed by ann alone: select of public.orders, delete of public.orders, public.price, temporary, catalog",
    ]);
  });

  it("name twelve, and how many more there are", () => {
    const columns = (count: number): readonly Atom[] =>
      Array.from({ length: count }, (_, index) => column(`c${index}`));
    const [twelve] = notesOf([needing({ app: 2 }, columns(12), columns(12))]);
    expect(twelve).toMatch(/public\.orders\.c11$/u);
    const [more] = notesOf([needing({ app: 2 }, columns(15), columns(15))]);
    expect(more).toMatch(/public\.orders\.c11 and 3 more$/u);
  });
});
