import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { record, story } from "./testing/story.ts";
import { Timeline } from "./timeline.tsx";

const drawn = (records = story, partial = false): string =>
  renderToStaticMarkup(createElement(Timeline, { records, partial }));
/** What a reader sees of it. */
const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll("&#x27;", "'")
    .replaceAll(/\s+/g, " ");

test("the whole story is drawn, each act with what came of it", () => {
  const text = textOf(drawn());
  expect(text).toContain("4 acts: 1 done, 1 failed, 1 denied, 1 unknown.");
  const places = [
    "support-bot for olga@example.com asked for refund-order",
    "TICKET-4711: refund order 5",
    "a refund needs a person ” asks for an approval by support-leads",
    "Rita approved refund-order",
    "got refund-order on orders-db for 5 minutes",
    "connected to orders-db with psql",
    "done SELECT 1, 1 row, 20 bytes",
    "denied nothing was sent",
    "DROP TABLE is never granted",
    "failed error 57P01, 0 rows",
    "unknown no outcome is recorded: it may have happened or not",
    "disconnected from orders-db",
    "was cut off from refund-order on orders-db by otto@example.com",
  ].map((words) => text.indexOf(words));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test("what an agent wrote stays text, and hidden characters are seen", () => {
  const hostile = '<img src=x onerror=alert(1)>\u202e"\u200b';
  const html = drawn([
    record(
      1,
      "request.created",
      { reason: hostile },
      { principal: { kind: "agent", name: hostile, subject: "s", issuer: "i" } },
    ),
    record(2, "act.denied", { act: { sql: hostile }, message: hostile }, { session: "ses_1" }),
  ]);
  expect(html).not.toContain("<img");
  expect(html).not.toMatch(/[\u202e\u200b]/);
  expect(html.match(/U\+202E/g)).toHaveLength(4);
});

test("a long session opens bit by bit, and older records that are missing are told", () => {
  const acts = Array.from({ length: 50 }, (_, seq) =>
    record(seq, "act.denied", { act: { sql: `select ${seq}` } }, { session: "ses_1" }),
  );
  const html = drawn(acts, true);
  expect(html.match(/nothing was sent/g)).toHaveLength(20);
  expect(textOf(html)).toContain("Show 30 more acts");
  expect(textOf(html)).toContain("Older records of this request are not shown here");
});

test("no style is written into the page: the content security policy refuses it", () => {
  expect(drawn()).not.toMatch(/style=|<script|javascript:/);
});
