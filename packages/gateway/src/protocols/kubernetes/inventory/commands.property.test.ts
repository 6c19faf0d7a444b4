// tier: full
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { commandMatches } from "../request/glob.ts";
import { commandLikeness, commandsOf, shownCommand } from "./commands.ts";

const piece = fc.constantFrom(
  ..."/var/log/ app- 2026-12-02 20417 7 42 .log .. * / - -- = : @ http:// localhost host sh env ls cat timeout nohup -n --since= \
deadbeef1 /etc/ /proc/ shadow password= x \u0000 \n [ ; {..} ' a1b2c3d4".split(" "),
);
const argument = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(""));
const number = fc.integer({ min: 0, max: 99_999 });
/** Commands as there are many of, and any. */
const argv = fc.oneof(
  fc.array(argument, { maxLength: 4 }),
  fc.tuple(fc.constantFrom("ls", "cat", "timeout", "curl"), argument).map((words) => [...words]),
  number.map((each) => ["cat", `/var/log/app-${each}.log`]),
  fc.tuple(number, number).map(([a, b]) => ["tail", "-n", `${a % 40}`, `/var/log/app-${b}.log`]),
  number.map((each) => ["curl", `http://localhost:8080/orders/${each}`]),
  number.map((each) => ["cat", `/var/log/app-${each}-secret.log`]),
  fc.integer({ min: 0, max: 300 }).map((each) => ["id", `u${"abcdefghij"[each % 10]}${each}x`]),
);
const many = fc.array(argv, { maxLength: 150 });
const numbered = (each: readonly (readonly string[])[]) => each.map((words, of) => ({ argv: words, of }));

test("each command is matched by the pattern that it is of, or apart, exactly once", () => {
  fc.assert(
    fc.property(many, (all) => {
      const { patterns, apart } = commandsOf(numbered(all));
      const ofs = [...patterns, ...apart].flatMap(({ of }) => of);
      expect(ofs.toSorted((a, b) => a - b)).toEqual(all.map((_, at) => at));
      for (const { pattern, of } of patterns)
        for (const each of of) expect(commandMatches(pattern, all[each] ?? [])).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("patterns match nothing that is apart, and begin with text that is written out", () => {
  fc.assert(
    fc.property(many, (all) => {
      const { patterns, apart } = commandsOf(numbered(all));
      const outside = apart.flatMap(({ of }) => of.map((at) => all[at] ?? []));
      for (const { pattern } of patterns) {
        expect(outside.filter((each) => commandMatches(pattern, each))).toEqual([]);
        expect(pattern[0]).not.toContain("*");
        expect(pattern.filter((each) => /^[^A-Za-z]*\*|^-[^=]*\*/u.test(each))).toEqual([]);
        expect(pattern.filter((each) => each.includes("*") && each.includes(".."))).toEqual([]);
        expect(pattern.filter((each) => /\*.*:\/\/|:\/\/[^/]*\*/u.test(each))).toEqual([]);
      }
    }),
    { numRuns: 200 },
  );
});

test("the order of what was seen changes no pattern", () => {
  const shuffled = many.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
  );
  const texts = (all: readonly (readonly string[])[]) => {
    const { patterns, apart } = commandsOf(numbered(all));
    return {
      patterns: patterns.map(({ pattern, of }) => [pattern, of.length]),
      apart: apart.map(({ reason, pattern, of }) => [reason, pattern, of.length]),
    };
  };
  fc.assert(
    fc.property(shuffled, ([all, other]) => {
      expect(texts(other)).toEqual(texts(all));
    }),
    { numRuns: 100 },
  );
});

test("commands that are alike have the same pattern, and others have another", () => {
  const alone = (words: readonly string[]): unknown => {
    const { patterns, apart } = commandsOf([{ argv: words, of: 0 }]);
    return apart.length > 0 ? { words } : patterns[0]?.pattern;
  };
  fc.assert(
    fc.property(argv, argv, (a, b) => {
      const same = JSON.stringify(alone(a)) === JSON.stringify(alone(b));
      expect(commandLikeness(a) === commandLikeness(b)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

test("what is shown is one line of at most 200 characters", () => {
  fc.assert(
    fc.property(argv, (words) => {
      expect(shownCommand(words)).toMatch(/^\P{C}{0,200}$/u);
    }),
  );
});
