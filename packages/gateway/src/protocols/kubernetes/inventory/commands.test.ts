import { expect, test } from "vitest";
import { commandLikeness, commandsOf, hasVarying, shownCommand } from "./commands.ts";

const split = (line: string): readonly string[] => line.split(" ");
const many = (count: number, line: (at: number) => string): readonly (readonly string[])[] =>
  Array.from({ length: count }, (_, at) => split(line(at)));

/** What is granted and what is apart, in lines. */
function learned(all: readonly (readonly string[])[]) {
  const { patterns, apart } = commandsOf(all.map((argv, of) => ({ argv, of })));
  return {
    patterns: patterns.map(({ pattern }) => pattern.join(" ")),
    apart: apart.map(({ reason, pattern }) => [reason, pattern?.join(" ")]),
  };
}
const varies = "its arguments vary, and * would take any option too";

test("commands are written out, but for parts that programs make up", () => {
  const lines = [
    "ls -l",
    "ls -a",
    "cat /var/log/app-2026-12-01.log",
    "cat /var/log/app-2026-12-02.log",
    "kill 20417",
  ];
  expect(learned(lines.map(split))).toEqual({
    patterns: ["cat /var/log/app-*.log", "kill 20417", "ls -a", "ls -l"],
    apart: [],
  });
});

test("of is given back, also of the same command twice", () => {
  const argv = ["cat", "/var/log/app-2026-12-02.log"];
  const seen = [
    { argv, of: "a" },
    { argv: ["sh"], of: "b" },
    { argv, of: "c" },
  ];
  expect(commandsOf(seen)).toEqual({
    patterns: [{ pattern: ["cat", "/var/log/app-*.log"], of: ["a", "c"] }],
    apart: [{ reason: "a shell runs whatever it is told", pattern: ["sh"], of: ["b"] }],
  });
});

test("short numbers are written out up to 20 of them", () => {
  expect(learned(many(20, (at) => `cat /data/part-${at}`)).patterns).toHaveLength(20);
  expect(learned(many(21, (at) => `cat /data/part-${at}`))).toEqual({
    patterns: ["cat /data/part-*"],
    apart: [],
  });
});

test("a number that is the same everywhere stays", () => {
  expect(learned(many(21, (at) => `cat /data/part-${at}/v2`)).patterns).toEqual(["cat /data/part-*/v2"]);
});

test.each([
  ["tail -n", (at: number) => `tail -n ${at} /var/log/app.log`, "tail -n * /var/log/app.log"],
  ["head", (at: number) => `head -${at} /var/log/app.log`, "head -* /var/log/app.log"],
])("where * would take any option a person decides: %s", (_, line, pattern) => {
  expect(learned(many(21, line))).toEqual({ patterns: [], apart: [[varies, pattern]] });
});

test("what can vary does so before a person is asked about the rest", () => {
  const lines = many(60, (at) => `tail -n ${(at % 3) + 1} /var/log/app-${at}.log`);
  expect(learned(lines).patterns).toEqual([1, 2, 3].map((at) => `tail -n ${at} /var/log/app-*.log`));
});

test("addresses and ports are words, not numbers", () => {
  expect(learned(many(30, (at) => `mytool 10.0.0.${at}`)).patterns).toHaveLength(30);
  expect(learned(many(30, (at) => `mytool db:${at}`)).patterns).toHaveLength(30);
});

test("arguments of what runs a program stay", () => {
  expect(learned(many(30, (at) => `timeout ${at} ls`)).patterns).toHaveLength(30);
  expect(learned([split("env A=x20417 ls")]).patterns).toEqual(["env A=x20417 ls"]);
});

test("of more than 100 patterns of a program the least seen are apart", () => {
  const name = (at: number): string => `id ${"abcdefghijk"[at % 11]}${"abcdefghijk"[Math.floor(at / 11)]}`;
  const lines = many(120, name);
  const { patterns, apart } = commandsOf([...lines, ...lines.slice(20)].map((argv, of) => ({ argv, of })));
  expect(patterns).toHaveLength(100);
  expect(patterns.every(({ of }) => of.length === 2)).toBe(true);
  expect(apart).toEqual([
    {
      reason: "there are too many commands of id for anybody to read",
      isTooMany: true,
      of: expect.toSatisfy((of: readonly number[]) => of.length === 20 && of.every((at) => at < 20)),
    },
  ]);
});

