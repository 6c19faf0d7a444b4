import { hostileText } from "@mayfly/testing/hostile-text.ts";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Evidence, OperationDraft } from "../../gate/inventory/inventory.ts";
import { hasInvisible } from "../../kernel/invisible-characters.ts";
import { proposalYaml } from "./yaml.ts";

const draft: OperationDraft = {
  name: "read-orders",
  description: "Read orders",
  risk: "low",
  scope: { statements: ["select"], tables: { "public.orders": ["id", "total"] } },
};
const evidence: Evidence = { kinds: 1, times: 12, by: new Map([["app", 12]]), first: 0, last: 0 };
const freely: Evidence = { kinds: 1, times: 1, by: new Map() };
const about = {
  connection: "orders-db",
  act: "statement",
  unread: 0,
  target: { postgres: { host: "db.internal" } },
};

const hostile = [
  "a\nconnections: {}",
  "a\n      evil: { risk: low }",
  "a\r\nb: c",
  "a\rb: c",
  "a\u2028b: c",
  "a\u2029b: c",
  "a\u0085b: c",
  "a\vb\fc",
  "# : - { [ ] } & * ! | > ' \" % @ `",
  "a: b # c",
  "...",
  "---\nx: y",
  "%YAML 1.2",
  "\u001b[2J\u001b]0;t\u0007",
  "a\u202eb\u2066c\u2069",
  "\ud800 alone",
  "\0",
  "\ufeffa",
  "\t\n\n\n",
  "   ",
  "",
  hostileText,
  `${"word ".repeat(80)}\nx: y`,
  `${"x".repeat(400)} y: z`,
  "- ".repeat(200),
  "# ".repeat(200),
];

test.each(hostile)("no comment becomes YAML or acts on a terminal, whatever is in it: %j", (text) => {
  const made = (said: string): string => {
    const by = new Map([
      [said, 7],
      ["bot", 5],
    ]);
    return proposalYaml(
      {
        operations: [
          { ...draft, notes: [said, "fine"], evidence: { ...evidence, by } },
          { ...draft, name: "last", notes: [], evidence },
        ],
        apart: [
          { reason: said, examples: [said, "fine"], evidence: { ...evidence, by }, draft },
          { reason: "orders.pin looks secret", examples: [], evidence },
        ],
        freely,
      },
      about,
    );
  };
  const yaml = made(text);
  const plain = made("plain");
  expect(parse(yaml)).toEqual(parse(plain));
  expect(hasInvisible(yaml, "lines")).toBe(false);
  const isComment = (line: string): boolean => /^ {0,6}# /.test(line);
  const members = (all: string): readonly string[] => all.split("\n").filter((line) => !isComment(line));
  expect(members(yaml)).toEqual(members(plain));
});

test("a long comment is wrapped, each line a comment no wider than 130 characters, and no word is lost", () => {
  const words = Array.from({ length: 120 }, (_, at) => `word-${at}`);
  const note = words.join(" ");
  const yaml = proposalYaml(
    {
      operations: [{ ...draft, notes: [note], evidence }],
      apart: [{ reason: note, examples: [note], evidence }],
      freely,
    },
    about,
  );
  const comments = yaml.split("\n").filter((line) => line.includes("word-"));
  expect(comments.length).toBeGreaterThan(18);
  expect(comments.filter((line) => !/^ {6}# /.test(line) || line.length > 130)).toEqual([]);
  // A further word would not have fitted.
  expect(comments.filter((line) => line.length > 130 - "word-999 ".length).length).toBeGreaterThan(18);
  expect(comments.join(" ").match(/word-\d+/gu)).toEqual([...words, ...words, ...words]);
  expect(comments.filter((line) => /^ {6}# {3}word/.test(line)).length).toBeGreaterThan(10);
});

test("a word that is wider than a line has a line of its own", () => {
  const long = "x".repeat(300);
  const operations = [{ ...draft, notes: [`a ${long} b`], evidence }];
  const yaml = proposalYaml({ operations, apart: [], freely }, about);
  expect(yaml).toContain(`      # a\n      #   ${long}\n      #   b\n`);
  const alone = proposalYaml(
    { operations: [{ ...draft, notes: [long], evidence }], apart: [], freely },
    about,
  );
  expect(alone).toContain(`1970-01-01\n      # ${long}\n      read-orders:\n`);
});
