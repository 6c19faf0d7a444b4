import fc from "fast-check";
import { expect, it } from "vitest";
import type { MaskedColumn, MaskKind } from "./column.ts";
import type { MaskMethod } from "./method.ts";
import { LongRow } from "./long-row.ts";
import { Output } from "./output.ts";
import { writeRow } from "./rows.ts";
import { maskedBy } from "./values.ts";
import { firstDayOfYear } from "./years.ts";

const columnOf = (kind: MaskKind): MaskedColumn => ({
  relation: 1,
  attnum: 1,
  type: 25,
  kind,
  typeName: kind,
  labels: [],
  kin: [],
  views: [],
});

/** What a client reads in the place of a value. */
function masked(method: MaskMethod, value: string, kind: MaskKind = "text", type = 25): string {
  const out = new Output(8);
  const source = Buffer.from(`before${value}behind`);
  maskedBy(method, { ...columnOf(kind), type }, false)(out, source, 6, source.length - 6);
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

it.each([
  ["email", "anna@b.de   ", "***@b.de"],
  [{ partial: { keep: "first 6" } }, "canary      ", "can***"],
  [{ partial: { keep: "last 6" } }, "canary      ", "***ary"],
] as const)(
  "%j of char(12) %s is %s: blanks that fill it up count for nothing",
  (method, value, expected) => {
    expect(masked(method, value, "text", 1042)).toBe(expected);
  },
);

it("a long value keeps nothing", () => {
  for (const method of ["email", { partial: { keep: "last 4" } }] as const) {
    expect(masked(method, `${"@".repeat(4092)}last`)).not.toBe("***");
    expect(masked(method, `${"@".repeat(4093)}last`)).toBe("***");
  }
});

it("a row that comes in pieces is masked like one that comes whole", () => {
  const methods: readonly (MaskMethod | undefined)[] = [
    undefined,
    "redact",
    "email",
    null,
    { partial: { keep: "last 4" } },
    { partial: { keep: "first 3" } },
  ];
  const value = fc.oneof(fc.constant(null), fc.string({ maxLength: 30 }), fc.constant("x@".repeat(3000)));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, fc.constantFrom(...methods)), { maxLength: 6 }),
      fc.array(fc.nat(20_000), { maxLength: 8 }),
      (columns, cuts) => {
        const body = Buffer.concat([
          Buffer.from([0, columns.length]),
          ...columns.map(([text]) => {
            const bytes = Buffer.from(text ?? "");
            const length = Buffer.alloc(4);
            length.writeInt32BE(text === null ? -1 : bytes.length);
            return Buffer.concat([length, bytes]);
          }),
        ]);
        const row = Buffer.concat([Buffer.from("D"), Buffer.alloc(4), body]);
        row.writeInt32BE(row.length - 1, 1);
        const writers = columns.map(([, method]) =>
          method === undefined ? undefined : maskedBy(method, columnOf("text"), false),
        );
        const [whole, pieces] = [new Output(1), new Output(1)];
        writeRow(whole, row, 0, row.length, writers);
        const long = new LongRow(pieces, writers);
        const ends = [...cuts.map((cut) => 5 + (cut % (row.length - 4))), row.length].toSorted(
          (a, b) => a - b,
        );
        let at = 5;
        for (const end of ends) {
          long.take(row, at, end);
          at = end;
        }
        long.end();
        expect(pieces.written.equals(whole.written)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

it("a row that is not as it was described is refused, whole and in pieces", () => {
  const writers = [undefined, maskedBy("redact", columnOf("text"), false)];
  const bodies = [
    [0, 1, 0, 0, 0, 0],
    [0, 2, 0, 0, 0, 0],
    [0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 1],
    [0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1],
    [0, 2, 0, 0, 0, 0, 0, 0],
    [0],
    [],
  ];
  for (const body of bodies) {
    const row = Buffer.from([0x44, 0, 0, 0, 4 + body.length, ...body]);
    expect(() => writeRow(new Output(64), row, 0, row.length, writers), body.join()).toThrow(
      "not as it was described",
    );
    const pieces = (): void => {
      const long = new LongRow(new Output(64), writers);
      long.take(row, 5, row.length);
      long.end();
    };
    expect(pieces, body.join()).toThrow("not as it was described");
  }
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
  ["2024-02-29 12:30:01.5+05:30", "2024-01-01 00:00:00+00"],
  ["2024-01-01 05:29:59+05:30", "2023-01-01 00:00:00+00"],
  ["2023-12-31 23:30:00-00:29:59", "2023-01-01 00:00:00+00"],
  ["2023-12-31 23:30:00-00:30", "2024-01-01 00:00:00+00"],
  ["0001-01-01 00:00:00+01", "0001-01-01 00:00:00+00 BC"],
  ["0001-12-31 23:00:00-01 BC", "0001-01-01 00:00:00+00"],
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
