import { expect, test } from "vitest";
import type { Actor } from "../../grants/grants.ts";
import { sampleRequest } from "../../grants/testing/samples.ts";
import type { BrowserSession } from "../../identity/browser-sessions/store.ts";
import type { Verified } from "../../identity/principal.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { slackPorts, slackRequest } from "./slack-ports.ts";

const session = (login: string, id: string): BrowserSession => ({
  id,
  digest: id.repeat(8),
  method: "oidc",
  issuer: "https://example.okta.com",
  login,
  providerSubject: "00u1",
  rules: "sha256:00",
  groups: ["stale"],
  groupsAsOf: 1,
  signedInAt: 1,
  lastSeenAt: 1,
  endsAt: Number.MAX_SAFE_INTEGER,
  address: "127.0.0.1",
  browser: "test",
});

function scene(sessions: readonly BrowserSession[], current: (verified: Verified) => Promise<Verified>) {
  const calls: { actor: Actor; said: unknown[] }[] = [];
  const record =
    (what: string) =>
    async (actor: Actor, ...said: unknown[]) => {
      calls.push({ actor, said: [what, ...said] });
      return sampleRequest("req_1");
    };
  const ports = slackPorts({
    store: { request: async () => undefined },
    grants: { approve: record("approve"), refuse: record("refuse") },
    people: { sessions: async () => sessions, current },
    roles: () => ({ reviewer: ["support-leads"], operator: [], auditor: [] }),
  });
  return { ports, calls };
}

const now = async (verified: Verified): Promise<Verified> => ({
  ...verified,
  principal: { ...verified.principal, groups: ["support-leads"], roles: ["reviewer"] },
  groupsAsOf: 2,
});

test("the person is found by login, whatever its case, with the groups of this moment", async () => {
  const { ports, calls } = scene([session("other@example.com", "a"), session("Rosa@Example.com", "b")], now);
  expect(await ports.decide("rosa@example.com", "approve", "req_1", "sha256:11")).toBe("decided");
  expect(calls).toHaveLength(1);
  expect(calls[0]?.actor).toMatchObject({
    kind: "person",
    subject: "Rosa@Example.com",
    groups: ["support-leads"],
    roles: ["reviewer"],
    groupsAsOf: 2,
  });
  expect(calls[0]?.said).toEqual(["approve", "req_1", "sha256:11", "decided in Slack"]);
});

test("a session that is over does not count; another one of the person may", async () => {
  const over = new MayflyError("sign_in_again", "over", { status: 401 });
  const first = scene(
    [session("rosa@example.com", "a"), session("rosa@example.com", "b")],
    async (verified) => {
      if (verified.session === "a") throw over;
      return now(verified);
    },
  );
  expect(await first.ports.decide("rosa@example.com", "refuse", "req_1", "d")).toBe("decided");
  const none = scene([session("rosa@example.com", "a")], () => Promise.reject(over));
  expect(await none.ports.decide("rosa@example.com", "approve", "req_1", "d")).toBe("no_session");
  expect(none.calls).toEqual([]);
});

test("a login that two persons have signed in with decides nothing; one person may come by several ways", async () => {
  const old = { ...session("rosa@example.com", "a"), providerSubject: "00uOLD" };
  const two = scene([old, session("rosa@example.com", "b")], now);
  expect(await two.ports.decide("rosa@example.com", "approve", "req_1", "d")).toBe("no_session");
  expect(two.calls).toEqual([]);
  const saml = {
    ...session("rosa@example.com", "c"),
    issuer: "https://saml",
    providerSubject: "rosa@example.com",
  };
  const one = scene([saml, session("rosa@example.com", "b")], now);
  expect(await one.ports.decide("rosa@example.com", "approve", "req_1", "d")).toBe("decided");
});

test("nobody decides while the provider cannot say who is in which group", async () => {
  const away = new MayflyError("provider_away", "away", { status: 503 });
  const { ports, calls } = scene([session("rosa@example.com", "a")], () => Promise.reject(away));
  await expect(ports.decide("rosa@example.com", "approve", "req_1", "d")).rejects.toBe(away);
  expect(calls).toEqual([]);
});

test.each([
  "",
  "rosa@example.com.evil.test",
  "osa@example.com",
  "rosa",
  // Other addresses, which Unicode would fold into this one.
  "\uff52osa@example.com",
  "ro\u017fa@example.com",
  "rosa@example\u2024com",
  "rosa@example.com ",
])("%j is not rosa", async (login) => {
  const { ports } = scene([session("rosa@example.com", "a")], now);
  expect(await ports.decide(login, "approve", "req_1", "d")).toBe("no_session");
});

test("a request is shown with all that a yes is bound to", () => {
  const request = sampleRequest("req_1", {
    sheet: {
      operations: [
        { name: "read", description: "", risk: "low", scope: ["SELECT"], digest: "d" },
        { name: "refund", description: "", risk: "medium", scope: ["UPDATE"], digest: "d" },
      ],
      history: [
        {
          grant: "gr_1",
          connection: "orders-db",
          operations: ["read"],
          activatedAt: Date.UTC(2026, 10, 24, 9),
          state: "expired",
          acts: 3,
          denied: 1,
        },
      ],
    },
    approval: {
      by: ["support-leads"],
      count: 2,
      within: 1000,
      refusals: 1,
      freshSignIn: 600_000,
      escalate: { after: 10, to: ["sre"] },
    },
    escalatedAt: 5,
  });
  expect(slackRequest(request)).toMatchObject({
    risk: "medium",
    freshSignIn: true,
    needed: 2,
    escalatedTo: ["sre"],
    history: ["2026-11-24 09:00 UTC orders-db: read, expired, 3 acts let through, 1 denied"],
    operations: [
      { name: "read", scope: ["SELECT"] },
      { name: "refund", scope: ["UPDATE"] },
    ],
  });
  // Of an empty sheet nothing is known, so it counts as the worst.
  expect(slackRequest(sampleRequest("req_2", { sheet: { operations: [], history: [] } })).risk).toBe("high");
});

test("a request has the time of its probe where one was asked for", () => {
  const from = { address: "10.0.0.1", key: "thumbprint" };
  const paths = { closedAt: Date.UTC(2026, 10, 24, 9), probe: "pr_1", from };
  expect(slackRequest(sampleRequest("req_3", { paths }))).toMatchObject({ pathsClosedAt: paths.closedAt });
  expect(slackRequest(sampleRequest("req_4"))).not.toHaveProperty("pathsClosedAt");
});
