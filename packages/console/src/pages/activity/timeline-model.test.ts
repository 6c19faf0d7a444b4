import { expect, test } from "vitest";
import { statementTexts } from "./statement-texts.ts";
import { record, selectOne, story } from "./testing/story.ts";
import { countActs, timelineOf, type TimelineSession } from "./timeline-model.ts";

const kinds = (records = story): readonly string[] =>
  timelineOf(records).map((step) =>
    step.kind === "session" ? "session" : `${step.kind} ${step.record.type}`,
  );

test("a request's records tell one story, whatever order they come in", () => {
  const expected = [
    "event request.created",
    "policy request.created",
    "event approval.given",
    "event request.approved",
    "event grant.activated",
    "session",
    "event grant.revoked",
  ];
  expect(kinds()).toEqual(expected);
  expect(kinds(story.toReversed())).toEqual(expected);
  expect(kinds([...story, ...story])).toEqual(expected);
});

function session(records = story): TimelineSession {
  const found = timelineOf(records).find((step) => step.kind === "session");
  if (found?.kind !== "session") throw new Error("no session");
  return found;
}

test("each act has what came of it; without an outcome it is unknown", () => {
  expect(session().acts.map(({ outcome }) => outcome)).toMatchObject([
    { state: "done", text: "SELECT 1, 1 row, 20 bytes" },
    { state: "denied" },
    { state: "failed", text: "error 57P01, 0 rows" },
    { state: "unknown", open: false },
  ]);
  expect(countActs(timelineOf(story))).toEqual({ done: 1, failed: 1, denied: 1, unknown: 1 });
});

test("while the session lasts, an outcome may still come", () => {
  const open = story.filter(({ type }) => type !== "session.closed");
  expect(session(open).acts.at(-1)?.outcome).toEqual({ state: "unknown", open: true });
});

test("an outcome of another session's act is not taken", () => {
  const stray = record(14, "act.outcome", { intent: 11, rows: 1 }, { session: "ses_2" });
  expect(session([...story, stray]).acts.at(-1)?.outcome.state).toBe("unknown");
});

test("a session that began before the records at hand is shown all the same", () => {
  const later = session(story.filter(({ seq }) => seq > 7));
  expect(later).toMatchObject({ opened: undefined, first: { seq: 8 } });
  expect(later.acts).toHaveLength(3);
});

test("no records, no steps", () => expect(timelineOf([])).toEqual([]));

test("a digest gets back its statement, where the session told it", async () => {
  expect([...(await statementTexts(story))]).toEqual([[selectOne, "select 1"]]);
  expect([...(await statementTexts(story.filter(({ seq }) => seq !== 6)))]).toEqual([]);
});

test("where nobody had to approve, the approval tells it, and no step of its own", () => {
  expect(kinds([record(1, "request.created"), record(2, "request.approved", { by: "policy" })])).toEqual([
    "event request.created",
    "event request.approved",
  ]);
});
