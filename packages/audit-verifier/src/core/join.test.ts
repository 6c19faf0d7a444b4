import { expect, test } from "vitest";
import { isStoredRecord, joinRecord, referencesOf, type StoredRecord } from "./join.ts";

const time = "2026-01-01T12:00:00.000Z";
const opening = {
  configuration: "sha256:00",
  connection: "shop",
  detail: { protocol: "postgres" },
  grant: "gr_1",
  operations: ["read", "write"],
  policy: "support reads",
  principal: { kind: "agent", issuer: "https://okta", subject: "0oa1", name: "bot" },
  request: "req_1",
  seq: 3,
  session: "ses_1",
  time,
  type: "session.opened",
};
const full = {
  seq: 4,
  time,
  type: "act.intent",
  session: 3,
  detail: { act: { kind: "execute", parameters: ["1"], sha256: "ab" }, operation: "read" },
};
const log = new Map<number, StoredRecord>([
  [3, opening],
  [4, full],
]);
const join = (record: StoredRecord): unknown => joinRecord(record, (seq) => log.get(seq));

test("an act gets what its session's opening record says, and its operation its connection's name", () => {
  const { detail: _, seq: __, type: ___, ...said } = opening;
  expect(join(full)).toEqual({
    ...said,
    seq: 4,
    type: "act.intent",
    detail: {
      act: { kind: "execute", parameters: ["1"], sha256: "ab" },
      decision: "permit",
      operation: "shop/read",
    },
  });
});

test("members come in the order of RFC 8785", () => {
  const names = Object.keys(join(full) as object);
  expect(names).toEqual(names.toSorted());
});

test("an act that repeats another says what differs", () => {
  const repeats = {
    seq: 5,
    time,
    type: "act.intent",
    session: 3,
    detail: { act: { parameters: ["2"] }, repeats: 4 },
  };
  expect(referencesOf(repeats)).toEqual([3, 4]);
  expect(join(repeats)).toMatchObject({
    detail: {
      act: { kind: "execute", parameters: ["2"], sha256: "ab" },
      decision: "permit",
      operation: "shop/read",
      repeats: 4,
    },
  });
  const other = { ...repeats, detail: { ...repeats.detail, operation: "write" } };
  expect(join(other)).toMatchObject({ detail: { operation: "shop/write" } });
});

test("a denied act takes no decision and no operation from the one it repeats", () => {
  const denied = {
    seq: 5,
    time,
    type: "act.denied",
    session: 3,
    detail: { act: { parameters: ["2"] }, decision: "deny", repeats: 4 },
  };
  expect(join(denied)).toMatchObject({
    detail: { act: { kind: "execute", parameters: ["2"], sha256: "ab" }, decision: "deny", repeats: 4 },
  });
  expect(JSON.stringify(join(denied))).not.toContain('"operation"');
});

test("an intent that names no operation was permitted by the session's only one", () => {
  const only = new Map<number, StoredRecord>([[3, { ...opening, operations: ["read"] }]]);
  const intent = { ...full, detail: { act: {} } };
  expect(joinRecord(intent, (seq) => only.get(seq))).toMatchObject({ detail: { operation: "shop/read" } });
  // Which of several it was, nobody can say.
  expect(JSON.stringify(join(intent))).not.toContain('"operation"');
});

test("an intent names its operation by its place in the opening record's list", () => {
  const placed = { ...full, detail: { act: {}, operation: 1 } };
  expect(join(placed)).toMatchObject({ detail: { operation: "shop/write" } });
  const repeating = { ...full, seq: 5, detail: { act: {}, operation: 1, repeats: 4 } };
  expect(join(repeating)).toMatchObject({ detail: { operation: "shop/write" } });
  // A place without a list, or past its end, names none.
  const nowhere = joinRecord(placed, () => undefined);
  expect(nowhere.detail).toEqual({ act: {}, decision: "permit" });
  expect(JSON.stringify(join({ ...full, detail: { act: {}, operation: 2 } }))).not.toContain('"operation"');
});

test("records of the older form, and those of other types, come back as they are", () => {
  const older = { ...full, session: "ses_1", grant: "gr_9" };
  for (const record of [older, opening]) {
    expect(join(record)).toBe(record);
    expect(referencesOf(record)).toEqual([]);
  }
});

test("what an act refers to and cannot be had is left out; another session's act is not taken for its own", () => {
  expect(joinRecord(full, () => undefined)).toMatchObject({ session: "#3", detail: { operation: "read" } });
  // Only an opening record says who it was.
  expect(joinRecord({ ...full, session: 4 }, (seq) => log.get(seq))).toMatchObject({ session: "#4" });
  const foreign = { ...full, seq: 9, detail: { act: {}, repeats: 4 }, session: 8 };
  const joined = joinRecord(foreign, (seq) => (seq === 8 ? { ...opening, seq: 8 } : log.get(seq)));
  expect(joined).toMatchObject({ detail: { act: {} } });
  expect(JSON.stringify(joined)).not.toContain("execute");
});

test("a line's value is a record with its four members, each of its kind, and not without", () => {
  expect(isStoredRecord(full)).toBe(true);
  for (const name of ["seq", "time", "type", "detail"])
    expect(isStoredRecord({ ...full, [name]: [] }), name).toBe(false);
  for (const value of [null, "a text", [full]]) expect(isStoredRecord(value)).toBe(false);
});
