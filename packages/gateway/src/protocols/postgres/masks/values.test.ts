import fc from "fast-check";
import { expect, it } from "vitest";
import type { MaskedColumn, MaskKind } from "./column.ts";
import type { MaskMethod } from "./method.ts";
import { Output } from "./output.ts";
import { maskedBy } from "./values.ts";
import { firstDayOfYear } from "./years.ts";

const columnOf = (kind: MaskKind): MaskedColumn => ({
  relation: 1,
  attnum: 1,
  type: 25,
  kind,
  typeName: kind,
  labels: [],
});

/** What a client reads in the place of a value. */
function masked(method: MaskMethod, value: string, kind: MaskKind = "text"): string {
  const out = new Output(8);
  const source = Buffer.from(`before${value}behind`);
  maskedBy(method, columnOf(kind), false)(out, source, 6, source.length - 6);
  expect(out.written.readInt32BE()).toBe(out.length - 4);
  return out.written.toString("utf8", 4);
}

it.each([
  ["email", "anna@example.com", "***@example.com"],
  ["email", "a@b@c", "***@c"],
  ["email", "anna", "***"],
  ["email", "", "***"],
  ["email", "@", "***@"],
  [{ partial: { keep: "last 4" } }, "4111111111111234", "***1234"],
  [{ partial: { keep: "last 4" } }, "12345", "***45"],
  [{ partial: { keep: "last 4" } }, "1", "***"],
  [{ partial: { keep: "last 4" } }, "", "***"],
  [{ partial: { keep: "first 2" } }, "ÄÖÜß", "ÄÖ***"],
  [{ partial: { keep: "first 2" } }, "😀😀", "😀***"],
  [{ partial: { keep: "last 1" } }, "a😀", "***😀"],
  ["redact", "anything", "***"],
  [{ constant: 0 }, "anything", "0"],
] as const)("%j of %s is %s", (method, value, expected) => {
  expect(masked(method, value)).toBe(expected);
});

it("partial never keeps more than half of a value's characters, and no part of one", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.integer({ min: 1, max: 16 }),
      fc.constantFrom("first", "last"),
      (value, most, side) => {
        const characters = Array.from(value);
        const kept = Math.min(most, Math.floor(characters.length / 2));
        const expected =
          side === "first"
            ? `${characters.slice(0, kept).join("")}***`
            : `***${characters.slice(characters.length - kept).join("")}`;
        expect(masked({ partial: { keep: `${side} ${most}` } }, value)).toBe(expected);
      },
    ),
  );
});

it("a year begins where the calendar says", () => {
  const day = 86_400_000;
  const epoch = Date.UTC(2000, 0, 1) / day;
  fc.assert(
    fc.property(fc.integer({ min: -2_400_000, max: 90_000_000 }), (days) => {
      const start = new Date((days + epoch) * day);
      start.setUTCMonth(0, 1);
      expect(firstDayOfYear(days)).toBe(start.getTime() / day - epoch);
    }),
  );
});

it.each([
  ["2024-02-29", "2024-01-01"],
  ["0044-03-15 BC", "0044-01-01 BC"],
  ["2024-02-29 12:30:01.5+05:30", "2024-01-01 00:00:00+05:30"],
  ["294276-12-31 23:59:59", "294276-01-01 00:00:00"],
  ["-infinity", "-infinity"],
])("the year of %s is %s", (value, expected) => {
  expect(masked("year", value, "timestamptz")).toBe(expected);
});

it.each(["29.02.2024", "Thu Feb 29 2024", "2024-02-29 x", "2024", "", "infinity".repeat(10)])(
  "no year is shown of %s",
  (value) => {
    expect(() => masked("year", value, "date")).toThrow("SET datestyle");
  },
);
