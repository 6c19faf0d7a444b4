import { describe, expect, test } from "vitest";
import { closestName, nameHint } from "./closest-name.ts";

const operations = Array.from({ length: 57 }, (_, index) => `operation-${index + 10}`);

describe("a mistyped name", () => {
  test("is told the one name that is near", () => {
    expect(nameHint("raed-orders", ["read-orders", "refund-order", ...operations])).toBe(
      "did you mean read-orders?",
    );
    expect(closestName("raed-orders", ["refund-order", "read-orders"])).toBe("read-orders");
  });

  test("is told three of those that are equally near", () => {
    expect(nameHint("operation-1x", operations)).toBe(
      "did you mean operation-10, operation-11 or operation-12?",
    );
    expect(nameHint("web-3", ["web-1", "web-2"])).toBe("did you mean web-1 or web-2?");
  });

  test("is told three of fifty-seven where none is near, and how many there are", () => {
    expect(nameHint("x", operations)).toBe("known: operation-10, operation-11, operation-12, and 54 more");
    expect(nameHint("drop everything", ["a", "b"], "it has")).toBe("it has: a, b");
    expect(closestName("x", operations)).toBeUndefined();
  });

  test("is told nothing where there are no names", () => {
    expect(nameHint("x", [])).toBeUndefined();
  });
});
