import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Actor, Ask } from "../grants/grants.ts";
import { harness, type Harness } from "../grants/testing/harness.ts";
import { agent } from "../grants/testing/samples.ts";
import type { AccessRequest, Requester } from "../grants/types.ts";
import { verifiedOf } from "../identity/browser-sessions/principal.ts";
import type { BrowserSession } from "../identity/browser-sessions/store.ts";
import { principalFromClaims } from "../identity/tokens/principal-from-claims.ts";
import { slackPorts } from "./wiring/slack-ports.ts";

// Rosa is 00uROSA. She was rosa@example.com and is rosa.moreno@example.com now; what her agents' tokens and the directory say
// of her is of either time.

const org = "https://example.okta.com";
const issuer = `${org}/oauth2/aus1`;
const roles = { reviewer: ["support-leads"], operator: [], auditor: [] };

const session = (more: Partial<BrowserSession>): BrowserSession => ({
  id: "bs_0000000000000000",
  digest: "00",
  method: "oidc",
  issuer: org,
  login: "rosa.moreno@example.com",
  providerSubject: "00uROSA",
  rules: "sha256:00",
  groups: ["support-leads"],
  groupsAsOf: 1,
  signedInAt: 1,
  lastSeenAt: 1,
  endsAt: Number.MAX_SAFE_INTEGER,
  address: "127.0.0.1",
  browser: "test",
  ...more,
});
const bySaml = {
  method: "saml",
  issuer: "http://www.okta.com/exk1",
  providerSubject: "rosa.moreno@example.com",
  uid: "00uROSA",
} as const;

let h: Harness;
beforeEach(async () => {
  h = await harness({ poll: false });
});
afterEach(() => h.close());

type Decide = (request: AccessRequest, decision: "approve" | "refuse") => Promise<unknown>;
const deciding =
  (who: () => Actor): Decide =>
  (request, decision) =>
    h.grants[decision](who(), request.id, request.digest, "");
const inSlack =
  (made: Partial<BrowserSession>): Decide =>
  (request, decision) => {
    const ports = slackPorts({
      store: h.store,
      grants: h.grants,
      people: { sessions: async () => [session(made)], current: async (verified) => verified },
      roles: () => roles,
    });
    return ports.decide("rosa.moreno@example.com", decision, request.id, request.digest);
  };
const token = (claims: Readonly<Record<string, unknown>>): Actor =>
  principalFromClaims(
    { sub: "rosa.moreno@example.com", cid: "0oacli", groups: ["support-leads"], ...claims },
    {
      issuer,
      audiences: ["api://mayfly"],
      groupsClaim: "groups",
      algorithms: ["RS256"],
      directory: new Map(),
      outage: 0,
      allowInsecureLoopback: false,
    },
    { peopleClients: ["0oacli"], roles },
  );

const paths: readonly (readonly [string, Decide])[] = [
  ["the console, signed in by OIDC", deciding(() => verifiedOf(session({}), roles).principal)],
  ["the console, signed in by SAML", deciding(() => verifiedOf(session(bySaml), roles).principal)],
  ["the CLI or the API, by an access token", deciding(() => token({ uid: "00uROSA" }))],
  ["Slack, signed in by OIDC", inSlack({})],
  ["Slack, signed in by SAML", inSlack(bySaml)],
];

const person = { issuer, subject: "rosa@example.com", uid: "00uROSA" };
const theirs: readonly (readonly [string, Partial<Requester>])[] = [
  ["acts for her, by her old login", { subject: "rosa@example.com", client: "wlpA", person }],
  [
    "acts for her, and its app calls her something else",
    { subject: "rm", client: "wlpA", person: { ...person, subject: "rm" } },
  ],
  ["is hers, by her id", { owner: "00uROSA" }],
  ["is hers, by her login, written otherwise", { owner: "Rosa.Moreno@Example.com" }],
  ["has her in its chain of actors", { actors: ["wlpA", "00uROSA"] }],
];

const ask: Ask = {
  connection: "orders-db",
  operations: ["refund-order"],
  reason: "TICKET-1",
  clientAddress: "10.0.0.1",
};

describe.each(paths)("through %s", (_, decide) => {
  test.each(theirs)("nobody decides what their own agent asks: it %s", async (_words, requester) => {
    const request = await h.grants.request({ ...agent, ...requester }, ask);
    expect(request.state).toBe("pending");
    for (const decision of ["approve", "refuse"] as const)
      await expect(decide(request, decision)).rejects.toMatchObject({ code: "forbidden", status: 403 });
    expect((await h.store.request(request.id))?.state).toBe("pending");
  });

  test("what another's agent asks is decided", async () => {
    const other = { issuer, subject: "alan@example.com", uid: "00uALAN" };
    const request = await h.grants.request({ ...agent, client: "wlpB", person: other }, ask);
    await decide(request, "approve");
    expect((await h.store.request(request.id))?.approvals).toHaveLength(1);
  });
});

test("one person's yes counts once, by whatever way it comes again", async () => {
  const request = await h.grants.request(agent, ask);
  const [[, first], ...others] = paths as [(typeof paths)[number], ...typeof paths];
  await first(request, "approve");
  const before = await h.store.request(request.id);
  for (const [, again] of others) await again(request, "approve").catch(() => undefined);
  expect((await h.store.request(request.id))?.approvals).toHaveLength(before?.approvals.length ?? 0);
});

test("without an id, SAML knows people by their logins alone: a renamed one is somebody else", async () => {
  // What `identity.people.saml.id_attribute` is for.
  const { uid: _, ...nameless } = bySaml;
  const decide = deciding(() => verifiedOf(session(nameless), roles).principal);
  const request = await h.grants.request({ ...agent, client: "wlpA", person }, ask);
  await expect(decide(request, "approve")).resolves.toBeDefined();
});
