import { expect, test } from "vitest";
import { matches } from "./matches.ts";
import { record, story } from "./testing/story.ts";

const found = (filters: Parameters<typeof matches>[1]): readonly number[] =>
  story.filter((one) => matches(one, filters)).map(({ seq }) => seq);
const all = story.map(({ seq }) => seq);

test.each([
  [{}, all],
  [{ principal: "RITA" }, [2]],
  [{ principal: "olga@" }, all.filter((seq) => seq !== 2 && seq !== 3)],
  [{ connection: "orders-db" }, all],
  [{ connection: "orders" }, []],
  [{ request: "rq_2" }, []],
  [{ grant: "gr_1" }, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]],
  [{ session: "ses_1", types: ["act.denied"] }, [8]],
  [{ decision: "deny" }, [8]],
  [{ decision: "permit" }, [2, 3, 4, 5, 6, 9, 11]],
  [{ operation: "orders-db/refund-order" }, all],
  [{ operation: "refund-order" }, all],
  [{ operation: "read-orders" }, []],
  [{ text: "wrong CUSTOMER" }, [12]],
  [{ text: "wrong nothing" }, []],
  [{ text: '"parameters"' }, []],
  [{ from: "2026-01-01T12:00:12.000Z" }, [12, 13]],
  [{ to: "2026-01-01T12:00:01.000Z" }, [1]],
  [{ record: 9 }, [9]],
] as const)("%j finds %j", (filters, expected) => expect(found(filters)).toEqual(expected));

test("a record of nobody has no principal to find", () => {
  expect(matches(record(1, "authentication.refused"), { principal: "x" })).toBe(false);
  expect(matches(record(1, "authentication.refused"), { decision: "deny" })).toBe(true);
});

test("a reviewer's yes and no are decisions like any other", () => {
  const said = (decision: string) => ({ ...record(1, "approval.given"), detail: { decision } });
  expect(matches(said("approve"), { decision: "permit" })).toBe(true);
  expect(matches(said("refuse"), { decision: "deny" })).toBe(true);
});

test("an act that several operations covered together is about each of them", () => {
  const act = {
    ...record(1, "act.intent"),
    detail: { operation: "orders-db/refund-order, orders-db/read-orders" },
  };
  for (const operation of ["orders-db/refund-order", "refund-order", "read-orders"])
    expect(matches(act, { operation })).toBe(true);
  expect(matches(act, { operation: "orders" })).toBe(false);
});
