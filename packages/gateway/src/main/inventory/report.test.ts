import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { noCounts, type ReadCounts } from "./read-sources.ts";
import { plain, readOf, tellRead } from "./report.ts";

let told: string[] = [];
beforeEach(() => {
  told = [];
  vi.spyOn(console, "error").mockImplementation((text: string) => void told.push(text));
});
afterEach(() => vi.restoreAllMocks());

function tellOf(counts: Partial<ReadCounts>, leftOut = 0): readonly string[] {
  tellRead({ ...noCounts(), ...counts }, leftOut, {
    act: "statement",
    part: "host",
    emptyHint: "are there any?",
  });
  return told;
}

test("how much counted is said alone where nothing stands beside it", () => {
  expect(tellOf({ acts: 1204 })).toEqual(["mayflyd: 1,204 statements counted"]);
});

test("each of what did not count is said by its reason", () => {
  expect(tellOf({ acts: 1, failed: 2000, others: 3, unread: 4 }, 5)).toEqual([
    "mayflyd: 1 statement counted; 2,000 failed or were refused; 3 were not asked for; 4 could not be read; 5 of further kinds left out: there are too many",
  ]);
  told = [];
  expect(tellOf({ acts: 1, failed: 1, others: 1, untimed: 1 })).toEqual([
    "mayflyd: 1 statement counted; 1 failed or was refused; 1 was not asked for; of 1 nobody knows when, so that --since counts it",
  ]);
});

test("the lines that could not be read stand below with their places, and act on no terminal", () => {
  const unreadLines = [
    { file: "pg.log", line: 7, why: "it is not JSON" },
    { file: "a\u001b[2J.gz", line: 0, why: "its gzip data is damaged" },
  ];
  expect(tellOf({ acts: 2, unread: 2, unreadLines }).slice(1)).toEqual([
    "  pg.log:7: it is not JSON",
    String.raw`  a\u{1b}[2J.gz: its gzip data is damaged`,
  ]);
});

test("where nothing counted what may be amiss is said", () => {
  expect(tellOf({})).toEqual(["mayflyd: 0 statements counted", "hint: are there any?"]);
  told = [];
  expect(tellOf({ others: 2 })).toEqual([
    "mayflyd: 0 statements counted; 2 were not asked for",
    "hint: the sources hold what others did, or what was done at other times or at another host: look at --by, --since and --host",
  ]);
  told = [];
  expect(tellOf({ others: 2, elsewhere: new Set(["a.example", "b.example"]) })[1]).toMatch(
    /--host \(they tell of a\.example, b\.example\)$/,
  );
});

test("what was read is plain data, with the lines that could not be", () => {
  const unreadLines = [{ file: "pg.log", line: 7, why: "it is not JSON" }];
  expect(
    readOf({ ...noCounts(), acts: 1, failed: 2, others: 3, untimed: 5, unread: 4, unreadLines }),
  ).toEqual({
    acts: 1,
    failed: 2,
    others: 3,
    untimed: 5,
    unread: 4,
    unread_lines: unreadLines,
  });
});

test("counts by name become members, and first and last become times, at any depth", () => {
  const by = new Map([
    ["first", 1],
    ["__proto__", 2],
  ]);
  const made = plain({
    list: [{ evidence: { by, first: 0, last: 1500, times: 3 } }],
    first: "no time",
    none: null,
  });
  expect(JSON.stringify(made)).toBe(
    '{"list":[{"evidence":{"by":{"first":1,"__proto__":2},"first":"1970-01-01T00:00:00.000Z","last":"1970-01-01T00:00:01.500Z","times":3}}],"first":"no time","none":null}',
  );
});
