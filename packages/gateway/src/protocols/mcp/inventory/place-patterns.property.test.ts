// tier: full
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { compilePattern } from "../../../gate/web/schema/patterns.ts";
import { patternOf } from "./place-patterns.ts";
import { PATH_SEGMENT, climbs } from "./place-segments.ts";
import { type Place, placeOf } from "./places.ts";

const word = fc.constantFrom(
  "srv",
  "reports",
  "a",
  "b.csv",
  "2026",
  "2026-12-02",
  "c d",
  "Größe",
  "報告",
  "x-y_z",
  "v1",
  "etc",
  "home",
  "me",
  "data",
  "docs.example.com",
  "evil.com",
  "0f8fad5b-d9cb-469f-a165-70867728950e",
  "e\u0301",
  "(1)",
  "@x",
  "-r",
  "%20",
  "x=1",
);
const odd = fc.constantFrom(
  "..",
  ".",
  "",
  ".ssh",
  "%2e%2e",
  "a\\b",
  "..\\a",
  "․․",
  "..／a",
  "x\n",
  " ",
  "a ",
  "*",
  "?q=1",
  "#f",
  "me@h",
  "me:p@h",
  "~",
  "C:",
  "localhost",
  "127.0.0.1",
  "a:80",
  "id_rsa",
  "a;b",
  "‥",
);
const start = fc.constantFrom(
  "/",
  "/srv/",
  "./",
  "",
  "~/",
  "C:/",
  "C:\\",
  "https://",
  "https://docs.example.com/",
  "http://a.example.com:8080/",
  "file:///",
  "s3://bucket/",
  "crm://",
  "//",
  "\\\\",
  "../",
  "wss://",
);
const end = fc.constantFrom("", "", "/", "?a=b", "\n");
const member = fc.constantFrom("path", "dir", "url", "host", "text", "source");
const built = (piece: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(start, fc.array(piece, { minLength: 1, maxLength: 5 }), end)
    .map(([first, pieces, last]) => first + pieces.join(first === "C:\\" ? "\\" : "/") + last);
const value = fc.oneof(
  { arbitrary: built(word), weight: 6 },
  { arbitrary: built(fc.oneof(word, word, odd)), weight: 2 },
  fc.string({ unit: "binary", maxLength: 40 }),
);

function takingOf(places: readonly Place[]): ((text: string) => boolean) | undefined {
  const made = patternOf(places);
  if ("why" in made) return undefined;
  const compiled = compilePattern(made.pattern);
  return (text) => compiled.test(text);
}

const seenPlaces = (name: string, values: readonly string[]): readonly (readonly [string, Place])[] =>
  values.flatMap((each) => {
    const place = placeOf(name, each);
    return place === undefined || place.why !== undefined ? [] : [[each, place] as const];
  });

test("what was seen is taken: by the pattern of its place, and by that of all places", () => {
  let taken = 0;
  fc.assert(
    fc.property(member, fc.array(value, { minLength: 1, maxLength: 14 }), (name, values) => {
      const seen = seenPlaces(name, values);
      const takes = takingOf(seen.map(([, place]) => place));
      for (const [text, place] of seen) {
        expect(takingOf([place])?.(text), text).toBe(true);
        expect(takes === undefined || takes(text), text).toBe(true);
        taken += 1;
      }
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(500);
});

/** Other values for a pattern that takes one: beside its root, behind it, and with something put into it. */
const others = fc.array(
  fc.tuple(fc.constantFrom("/", "\\", "", "?"), fc.array(fc.oneof(word, odd), { maxLength: 3 }), fc.nat(40)),
  { maxLength: 12 },
);

/** What is wrong with a value that a pattern takes; undefined: nothing. */
function wrong(text: string, seen: readonly (readonly [string, Place])[]): string | undefined {
  const [place = ""] = text.split("?");
  if (climbs(place)) return "it climbs";
  const behind = place.replace(/^\.\/?/u, "").replace(/^[a-z0-9]+:\/\/[^/]*/u, "");
  if (/(?:^|[/\\])\.|\/\/|[\p{C}#]/u.test(behind)) return "it is hidden, or read in two ways";
  if (/^[a-z0-9]+:\/\/[^/]*@/u.test(place)) return "it names somebody";
  const plain = text.replace(/^\.\//u, "");
  const isIn = seen.some(([, { root }]) =>
    root === ""
      ? /^(?:\.?\/?|(?:\.\/)?[^/\\]+)$/u.test(text)
      : plain === root || ["/", "\\", "?"].some((sign) => plain.startsWith(`${root}${sign}`)),
  );
  if (!isIn) return "it is in no root";
  if (!/^(?:https?|wss?|file):/.test(text)) return undefined;
  return seen.some(([each]) => URL.parse(each)?.host === URL.parse(text)?.host)
    ? undefined
    : "its host is another";
}

test("a pattern takes nothing outside of its roots, and nothing that climbs, is hidden or names somebody", () => {
  let taken = 0;
  fc.assert(
    fc.property(member, fc.array(value, { minLength: 1, maxLength: 4 }), others, (name, values, tried) => {
      const seen = seenPlaces(name, values);
      const takes = takingOf(seen.map(([, place]) => place));
      if (takes === undefined) return;
      for (const [sign, pieces, at] of tried)
        for (const [text, { root }] of seen) {
          const piece = pieces.join(sign);
          const middle = `${text.slice(0, at)}${piece}${text.slice(at)}`;
          for (const other of [
            `${root}${sign}${piece}`,
            `${text}${sign}${piece}`,
            middle,
            piece,
            text.slice(at),
          ]) {
            const isTaken = takes(other);
            if (isTaken) taken += 1;
            const why = isTaken ? wrong(other, seen) : undefined;
            expect(why, `${JSON.stringify(other)} for ${JSON.stringify(seen)}`).toBeUndefined();
          }
        }
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(1000);
});

test("equal values have equal places, and their order is nothing", () => {
  fc.assert(
    fc.property(member, fc.array(value, { maxLength: 14 }), fc.func(fc.nat()), (name, values, rank) => {
      const places = values.flatMap((each) => placeOf(name, each) ?? []);
      expect(JSON.stringify(values.flatMap((each) => placeOf(name, each) ?? []))).toBe(
        JSON.stringify(places),
      );
      const moved = places.toSorted((one, other) => rank(one) - rank(other));
      expect(patternOf(moved)).toEqual(patternOf(places));
      expect(patternOf(places.toReversed())).toEqual(patternOf(places));
      expect(patternOf([...places, ...places])).toEqual(patternOf(places));
    }),
    { numRuns: 300 },
  );
});

test("no sign of a segment is one of syntax in some reader's eyes", () => {
  const { test: isSegment } = compilePattern(`^${PATH_SEGMENT}$`);
  const found: string[] = [];
  for (let point = 0; point <= 0x10_ffff; point += 1) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const sign = String.fromCodePoint(point);
    // What stays as it is under every normal form can only be what it looks like.
    const other = [sign.normalize("NFKC"), sign.normalize("NFKD"), sign.toLowerCase(), sign.toUpperCase()];
    if (other.some((each) => /[/\\.%:~*?\p{Cc}]/u.test(each)) && isSegment(sign)) found.push(sign);
  }
  expect(found).toEqual([]);
});
