// tier: full
import { afterEach, beforeEach, expect, it } from "vitest";
import { fakesServices } from "@mayfly/testing/fake-api.ts";
import { testBed, type TestBed } from "./testing/cli.ts";

const time = "2026-11-24T15:00:00.000Z";
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const castOf = (output: string): string =>
  `${JSON.stringify({ version: 2, width: 80, height: 24, title: "sh" })}\n${JSON.stringify([0.1, "o", output])}\n`;
const hostile = "\u001b]0;pwned\u0007\u001b]52;c;cm0gLXJmIC8=\u0007\u001b[6n\u001b[31mred\u001b[0m\r\n";
const execWith = (payload: string) => ({
  format: "asciicast-v2",
  output: { parts: [{ bytes: 1, payload }] },
});
const act = { verb: "create", resource: "pods", subresource: "exec", name: "web-1", argv: ["sh"] };
const records = [
  { seq: 0, time, type: "act.intent", session: "ses_1000000000000000", detail: { act } },
  {
    seq: 1,
    time,
    type: "act.outcome",
    session: "ses_1000000000000000",
    detail: { intent: 0, status: 0, more: { recording: execWith(digest("a")) } },
  },
  { seq: 2, time, type: "act.intent", session: "ses_1000000000000000", detail: { act } },
  {
    seq: 3,
    time,
    type: "act.outcome",
    session: "ses_1000000000000000",
    detail: { intent: 2, status: 0, more: { recording: execWith(digest("b")) } },
  },
] as const;

let bed: TestBed;
beforeEach(async () => {
  bed = await testBed({
    reader: {
      ...fakesServices().reader,
      search: async () => ({ records: records.toReversed(), isBehind: false }),
      payload: async (name) => (name === digest("a") ? Buffer.from(castOf(hostile)) : undefined),
    },
  });
});
afterEach(() => bed.close());

const auditor = { MAYFLY_TOKEN: "token-auditor" };

it("plays what draws, leaves out what owns a terminal, and says which recording is gone", async () => {
  const ran = await bed.run(["audit", "replay", "ses_1000000000000000"], auditor);
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain("+0s       kubectl exec web-1 -- sh  → status 0\n\u001b[31mred\u001b[0m\r\n");
  for (const left of ["\u001b]", "pwned", "cm0g", "[6n"]) expect(ran.stdout).not.toContain(left);
  expect(ran.stderr).toContain("the recording of this act is not here: it was erased or archived");
  expect((await bed.run(["audit", "replay", "ses_1000000000000000", "--raw"], auditor)).stdout).toContain(
    hostile,
  );
});

it("is for auditors and operators", async () => {
  const ran = await bed.run(["audit", "replay", "ses_1000000000000000"]);
  expect([ran.code, ran.stdout]).toEqual([3, ""]);
});
