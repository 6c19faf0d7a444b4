import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Entries } from "./entries.tsx";
import { check } from "./prove.ts";
import { testLog } from "./testing/log.ts";
import type { Integrity } from "./use-integrity.ts";
import { verdictOf } from "./verdict.ts";
import { VerdictCard } from "./verdict-card.tsx";

const line = (seq: number): string => `{"seq":${seq},"x":"<img src=x onerror=alert(1)>\u202e"}`;
const log = testLog(3, { line });

test("an altered line is loud: named in an alert, shown whole, as text", async () => {
  const answer = log.answer();
  const entries = answer.entries.map((entry) => ({ ...entry, line: entry.line.replace('"x"', '"y"') }));
  const checked = await check({ ...answer, entries }, log.key, { limit: 50 });
  const look = { checked, noted: undefined, gatewayKey: log.key, grown: undefined, remembered: true };
  const verdict = renderToStaticMarkup(createElement(VerdictCard, { verdict: verdictOf(look) }));
  expect(verdict).toContain('role="alert"');
  expect(verdict).toContain("The log does not verify");
  expect(verdict).toContain("Records 0, 1 and 2 are not what the signed log holds.");

  const integrity: Integrity = {
    look,
    entries: checked.state === "checked" ? checked.entries : [],
    notes: [],
    problems: ["Left out of the gateway's answer: 7."],
    error: null,
    isOver: false,
    busy: false,
    again: () => undefined,
    older: "none",
    loadOlder: () => undefined,
  };
  const drawn = renderToStaticMarkup(createElement(Entries, { integrity }));
  expect(drawn.match(/is altered/g)).toHaveLength(3);
  expect(drawn).toContain("3 altered");
  expect(drawn).toContain("Left out of the gateway");
  expect(drawn).toContain("&lt;img src=x");
  expect(drawn).not.toContain("<img");
  expect(drawn.match(/U\+202E/g)).toHaveLength(3);
});

test("a log that verifies is no alert", async () => {
  const checked = await check(log.answer(), log.key, { limit: 50 });
  const verdict = verdictOf({ checked, noted: undefined, gatewayKey: log.key, grown: undefined });
  const drawn = renderToStaticMarkup(createElement(VerdictCard, { verdict }));
  expect(drawn).not.toContain('role="alert"');
  expect(drawn).toContain("<code>mayfly audit verify</code>");
});
