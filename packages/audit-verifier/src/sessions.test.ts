import { expect, test } from "vitest";
import type { RecordLine } from "./line.ts";
import { sessionJudge } from "./sessions.ts";

type Said = readonly [
  type: string,
  session?: string | number,
  detail?: object,
  operations?: readonly string[],
];

const opened: Said = ["session.opened", "ses_a"];
const openedFor: Said = ["session.opened", "ses_a", {}, ["read", "write"]];
const closed: Said = ["session.closed", "ses_a"];
const intent = (session: number | string = 0, detail: object = {}): Said => ["act.intent", session, detail];
const outcome = (of: number, session = 0): Said => ["act.outcome", session, { intent: of }];
const denied = (session = 0): Said => ["act.denied", session, {}];

function judged(records: readonly Said[], missing = 0): readonly (string | undefined)[] {
  const judge = sessionJudge();
  judge.missing(missing);
  return records.map(([type, session, detail = {}, operations], seq) =>
    judge.judge({ seq, type, session, detail, operations, time: "", text: "" } satisfies RecordLine),
  );
}

test.each<[string, readonly Said[]]>([
  ["acts of a session that is open", [opened, intent(), outcome(1), denied()]],
  ["an outcome and a denial after the end that cut them", [opened, intent(), closed, outcome(1), denied()]],
  ["an act that repeats an earlier one", [opened, intent(), intent(0, { repeats: 1 })]],
  [
    "acts by an operation of their session's list, or one in words",
    [
      openedFor,
      intent(0, { operation: 1 }),
      intent(0, { operation: 0, repeats: 1 }),
      intent(0, { operation: "read" }),
    ],
  ],
  [
    "acts of the older form, which say all of it themselves",
    [intent("ses_old"), ["act.outcome", "ses_old", { intent: 0 }]],
  ],
  [
    "two sessions side by side",
    [opened, ["session.opened", "ses_b"], intent(0), intent(1), outcome(3, 1), outcome(2)],
  ],
])("%s: nothing is wrong", (_, records) => {
  expect(judged(records).filter((wrong) => wrong !== undefined)).toEqual([]);
});

test.each<[string, readonly Said[], string]>([
  ["a session that nothing opened", [["log.opened"], intent(0)], "no record before it opens"],
  ["a session that a later record opens", [intent(1), opened], "no record before it opens"],
  ["a denial in a session that nothing opened", [["log.opened"], denied()], "no record before it opens"],
  ["an intent after the session's end", [opened, closed, intent()], "had closed"],
  [
    "an intent in a session of an earlier run",
    [opened, ["log.opened"], intent()],
    "no record before it opens",
  ],
  [
    "an outcome of another session's act",
    [opened, ["session.opened", "ses_b"], intent(0), outcome(2, 1)],
    "its intent of session 0",
  ],
  ["an operation past the end of the list", [openedFor, intent(0, { operation: 2 })], "which lists 2"],
  ["an operation of no place", [openedFor, intent(0, { operation: 0.5 })], "which lists 2"],
  ["an operation before the list", [openedFor, intent(0, { operation: -1 })], "which lists 2"],
  ["an operation of a session that lists none", [opened, intent(0, { operation: 0 })], "which lists 0"],
  ["an outcome of no act", [opened, outcome(7)], "did not intend"],
  ["a second outcome", [opened, intent(), outcome(1), outcome(1)], "had its outcome"],
  ["a repeated act that is none", [opened, intent(0, { repeats: 0 })], "no recent act"],
  [
    "a repeated act of another session",
    [opened, ["session.opened", "ses_b"], intent(1), intent(0, { repeats: 2 })],
    "no recent act",
  ],
  [
    "a repeated act that repeats itself",
    [opened, intent(), intent(0, { repeats: 1 }), intent(0, { repeats: 2 })],
    "no recent act",
  ],
  ["a record that is no act", [opened, ["grant.released", 0]], "only the records of acts"],
])("%s is a finding", (_, records, words) => {
  const found = judged(records).filter((wrong) => wrong !== undefined);
  expect(found).toEqual([expect.stringContaining(words)]);
});

test("an act that repeats one too far back is a finding", () => {
  const between = Array.from({ length: 1000 }, () => intent());
  const records = [opened, intent(), ...between, intent(0, { repeats: 1 })];
  expect(judged(records).at(-1)).toContain("no recent act");
  expect(judged([opened, intent(), ...between.slice(1), intent(0, { repeats: 1 })]).at(-1)).toBeUndefined();
});

test("where records are missing, what refers to them is not a finding of its own", () => {
  expect(judged([["log.opened"], intent(0), outcome(0), intent(0, { repeats: 0 })], 1)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(judged([["log.opened"], intent(0)], 0)[1]).toBeDefined();
});
