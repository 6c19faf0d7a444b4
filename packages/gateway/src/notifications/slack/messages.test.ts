import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import type { AuditRecord } from "../../audit/records.ts";
import { sampleSlackRequest as sample } from "../testing/slack-requests.ts";
import { actionIds, isDecidable, loudMessage, requestMessage, type SlackBlocks } from "./messages.ts";
import type { SlackRequest } from "./requests.ts";
import { isCut, plainText } from "./text.ts";

const url = "https://mayfly.test:8443";

interface TextObject {
  readonly type: string;
  readonly text: string;
  readonly emoji?: boolean;
}

/** Every text object of a message, wherever it stands. */
function textsOf(value: unknown): TextObject[] {
  if (typeof value !== "object" || value === null) return [];
  const own = value as { type?: unknown; text?: unknown };
  const isText = typeof own.text === "string" && typeof own.type === "string";
  return [
    ...(isText ? [value as TextObject] : []),
    ...Object.values(value).flatMap((inner: unknown) => textsOf(inner)),
  ];
}

const shown = (message: SlackBlocks): string =>
  textsOf(message.blocks)
    .map(({ text }) => text)
    .join("\n");
const buttonsOf = (message: SlackBlocks): unknown[] =>
  (message.blocks as { elements?: { action_id?: string }[] }[])
    .flatMap(({ elements }) => elements ?? [])
    .flatMap(({ action_id }) => action_id ?? []);

test("a request with a lease says when it ends sooner", () => {
  expect(shown(requestMessage(sample({ lease: 4000 }), url, []))).toContain(
    "; ends sooner if its task is not heard from for 4s",
  );
});

test("a request for a command in a sandbox says that this was claimed, and by whom", () => {
  const told = "How long\n10m; in a sandbox: claimed by who asks, not checked";
  expect(shown(requestMessage(sample({ sandbox: true }), url, []))).toContain(told);
  expect(shown(requestMessage(sample(), url, []))).not.toContain("sandbox");
});

test("a request whose host was probed says when its direct paths were closed", () => {
  const told = "Direct paths\nprobed closed 2026-11-24 08:05 UTC";
  const pathsClosedAt = Date.UTC(2026, 10, 24, 8, 5);
  expect(shown(requestMessage(sample({ pathsClosedAt }), url, []))).toContain(told);
  // Of what was decided it is still to be read.
  expect(shown(requestMessage(sample({ pathsClosedAt, state: "approved" }), url, []))).toContain(told);
  expect(shown(requestMessage(sample(), url, []))).not.toContain("Direct paths");
});

describe("what others wrote", () => {
  test.each([
    ["<!channel> look", "&lt;!channel&gt; look"],
    ["<https://evil.test|the console>", "&lt;https://evil.test|the console&gt;"],
    ["<@U0LEAD>", "&lt;@U0LEAD&gt;"],
    ["a & b &lt; c", "a &amp; b &amp;lt; c"],
    ["two\nlines\r\nand\ttabs", "two lines and tabs"],
    ["hidden\u202e\u200b\u0000text", "hidden text"],
    ["*bold* _it_ `code` ~no~ :tada:", "*bold* _it_ `code` ~no~ :tada:"],
    ["  ", ""],
  ])("%j becomes %j", (text, expected) => {
    expect(plainText(text)).toBe(expected);
  });

  test("is cut to Slack's length whatever its escapes take, and never inside one", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 400 }),
        fc.integer({ min: 10, max: 200 }),
        (text, most) => {
          const result = plainText(text, most);
          expect(result.length).toBeLessThanOrEqual(most);
          expect(result).not.toMatch(/[<>\n\r]|&(?!amp;|lt;|gt;)/);
          expect(isCut(text, most)).toBe(result !== plainText(text, 100_000));
        },
      ),
    );
  });

  test("stands in plain_text objects alone, without emoji, on lines of its own", () => {
    const nasty = "*x* <!channel>\nRisk\nlow <https://evil.test|ok> :warning:";
    const message = requestMessage(
      sample({
        requester: { kind: "agent", name: nasty, owner: nasty, person: nasty, actors: [nasty] },
        connection: nasty,
        reason: nasty,
        operations: [{ name: nasty, scope: [nasty] }],
        policies: [nasty],
        history: [nasty],
        by: [nasty],
        escalatedTo: [nasty],
        decisions: [{ id: "apr_1", name: nasty, decision: "approve" }],
      }),
      url,
      ["low"],
    );
    for (const text of textsOf(message.blocks)) {
      expect(text.type).toBe("plain_text");
      expect(text.emoji).toBe(false);
      expect(text.text).not.toMatch(/[<>]/);
    }
    expect(message.text).not.toMatch(/[<>\n]/);
    // The line that it tries to forge is no line.
    expect(
      shown(message)
        .split("\n")
        .filter((line) => line === "Risk"),
    ).toHaveLength(1);
  });
});

