import { expect, it } from "vitest";
import { grantedBy } from "./granted.ts";
import { scopeSchema } from "../scope.ts";

const hides = (tables: unknown): boolean =>
  grantedBy([{ name: "shop/x", scope: scopeSchema.parse({ statements: ["select", "update"], tables }) }])
    .hidesColumns;

it("knows scopes that grant a table in part", () => {
  expect(hides({ "public.a": "all" })).toBe(false);
  expect(hides({ "public.a": { select: "all", update: ["x"] } })).toBe(false);
  expect(hides({ "public.a": "all", "public.b": ["x"] })).toBe(true);
  expect(hides({ "public.a": { update: "all" } })).toBe(true);
  expect(hides({ "public.a": { select: ["x"] } })).toBe(true);
});
