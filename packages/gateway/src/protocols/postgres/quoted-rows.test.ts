import { expect, it } from "vitest";
import { decodeFields } from "./codec.ts";
import { errorResponse } from "./messages.ts";
import { hidesColumns, withoutQuotes } from "./quoted-rows.ts";
import { scopeSchema } from "./scope.ts";

const hides = (tables: unknown): boolean =>
  hidesColumns([{ name: "shop/x", scope: scopeSchema.parse({ statements: ["select", "update"], tables }) }]);

it("knows scopes that grant a table in part", () => {
  expect(hides({ "public.a": "all" })).toBe(false);
  expect(hides({ "public.a": { select: "all", update: ["x"] } })).toBe(false);
  expect(hides({ "public.a": "all", "public.b": ["x"] })).toBe(true);
  expect(hides({ "public.a": { update: "all" } })).toBe(true);
  expect(hides({ "public.a": { select: ["x"] } })).toBe(true);
});

const error = (code: string): Buffer =>
  errorResponse({
    severity: "ERROR",
    code,
    message: "m",
    detail: "Failing row contains (1, secret).",
    hint: "h ssn",
  });

it.each(["23502", "23505", "23514", "44000"])("leaves the detail of %s out, and nothing else", (code) => {
  const bytes = error(code);
  const padded = Buffer.concat([Buffer.from("before"), bytes]);
  const instead = withoutQuotes(padded, 6, padded.length, code);
  expect(instead).toEqual(errorResponse({ severity: "ERROR", code, message: "m", hint: "h ssn" }));
  expect(decodeFields(instead ?? bytes, 5, instead?.length ?? 0)).toMatchObject({ code, message: "m" });
});

it("leaves the hint of an unknown column out, and other errors as they are", () => {
  const instead = withoutQuotes(error("42703"), 0, error("42703").length, "42703");
  expect(instead?.toString("latin1")).not.toContain("ssn");
  expect(instead?.toString("latin1")).toContain("Failing");
  expect(withoutQuotes(error("42601"), 0, error("42601").length, "42601")).toBeUndefined();
});

it("keeps nothing of a field that has no end", () => {
  const bytes = error("23502");
  const cut = withoutQuotes(bytes, 0, bytes.length - 12, "23502");
  expect(cut?.toString("latin1")).not.toContain("secret");
});