describe("a request that waits", () => {
  test("shows who, for whom, why, what, how long, the risk and until when", () => {
    const text = shown(requestMessage(sample(), url, []));
    for (const part of [
      "Approval needed: support-bot",
      "support-bot, an agent, owned by owner@example.com",
      "For\npat@example.com",
      "Why\nTICKET-1: wrong status",
      "orders-db: refund-order",
      "Risk\nlow",
      "How long\n10m",
      "Decide by\n2026-11-24 12:30 UTC",
      "one person of support-leads",
      "1 row at most",
      "read-orders, expired, 12 acts",
    ])
      expect(text).toContain(part);
    expect(JSON.stringify(requestMessage(sample(), url, []))).toContain(
      `${url}/requests/req_0123456789abcdef`,
    );
  });

  test("shows who acts for whom", () => {
    const { requester } = sample();
    const through = sample({ requester: { ...requester, actors: ["0oatool", "0oaother"] } });
    expect(shown(requestMessage(through, url, []))).toContain("Through\n0oatool, 0oaother");
    expect(shown(requestMessage(sample(), url, []))).not.toContain("Through");
  });

  test("says that it was escalated, and how many said yes", () => {
    const text = shown(
      requestMessage(
        sample({
          needed: 2,
          escalatedTo: ["sre"],
          decisions: [{ id: "apr_1", name: "lead@example.com", decision: "approve" }],
        }),
        url,
        [],
      ),
    );
    expect(text).toContain("2 people of support-leads, sre");
    expect(text).toContain("Yes from lead@example.com");
    expect(text).toContain("Escalated to sre");
  });

  test.each<[SlackRequest["state"], string]>([
    ["approved", "Approved"],
    ["refused", "Refused"],
    ["withdrawn", "Withdrawn"],
    ["timed_out", "Timed out"],
  ])("that is %s says so, with how, and can no more be decided", (state, word) => {
    const message = requestMessage(sample({ state, outcome: "because of this" }), url, ["low"]);
    expect(shown(message)).toContain(`${word}: support-bot`);
    expect(shown(message)).toContain("because of this");
    expect(buttonsOf(message)).toEqual([actionIds.open]);
  });
});

describe("deciding inside Slack", () => {
  test("is offered for the risks that are named, and for no other", () => {
    const offered = (request: SlackRequest, risks: readonly ("low" | "medium" | "high")[]): boolean =>
      buttonsOf(requestMessage(request, url, risks)).includes(actionIds.approve);
    expect(offered(sample(), [])).toBe(false);
    expect(offered(sample(), ["low"])).toBe(true);
    expect(offered(sample({ risk: "high" }), ["low", "medium"])).toBe(false);
    expect(offered(sample({ risk: "high" }), ["high"])).toBe(true);
    expect(offered(sample({ freshSignIn: true }), ["low"])).toBe(false);
  });

  test("is not offered where the message leaves out anything that a yes is bound to", () => {
    const long = "x".repeat(3000);
    for (const request of [
      sample({ reason: long }),
      sample({ operations: [{ name: "o", scope: [long] }] }),
      sample({
        operations: Array.from({ length: 400 }, (_, at) => ({ name: `operation-${at}`, scope: [] })),
      }),
      sample({ history: [long] }),
      sample({ policies: [long] }),
    ])
      expect(isDecidable(request, ["low"])).toBe(false);
    expect(isDecidable(sample(), ["low"])).toBe(true);
  });
});

describe("what everybody must see", () => {
  const record = (type: AuditRecord["type"], detail: AuditRecord["detail"]): AuditRecord => ({
    seq: 1,
    time: "2026-11-24T12:00:00.000Z",
    type,
    principal: { kind: "person", issuer: "i", subject: "olaf", name: "olaf <!here>" },
    request: "req_1",
    connection: "prod",
    operations: ["debug-shop"],
    detail,
  });
  test.each(["lockdown.started", "break_glass.activated"] as const)("%s is loud", (type) => {
    const message = loudMessage(record(type, { reason: "incident <!here>", ends_at: "later" }), url);
    const texts = textsOf(message?.blocks);
    expect(texts.filter((text) => text.type === "mrkdwn")).toEqual([{ type: "mrkdwn", text: "<!channel>" }]);
    expect(texts.filter(({ text }) => text.includes("<!here"))).toEqual([]);
    expect(texts.some(({ text }) => text.includes("incident"))).toBe(true);
  });
  test("lifting a lock-down is told quietly, and nothing else at all", () => {
    const lifted = loudMessage(record("lockdown.lifted", {}), url);
    expect(JSON.stringify(lifted)).not.toContain("<!channel>");
    expect(loudMessage(record("grant.revoked", {}), url)).toBeUndefined();
  });
});
