import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { type CsvOptions, type CsvPiece, csvReader } from "./csv-reader.ts";

const begins = { pattern: /#\d,/y, within: 4 };

function pieces(texts: readonly string[], options?: CsvOptions): CsvPiece[] {
  const reader = csvReader(options);
  return [...texts.flatMap((text) => reader.push(text)), ...reader.end()];
}

/** Records as their fields, broken pieces as their reason, each with its line. */
function read(text: string, options: CsvOptions = { begins }): unknown[] {
  return pieces([text], options).map((piece) => [
    piece.line,
    piece.kind === "record" ? piece.fields.join("|") : piece.why,
  ]);
}

const NONE = "no record begins here";
const BEHIND = "text stands behind a closing quote";

test("records end with a newline outside quotes, with a return before it, or with the text", () => {
  expect(read(`#1,"a\n""b"""\r\n#2,c\n\n\r\n#3,d`)).toEqual([
    [1, `#1|a\n"b"`],
    [3, "#2|c"],
    [6, "#3|d"],
  ]);
});

test("a text that begins in the middle of a record is read from the first beginning on", () => {
  expect(read(`of a "note", cut\n"more"\n#1,a\n`)).toEqual([
    [1, NONE],
    [3, "#1|a"],
  ]);
});

test("lines in quotes are no records, whatever they look like", () => {
  expect(read(`#1,"a\n#2,false\n#3,false\n"\n#4,b\n`)).toEqual([
    [1, "#1|a\n#2,false\n#3,false\n"],
    [5, "#4|b"],
  ]);
});

test("behind a quote that is never closed it goes on at the next beginning", () => {
  expect(read(`#1,"a\n#2,"b"\n#3,c\n`)).toEqual([
    [1, BEHIND],
    [2, "#2|b"],
    [3, "#3|c"],
  ]);
});

test("a quote that is never closed takes the rest with it", () => {
  const why = "a quote is never closed, and the rest is not read";
  expect(read(`#1,"a\n#2,b\nc\n#3,d`)).toEqual([[1, why]]);
});

test("a broken record is left at a line that begins as no text in quotes can", () => {
  const resumes = { pattern: /#\d,"[^"]/y, within: 5 };
  expect(read(`#1,"a\n#2,b\n#3,"c"\n#4,d\n`, { begins, resumes })).toEqual([
    [1, BEHIND],
    [3, "#3|c"],
    [4, "#4|d"],
  ]);
});

test("of two texts that were joined in the middle of a line the line is lost", () => {
  expect(read(`#1,"a#2,"b"\n#3,c\n`)).toEqual([
    [1, BEHIND],
    [2, "#3|c"],
  ]);
  expect(read(`#1,a"\n#3,c\n`)).toEqual([
    [1, "a quote stands within a field"],
    [2, "#3|c"],
  ]);
});

test("broken lines one after another are one piece", () => {
  expect(read(`x\ny\n\nz\n#1,a\n`)).toEqual([
    [1, NONE],
    [5, "#1|a"],
  ]);
});

test("a record that is too long is passed over to its end", () => {
  const options = { begins, maxCharacters: 12 };
  const why = "a record is longer than 12 characters";
  expect(read(`#1,456789 1\n#2,3456789 12\n#3,a\n`, options)).toEqual([
    [1, "#1|456789 1"],
    [2, why],
    [3, "#3|a"],
  ]);
  expect(read(`#1,"bcdefghijklm\nx\n#2,a\n"\n#3,b\n`, options)).toEqual([
    [1, why],
    [5, "#3|b"],
  ]);
});

test("where nothing says how records begin, nothing behind a broken one is read", () => {
  expect(read(`z\na,"b"c\nd,"e\nf"\ng`, {})).toEqual([
    [1, "z"],
    [2, `${BEHIND}, and the rest is not read`],
  ]);
  expect(read(`a,"bc\ndefghijkl"\nd\n`, { maxCharacters: 8 })).toEqual([
    [1, "a record is longer than 8 characters"],
    [3, "d"],
  ]);
  expect(read(`a,"bcdefghijkl\nd\n`, { maxCharacters: 8 })).toEqual([
    [1, "a record is longer than 8 characters"],
  ]);
});

const text = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", "\0", "\ud83d", "é", "#1,") });

test("what is written as CSV is read as it was", () => {
  const record = fc.array(text, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 10 }), fc.boolean(), (records, isQuoted) => {
      const needed = (field: string): boolean => isQuoted || /[",\n\r]/.test(field);
      const field = (each: string): string => (needed(each) ? `"${each.replaceAll('"', '""')}"` : each);
      const written = records.map((fields) => ["#1", ...fields].map(field).join(",").concat("\n"));
      // The expression looks for a plain beginning.
      const options = isQuoted ? {} : { begins };
      expect(
        pieces([written.join("")], options).map((each) => each.kind === "record" && each.fields),
      ).toEqual(records.map((fields) => ["#1", ...fields]));
    }),
  );
});

test("however a text comes in pieces, the same is read, broken or not", () => {
  const part = fc.oneof(text, fc.constantFrom("\n#1,", '\n#2,"', '"\n#3,', "\n#4,a,b\n"));
  const options = fc.record({ maxCharacters: fc.constantFrom(8, 30, 1000) });
  fc.assert(
    fc.property(fc.array(part), options, fc.boolean(), (texts, chosen, isMarked) => {
      const all = isMarked ? { ...chosen, begins } : chosen;
      const whole = pieces([texts.join("")], all);
      expect(pieces(texts, all)).toEqual(whole);
      expect(pieces(texts.join("").split(""), all)).toEqual(whole);
    }),
    { numRuns: 2000 },
  );
});

test("of a quote that is not closed over 100 MiB nothing is held or read", () => {
  const reader = csvReader({ begins });
  const found: CsvPiece[] = [...reader.push(`#1,"a`)];
  const junk = `${"x".repeat(1023)}\n`.repeat(1024);
  for (let mebibyte = 0; mebibyte < 100; mebibyte += 1) found.push(...reader.push(junk));
  found.push(...reader.push("#2,b\n"), ...reader.end());
  expect(found.map(({ kind, line }) => [kind, line])).toEqual([["broken", 1]]);
});

test("of a quote that is not closed nothing is held where nothing says how records begin", () => {
  const reader = csvReader();
  const junk = `"${"x".repeat(16_000_000)}`;
  const found: CsvPiece[] = [...reader.push(junk)];
  // More characters than V8's longest text has.
  for (let times = 0; times < 40; times += 1) found.push(...reader.push(junk.slice(1)));
  found.push(...reader.end());
  expect(found).toMatchObject([{ kind: "broken", line: 1 }]);
});

test("lines that each open a quote are read in time that grows with the text", () => {
  const reader = csvReader({ begins });
  let broken = 0;
  const count = (all: readonly CsvPiece[]): void => {
    broken += all.filter(({ kind }) => kind === "broken").length;
  };
  const lines = `#1,"a\n#2,""\n#3,b\n`.repeat(20_000);
  for (let times = 0; times < 5; times += 1) count(reader.push(lines));
  count(reader.end());
  expect(broken).toBeGreaterThan(0);
});
