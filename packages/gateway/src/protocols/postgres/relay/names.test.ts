import fc from "fast-check";
import { expect, test } from "vitest";
import { createNames } from "./names.ts";
import { createTexts, createSeenStatements, type Text } from "./texts.ts";

test("weighs what is settled, whether it was begun with its statement or, as PREPARE does, without", () => {
  const names = createNames<{ size: number }>(({ size }) => size);
  const large = { size: 1000 };
  names.begin("a", undefined);
  names.settle("a", large, true);
  expect(names.weight).toBe(1000);
  names.begin("a", { size: 7 });
  names.settle("a", { size: 7 }, false);
  // What a segment has begun is held until its Sync, whatever the server made of it.
  expect(names.weight).toBe(1007);
  names.begin("b", { size: 5 });
  names.settle("b", { size: 5 }, false);
  expect(names).toMatchObject({ weight: 1012, size: 3 });
  names.endSegment();
  expect(names).toMatchObject({ weight: 1000, size: 1 });
  names.begin("a", { size: 1 });
  names.settle("a", { size: 1 }, true);
  names.endSegment();
  expect(names.weight).toBe(1);
  names.begin("a", undefined);
  names.settle("a", undefined, true);
  names.endSegment();
  names.forget("a");
  names.clear();
  expect(names).toMatchObject({ weight: 0, size: 0 });
});

test("an unsettled name has no meaning, but for its own segment", () => {
  const names = createNames<{ size: number }>(({ size }) => size);
  const [first, second] = [{ size: 1 }, { size: 2 }];
  names.begin("a", first);
  expect(names.lookup("a")).toBe(first);
  names.endSegment();
  expect(names.lookup("a")).toBe("unsettled");
  names.begin("a", second);
  expect(names.lookup("a")).toBe(second);
  names.endSegment();
  names.settle("a", first, true);
  expect(names.lookup("a")).toBe("unsettled");
  names.settle("a", second, false);
  expect(names.lookup("a")).toBe(first);
});

test("what has no name goes by the rules of what has one, in every order", () => {
  const thing = fc.constantFrom({ size: 1 }, { size: 20 }, undefined);
  const step = fc.record({
    what: fc.constantFrom("begin", "settle", "end", "forget", "clear", "begin", "settle"),
    name: fc.constantFrom("", "a", "b"),
    thing,
    done: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const [given, renamed] = [0, 1].map(() => createNames<{ size: number }>(({ size }) => size));
      const all = [
        [given, (name: string) => name],
        [renamed, (name: string) => (name === "" ? "z" : name)],
      ] as const;
      const seen = [];
      for (const { what, name, thing: made, done } of steps) {
        for (const [names, of] of all) {
          if (what === "begin") names?.begin(of(name), made);
          else if (what === "settle") names?.settle(of(name), made, done);
          else if (what === "forget") names?.forget(of(name));
          else if (what === "clear") names?.clear();
          else names?.endSegment();
        }
        seen.push(
          all.map(([names, of]) => [
            names?.size,
            names?.weight,
            ...["", "a", "b"].map((each) => names?.lookup(of(each))),
          ]),
        );
      }
      for (const [one, other] of seen) expect(one).toEqual(other);
    }),
    { numRuns: 500 },
  );
});

test("a text is told in full once, then by its digest; long texts are remembered by digest alone", () => {
  const texts = createTexts();
  const seen = createSeenStatements();
  const tell = (text: Text): string => {
    const said = seen.name(text);
    seen.told(text);
    return said;
  };
  // What names it may be denied, and then its record left out.
  expect(seen.name(texts("select 1"))).toContain('"sql"');
  for (const sql of ["select 1", `select '${"x".repeat(20_000)}'`]) {
    expect(tell(texts(sql))).toBe(`"sql":${JSON.stringify(sql)}`);
    expect(tell(texts(sql))).toBe(`"sha256":"${texts(sql).digest()}"`);
  }
  for (let each = 0; each < 64; each += 1) tell(texts(`select 'another ${each}'`));
  expect(tell(texts("select 1"))).toContain('"sql"');
  expect(tell(texts(`select '${"x".repeat(20_000)}'`))).toContain('"sql"');
  expect(tell(texts("select 1"))).toContain('"sha256"');
  seen.forget();
  expect(tell(texts("select 1"))).toContain('"sql"');
});
