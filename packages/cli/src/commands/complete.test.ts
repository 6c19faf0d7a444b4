import { describe, expect, test } from "vitest";
import { completable, flagOf } from "./complete.ts";

describe("what a shell completes with", () => {
  test("is nothing that a shell would carry out", () => {
    expect(
      completable([
        "orders-db/read-orders",
        "$(rm -rf ~)",
        "`id`",
        "a b",
        "a;b",
        "",
        "x'",
        "orders-db/read-orders",
      ]),
    ).toEqual(["orders-db/read-orders"]);
  });

  test("is no more than is read", () => {
    expect(completable(Array.from({ length: 500 }, (_, at) => `gr_${at}`))).toHaveLength(200);
  });
});

test.each([
  [["--profile", "night", "release"], "night"],
  [["release", "--profile=night"], "night"],
  [["release"], undefined],
  [["--profile", "a", "--profile", "b"], "b"],
])("%j: profile %s", (words, profile) => {
  expect(flagOf(words, "--profile")).toBe(profile);
});