test("of all programs, those that are not familiar take no room from those that are", () => {
  const others = many(310, (at) => `p${at}x /data`);
  const { patterns, apart } = commandsOf([...others, ["ls"]].map((argv, of) => ({ argv, of })));
  expect(patterns).toHaveLength(300);
  expect(patterns).toContainEqual({ pattern: ["ls"], of: [310] });
  expect(apart).toMatchObject([
    { reason: "there are too many commands for anybody to read", isTooMany: true, of: { length: 11 } },
  ]);
});

test.each([
  [[], "it is empty"],
  [["ls", ""], "an empty argument cannot be granted"],
  [["ls", "a\u0000"], "an argument with a NUL cannot be granted"],
  [["ls", "*.log"], "it holds a *, which would stand for anything"],
  [["ls", "*"], "it holds a *, which would stand for anything"],
  [["*"], "it holds a *, which would stand for anything"],
  [["mytool", "--password=hunter2"], "an argument may be somebody's secret"],
  [["psql", "--password=hunter2"], "an argument may be somebody's secret"],
  [["echo", "x".repeat(121)], "an argument is a text that cannot be shown"],
  [["echo", "a\nb"], "an argument is a text that cannot be shown"],
  [["sh", "-c", "a\nb"], "a shell runs whatever it is told"],
  [Array.from({ length: 201 }, () => "a"), "too long to read"],
  [Array.from({ length: 50 }, () => "a".repeat(81)), "too long to read"],
])("%j is apart, and nobody is shown it", (argv, reason) => {
  expect(commandsOf([{ argv, of: 1 }])).toEqual({ patterns: [], apart: [{ reason, of: [1] }] });
});

test("a path that climbs is written out", () => {
  expect(learned([split("cat /data/../app-20417")]).patterns).toEqual(["cat /data/../app-20417"]);
});

test("no pattern lets through what is set apart", () => {
  const lines = ["cat /data/2026-12-02/x-1a2b3c4d", "cat /data/token/x-1a2b3c4d"];
  expect(learned(lines.map(split))).toEqual({
    patterns: [],
    apart: [
      ["it may show credentials", "cat /data/token/x-1a2b3c4d"],
      ["it would let through what is set apart", "cat /data/*/x-*"],
    ],
  });
});

test("what is taken out takes out others", () => {
  const lines = [
    "cat /data/x-token",
    "cat /data/x-7b0e6a1c-2f6d-4a53-9c51-0d3f3f2b1e77",
    "cat /data/x-20417-2f6d-20418",
    "cat /data/y-20417",
  ];
  expect(learned(lines.map(split))).toEqual({
    patterns: ["cat /data/y-*"],
    apart: [
      ["it may show credentials", "cat /data/x-token"],
      ["it would let through what is set apart", "cat /data/x-*"],
      ["it would let through what is set apart", "cat /data/x-*-2f6d-*"],
    ],
  });
});

test("beyond what can be held against each other, what varies is apart", () => {
  const apart = many(20_300, (at) => `cat /token/${at}`);
  const letters = "abcdefghij";
  const name = (at: number): string => `${letters[at % 10]}${letters[Math.floor(at / 10)]}`;
  const varying = many(99, (at) => `cat /d/${name(at)}-20417`);
  const { patterns, apart: found } = learned([...apart, ...varying, ["cat", "x"], ["ls", "/d/x-20417"]]);
  expect(patterns).toEqual(["cat x", "ls /d/x-*"]);
  expect(found.filter(([reason]) => reason === "not everything could be held against it")).toHaveLength(99);
});

test.each([
  ["cat /var/log/app-2026-12-01.log", "cat /var/log/app-2026-12-02.log", true],
  ["cat /var/log/app-1.log", "cat /var/log/app-2.log", false],
  ["kill 20417", "kill 20418", false],
  ["sh /a/x-20417", "sh /a/x-20418", false],
  ["cat /a/x-20417 b", "cat /a/x-20417", false],
])("%s is like %s: %s", (a, b, same) =>
  expect(commandLikeness(split(a)) === commandLikeness(split(b))).toBe(same),
);

test("a pattern varies where it has a *", () => {
  expect(hasVarying(["cat", "/var/log/app-*.log"])).toBe(true);
  expect(hasVarying(["cat", "/var/log/app.log"])).toBe(false);
});

test("a command is shown", () => {
  expect(shownCommand(["cat", "/var/log/app.log"])).toBe("cat /var/log/app.log");
});
