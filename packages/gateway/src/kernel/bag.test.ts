import fc from "fast-check";
import { expect, test } from "vitest";
import { Bag, type Membership } from "./bag.ts";

const byValue = (a: number, b: number): number => a - b;

test("holds what came and has not left, whatever the order, and a membership ends once", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), member: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ kind: fc.constant("leave" as const), which: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const bag = new Bag<number>();
      const memberships: Membership[] = [];
      /** Of each membership, its member; undefined once it has left. */
      const model: (number | undefined)[] = [];
      for (const each of steps) {
        if (each.kind === "add") {
          memberships.push(bag.add(each.member));
          model.push(each.member);
        } else if (memberships.length > 0) {
          const at = each.which % memberships.length;
          memberships[at]?.leave();
          model[at] = undefined;
        }
        const left = model.filter((member) => member !== undefined);
        expect(bag.members().toSorted(byValue)).toEqual(left.toSorted(byValue));
        expect(bag.size).toBe(left.length);
      }
    }),
  );
});

test("the members that are told of are those of one moment", () => {
  const bag = new Bag<() => void>();
  const told: string[] = [];
  const first = bag.add(() => {
    told.push("first");
    first.leave();
    bag.add(() => told.push("later"));
  });
  bag.add(() => told.push("second"));
  for (const tell of bag.members()) tell();
  expect(told.toSorted()).toEqual(["first", "second"]);
  expect(bag.size).toBe(2);
});
