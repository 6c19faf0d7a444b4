import type { AuditRecord } from "@mayfly/sdk";
import { expect, test } from "vitest";
import { lineOf, storyOf } from "./session-story.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const record = (seq: number, type: AuditRecord["type"], detail: AuditRecord["detail"]): AuditRecord => ({
  seq,
  time: `2026-11-24T15:00:0${seq}.250Z`,
  type,
  detail,
});

const records = [
  record(0, "session.opened", { protocol: "kubernetes", address: "10.0.0.9" }),
  record(1, "act.intent", {
    act: {
      verb: "create",
      resource: "pods",
      subresource: "exec",
      namespace: "shop",
      name: "web-1",
      argv: ["ls", "/"],
    },
  }),
  record(2, "act.outcome", {
    intent: 1,
    milliseconds: 110,
    bytes: 30,
    status: 0,
    more: {
      recording: {
        format: "asciicast-v2",
        output: {
          parts: [
            { bytes: 3, payload: digest("a") },
            { bytes: 3, payload: digest("b") },
            { bytes: 1, payload: "../../x" },
          ],
        },
      },
    },
  }),
  record(3, "act.denied", {
    act: { verb: "delete", resource: "pods" },
    message: "refused: delete is not granted",
  }),
  record(4, "act.intent", { act: { sql: "select 1\u001b[2J" } }),
];

test("a session is told in order, an act with its outcome, and one without as unknown", () => {
  const story = storyOf(records);
  expect(story.map((step) => lineOf(step, story[0]?.at ?? 0))).toEqual([
    "15:00:00.250  +0s       session.opened  kubernetes, from 10.0.0.9",
    "15:00:01.250  +1s       kubectl exec web-1 -n shop -- ls /  → status 0, 30 bytes, 110ms",
    "15:00:03.250  +3s       kubectl delete pods  -- refused: delete is not granted",
    String.raw`15:00:04.250  +4s       select 1\u001b[2J  → outcome unknown`,
  ]);
});

test("a recording is found by the digests of its parts alone", () => {
  expect(storyOf(records).map(({ recording }) => recording)).toEqual([
    undefined,
    { output: [digest("a"), digest("b")], input: [] },
    undefined,
    undefined,
  ]);
});
