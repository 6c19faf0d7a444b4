import { expect, test } from "vitest";
import type { Checked } from "./prove.ts";
import { unprovable, verdictOf, type Findings } from "./verdict.ts";

const root = new Uint8Array(32);
const key = "log.example+01020304+AAAA";
const entry = (
  seq: number,
  state: "proven" | "altered" = "proven",
): Extract<Checked, { state: "checked" }>["entries"][number] => ({
  seq,
  line: "{}",
  state,
});

const checked = (more: Partial<Extract<Checked, { state: "checked" }>> = {}): Checked => ({
  state: "checked",
  head: { origin: "log.example", size: 12, root },
  checkpoint: "",
  key,
  followed: [],
  entries: [entry(11), entry(10), entry(9)],
  missing: [],
  archived: [],
  ...more,
});

const findings = (more: Partial<Findings> = {}): Findings => ({
  checked: checked(),
  noted: {
    key,
    from: "pasted",
    at: "2026-01-01T00:00:00.000Z",
    head: { size: 4, root, at: "2026-01-01T00:00:00.000Z" },
  },
  gatewayKey: key,
  grown: { state: "grew", records: 8 },
  ...more,
});

test("a log that verifies against a noted key is trusted, and says what is proven and what is not", () => {
  const verdict = verdictOf(findings());
  expect(verdict).toMatchObject({ state: "trusted", alarms: [] });
  expect(verdict.proven).toEqual([
    "The checkpoint over 12 records is signed by log.example+01020304, the key you noted.",
    "Records 9 to 11 are, to the letter, what the signed log holds at their places, and none between them was left out.",
    "Since this browser saw it at 2026-01-01 00:00 UTC, the log only grew: its first 4 records are the same ones, and 8 came after.",
  ]);
  expect(verdict.unproven.join(" ")).toMatch(/Records before 9.*from 12 on.*page tells the truth/);
});

test("on first use the key is not proven", () => {
  const verdict = verdictOf(findings({ noted: undefined, grown: undefined }));
  expect(verdict.state).toBe("first use");
  expect(verdict.unproven[0]).toMatch("the gateway itself said so");
  expect(verdict.proven[0]).not.toMatch("noted");
});

test.each([
  ["another key", { gatewayKey: "log.example+05060708+BBBB" }, "another key"],
  [
    "no signature",
    { checked: { state: "unsigned", why: "it is not signed", claimed: undefined } },
    "it is not signed",
  ],
  [
    "an altered record",
    { checked: checked({ entries: [entry(11), entry(10, "altered")] }) },
    "Record 10 is not what",
  ],
  ["a record left out", { checked: checked({ missing: [9, 8] }) }, "Records 8 and 9 are left out"],
  [
    "many altered",
    { checked: checked({ entries: Array.from({ length: 9 }, (_, seq) => entry(seq, "altered")) }) },
    "Records 0, 1, 2, 3, 4 and 4 more are not",
  ],
  ["fewer records", { grown: { state: "shrank" } }, "smaller than it was"],
  ["another past", { grown: { state: "forked" } }, "rewritten"],
] as const)("%s is an alarm, whoever noted the key", (_, more, alarm) => {
  for (const from of ["pasted", "first use"] as const) {
    const verdict = verdictOf(findings({ ...more, noted: { key, from, at: "x" } }));
    expect(verdict).toMatchObject({ state: "alarm", title: "The log does not verify" });
    expect(verdict.alarms.join(" ")).toMatch(alarm);
  }
});

test("what is altered is not told as proven", () => {
  const { proven } = verdictOf(
    findings({ checked: checked({ entries: [entry(11), entry(10, "altered"), entry(9)] }) }),
  );
  expect(proven[1]).toBe(
    "2 of the 3 newest records are, to the letter, what the signed log holds at their places.",
  );
});

test("an unsigned checkpoint proves nothing at all", () => {
  const unsigned: Checked = { state: "unsigned", why: "x", claimed: undefined };
  expect(verdictOf(findings({ checked: unsigned, grown: undefined })).proven).toEqual([]);
});

test("growth that could not be proven is said so, and is no alarm", () => {
  const verdict = verdictOf(findings({ grown: { state: "unproven", why: "the proof is missing" } }));
  expect(verdict.state).toBe("trusted");
  expect(verdict.unproven.join(" ")).toMatch("the proof is missing");
});

test("a gateway that cannot prove its log is an alarm in its own words", () => {
  const verdict = verdictOf(findings());
  expect(verdict.state).toBe("trusted");
  expect(unprovable("the root of the records is another")).toMatchObject({
    state: "alarm",
    alarms: ["It says: the root of the records is another."],
    proven: [],
  });
});
