import { expect, test } from "vitest";
import { unusedText } from "./unused-text.ts";

test("an operation of which nobody used anything, one that was used whole, and what is beyond in others are told apart", () => {
  expect(
    unusedText([
      { operation: "orders-db/refund", unused: undefined },
      { operation: "orders-db/read", unused: [] },
      { operation: "orders-db/write", unused: ["update public.orders (note)", "delete public.orders"] },
    ]),
  ).toBe(
    `orders-db/refund: nobody used it
orders-db/read: all of it was used
orders-db/write: granted beyond what was used
  update public.orders (note)
  delete public.orders`,
  );
});

test("of no operations nothing is said", () => {
  expect(unusedText([])).toBe("");
});
