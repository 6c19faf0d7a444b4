import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { describeChanges } from "./changes.ts";
import { loadConfiguration } from "./load.ts";
import { good, goodEnvironment } from "./testing/good.ts";
import { testProtocol } from "./testing/protocol.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-notifications-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "not-pem.txt"), "hello\n");

const environment = {
  ...goodEnvironment,
  SLACK_TOKEN: "xoxb-value-5",
  SLACK_SIGNING: "signing-value-6",
  WEBHOOK: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  SHORT: `whsec_${Buffer.alloc(23, 7).toString("base64")}`,
  LONG: `whsec_${Buffer.alloc(65, 7).toString("base64")}`,
  BARE: Buffer.alloc(32, 7).toString("base64"),
};

async function load(notifications: string) {
  const file = join(folder, "mayfly.yaml");
  writeFileSync(file, good + notifications);
  return loadConfiguration(file, [testProtocol], environment);
}

const whole = `notifications:
  slack:
    token: { env: SLACK_TOKEN }
    channel: "#approvals"
    signing_secret: { env: SLACK_SIGNING }
    decide: { risks: [low, medium] }
  webhooks:
    - { name: siem, url: https://siem.internal/mayfly, secret: { env: WEBHOOK }, events: ["request.*", grant.revoked] }
    - { name: local, url: "http://127.0.0.1:9000/x", secret: { env: WEBHOOK }, allow_insecure_loopback: true }
`;

describe("what comes out", () => {
  test("everything, with its defaults", async () => {
    const loaded = await load(whole);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const { notifications } = loaded.configuration;
    expect(notifications.slack).toMatchObject({
      channel: "#approvals",
      decide: { risks: ["low", "medium"] },
      api: "https://slack.com/api/",
    });
    expect(notifications.slack?.token.reveal()).toBe("xoxb-value-5");
    expect(notifications.webhooks).toMatchObject([
      { name: "siem", url: "https://siem.internal/mayfly", events: ["request.*", "grant.revoked"] },
      { name: "local", url: "http://127.0.0.1:9000/x" },
    ]);
    expect(notifications.webhooks[1]).not.toHaveProperty("events");
    expect(JSON.stringify(notifications)).not.toMatch(/value-\d|whsec_/);
  });

  test("left out, nobody is told of anything", async () => {
    const loaded = await load("");
    expect(loaded.ok && loaded.configuration.notifications).toEqual({ webhooks: [] });
  });

  test("changes are named, and none needs a restart", async () => {
    const before = await load(whole);
    const after = await load(
      whole
        .replace("#approvals", "#other")
        .replace("name: local", "name: renamed")
        .replace(', events: ["request.*", grant.revoked]', ""),
    );
    if (!before.ok || !after.ok) throw new Error("both load");
    const changes = describeChanges(before.configuration, after.configuration);
    expect(changes.map(({ change, what, needsRestart }) => `${change} ${what} ${needsRestart}`)).toEqual([
      "changed setting notifications.slack false",
      "changed webhook siem false",
      "removed webhook local false",
      "added webhook renamed false",
    ]);
    expect(before.configuration.digest).not.toBe(after.configuration.digest);
  });
});

const hook = (more: string): string => `notifications:\n  webhooks:\n    - ${more}\n`;
const rest = "url: https://a.b, secret: { env: WEBHOOK }";
const slack = (more: string): string => `notifications:\n  slack: ${more}\n`;
const chat = "token: { env: SLACK_TOKEN }, channel: C012345";

test.each([
  ["notifications: 1\n", "this must be a mapping"],
  ["notifications:\n  webhook: []\n", "webhook is not known here", "did you mean webhooks?"],
  [hook(`{ name: siem, ${rest}, retries: 3 }`), "retries is not known here"],
  [hook(`{ name: siem, secret: { env: WEBHOOK } }`), "url is missing"],
  [hook(`{ name: siem, url: https://a.b }`), "secret is missing"],
  [hook(`{ name: SIEM, ${rest} }`), "a webhook's name is made of lower-case letters, digits and hyphens"],
  [hook(`{ name: siem, ${rest} }\n    - { name: siem, ${rest} }`), "another webhook has this name"],
  [hook(`{ name: siem, url: http://a.b, secret: { env: WEBHOOK } }`), "this must start with https://"],
  [
    hook(`{ name: siem, url: http://a.b, secret: { env: WEBHOOK }, allow_insecure_loopback: true }`),
    "http:// is only for a host on the loopback address",
  ],
  [
    hook(`{ name: siem, url: "https://u:p@a.b", secret: { env: WEBHOOK } }`),
    "a user name or password does not belong in this URL",
  ],
  [
    hook(`{ name: siem, url: "file:///etc/passwd", secret: { env: WEBHOOK } }`),
    "this must start with https://",
  ],
  [hook(`{ name: siem, url: "https://a.b/?k=v", secret: { env: WEBHOOK } }`), "takes no query"],
  [hook(`{ name: siem, url: https://a.b, secret: whsec_value-9 }`), "a secret is named, never written"],
  [
    hook(`{ name: siem, url: https://a.b, secret: { env: ABSENT } }`),
    "the environment variable ABSENT is not set",
  ],
  ...["SHORT", "LONG", "BARE", "OKTA_SECRET"].map((name): [string, string] => [
    hook(`{ name: siem, url: https://a.b, secret: { env: ${name} } }`),
    "this secret is not whsec_ and 24 to 64 bytes in base 64",
  ]),
  [hook(`{ name: siem, ${rest}, events: [] }`), "this must not be empty"],
  [hook(`{ name: siem, ${rest}, events: [request] }`), "this must be a type of record"],
  [hook(`{ name: siem, ${rest}, ca: not-pem.txt }`), "the file holds no certificate in PEM"],
  [slack(`{ channel: C012345 }`), "token is missing"],
  [slack(`{ token: { env: SLACK_TOKEN } }`), "channel is missing"],
  [slack(`{ token: xoxb-value-9, channel: C012345 }`), "a secret is named, never written"],
  [slack(`{ token: { env: SLACK_TOKEN }, channel: "a b" }`), "this must be a channel"],
  [slack(`{ ${chat}, decide: { risks: [low] } }`), "deciding inside Slack needs signing_secret"],
  [
    slack(`{ ${chat}, signing_secret: { env: SLACK_SIGNING }, decide: { risks: [] } }`),
    "this must not be empty",
  ],
  [slack(`{ ${chat}, signing_secret: { env: SLACK_SIGNING }, decide: true }`), "this must be a mapping"],
  [slack(`{ ${chat}, api: "http://slack.test/api/" }`), "this must start with https://"],
  [
    slack(`{ ${chat}, api: "http://slack.test/api/", allow_insecure_loopback: true }`),
    "only for a host on the loopback",
  ],
])("refuses %s", async (text, message, hint?: string) => {
  const loaded = await load(text);
  expect(loaded.ok).toBe(false);
  if (loaded.ok) return;
  expect(loaded.problems).toHaveLength(1);
  const [problem] = loaded.problems;
  expect(problem?.message).toContain(message);
  expect(hint === undefined || problem?.hint === hint).toBe(true);
  // It points into the part that is wrong, and repeats no secret.
  const first = good.split("\n").length;
  expect(problem?.line).toBeGreaterThanOrEqual(first);
  expect(JSON.stringify(problem)).not.toMatch(/value-\d|whsec_[A-Za-z0-9]/);
});
