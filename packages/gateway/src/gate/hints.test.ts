import { expect, it } from "vitest";
import { denialOf, hintWith } from "./hints.ts";
import type { Remedy } from "./protocol.ts";

const about = (remedy: Remedy, advice?: string): ReturnType<typeof denialOf> =>
  denialOf({
    rule: "orders-db/read-orders: tables",
    message: "m",
    remedy,
    advice,
    covers: "orders-db/read-orders (select on public.orders)",
    connection: "orders-db",
  });

it("tells only whoever can be helped by it to ask for more", () => {
  const asks = (["correct", "ask", "never", "operator", "retry"] as const).filter((remedy) =>
    /mayfly request/.test(about(remedy).hint),
  );
  expect(asks).toEqual(["ask"]);
});

it.each([
  ["correct", undefined, "correct it and send it again: the grant is unchanged"],
  ["correct", "qualify it with its table's name", "qualify it with its table's name"],
  ["never", undefined, "no operation can grant this: asking for more access will not help"],
  ["operator", undefined, "only the gateway's operator can change this"],
  ["retry", undefined, "try again in a moment"],
] as const)("says for %s what can help (%s)", (remedy, advice, hint) => {
  const denial = about(remedy, advice);
  expect(denial.hint).toBe(hint);
  expect(hintWith(denial, { names: ["c/other"], exactly: true })).toBe(hint);
});

it("names the operation that covers the act, once it is known", () => {
  const denial = about("ask");
  expect(denial.hint).toBe(
    'this grant covers orders-db/read-orders (select on public.orders); for more, ask: mayfly request orders-db/OPERATION --reason "…"; mayfly operations lists them',
  );
  expect(hintWith(denial, { names: ["orders-db/refund-order"], exactly: true })).toContain(
    'orders-db/refund-order covers this: mayfly request orders-db/refund-order --reason "…"',
  );
  expect(hintWith(denial, { names: ["c/a", "c/b", "c/c", "c/d", "c/e"], exactly: true })).toContain(
    "c/a covers this (so does c/b, c/c, c/d)",
  );
  expect(hintWith(denial, { names: ["c/a"], exactly: false })).toContain("c/a covers this kind of act: ");
  expect(hintWith(denial, { names: [], exactly: true })).toMatch(
    /no operation that you may request covers this as it is/,
  );
});
