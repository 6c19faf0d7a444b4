import { expect, test } from "vitest";
import { unusedText } from "./unused-text.ts";

test("an operation of which nobody used anything, one that was used whole, and what is beyond in others are told apart", () => {
  expect(
    unusedText(
      [
        { operation: "orders-db/refund", unused: undefined },
        { operation: "orders-db/read", unused: [] },
        { operation: "orders-db/write", unused: ["update public.orders (note)", "delete public.orders"] },
      ],
      0,
    ),
  ).toBe(
    `orders-db/refund: nobody used it
orders-db/read: all of it was used
orders-db/write: granted beyond what was used
  update public.orders (note)
  delete public.orders`,
  );
});

test("of no operations nothing is said", () => {
  expect(unusedText([], 0)).toBe("");
});

test("where something was not looked at, that comes first: it may have used what stands below", () => {
  expect(unusedText([{ operation: "orders-db/read", unused: undefined }], 1200)).toBe(
    `1,200 more could not be read: what they used may stand here as unused
orders-db/read: nobody used it`,
  );
});
