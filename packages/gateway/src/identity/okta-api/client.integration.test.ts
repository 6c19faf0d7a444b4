// tier: full
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { RequestListener } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../../kernel/secret.ts";
import { providerFetch } from "../provider/transport.ts";
import { readAgent } from "./agent-facts.ts";
import { MAX_PAGES, oktaClient } from "./client.ts";
import { OktaApiFailure } from "./failure.ts";
import { CALL_TIMEOUT_MS } from "./http-call.ts";
import { keyText, settingsOf, startOrg, until } from "./testing/org.ts";
import type { TestOrg } from "./testing/org.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function start(...options: Parameters<typeof startOrg>): Promise<TestOrg> {
  const org = await startOrg(...options);
  open.push(() => org.okta.close());
  return org;
}

async function failure(work: Promise<unknown>): Promise<OktaApiFailure> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof OktaApiFailure) return thrown;
  throw new Error(`no failure of Okta's API: ${String(thrown)}`);
}

const groups = { path: "/api/v1/groups?limit=200", bucket: "groups" };

describe("how it gets in", () => {
  test("with one token for many questions, and a nonce that the org demands", async () => {
    const { client, calls } = await start();
    const okta = client();
    await okta.list(groups);
    await okta.list(groups);
    // The first token request is told the nonce, the second one has it.
    expect(calls.filter((path) => path === "/oauth2/v1/token")).toHaveLength(2);
    expect(calls.filter((path) => path === "/api/v1/groups")).toHaveLength(2);
  });

  test("as an app that demands DPoP, also after the nonce has changed", async () => {
    const { client, okta, calls } = await start();
    const asked = client({ clientId: "0oaDpop" });
    await asked.list(groups);
    // Takes the token away, so that another one is asked for.
    await okta.rotateKeys({ keep: false });
    okta.dpop.rotateNonce(true);
    await asked.list(groups);
    expect(calls.filter((path) => path === "/oauth2/v1/token")).toHaveLength(4);
  });

  test.each([
    ["an unknown client", { clientId: "0oaNobody" }, "refused", /no token.*invalid_client/, /client_id/],
    ["a key that the app does not have", { keyId: "other" }, "refused", /invalid_client/, /public half/],
    [
      "a scope that was not granted",
      { scopes: ["okta.users.manage"] },
      "refused",
      /invalid_scope/,
      /Okta API Scopes/,
    ],
    ["no admin role", { clientId: "0oaNoRole" }, "refused", /403 E0000006/, /admin role/],
  ] as const)("not as %s, in words that say what to do", async (_, more, kind, words, hint) => {
    const { client } = await start();
    const found = await failure(client(more).list(groups));
    expect(found).toMatchObject({
      kind,
      message: expect.stringMatching(words),
      hint: expect.stringMatching(hint),
    });
    expect(JSON.stringify([found.message, found.hint])).not.toMatch(/eyJ|"d"/);
  });

  test("again, with a fresh token, once the org no longer knows the old one", async () => {
    const { client, okta, calls } = await start();
    const asked = client();
    await asked.list(groups);
    await okta.rotateKeys({ keep: false });
    await asked.list(groups);
    expect(calls.filter((path) => path === "/api/v1/groups")).toHaveLength(3);
  });
});

describe("pages", () => {
  test.each([1, 2, 3, 199])("all of them, with %i on each", async (pageSize) => {
    const names = Array.from({ length: 6 }, (_, at) => `g${at}`);
    const { client } = await start({
      pageSize,
      groupIds: Object.fromEntries(names.map((name) => [name, `00g${name}`])),
    });
    const found = (await client().list(groups)) as { profile: { name: string } }[];
    expect(found.map(({ profile }) => profile.name)).toEqual(expect.arrayContaining(names));
    expect(new Set(found.map(({ profile }) => profile.name)).size).toBe(found.length);
  });

  test("not more than so many", async () => {
    const names = Array.from({ length: MAX_PAGES + 2 }, (_, at) => [`g${at}`, `00g${at}`]);
    const { client } = await start({
      pageSize: 1,
      groupIds: Object.fromEntries(names) as Record<string, string>,
    });
    expect(await failure(client().list(groups))).toMatchObject({
      kind: "away",
      message: /more than 20 pages/,
    });
  });
});

describe("faults", () => {
  test.each([
    ["server_error", "away", /answered 500/],
    ["garbage", "away", /not JSON/],
    ["truncated", "away", /cannot be reached/],
    ["reset", "away", /cannot be reached/],
    ["rate_limited", "limited", /rate limit for groups/],
  ] as const)(
    "%s is a failure, and the next question is answered once it is over",
    async (how, kind, words) => {
      const { client, okta, clock } = await start();
      const asked = client();
      await asked.list(groups);
      okta.api.fail(how);
      expect(await failure(asked.list(groups))).toMatchObject({
        kind,
        message: expect.stringMatching(words),
      });
      okta.api.fail(undefined);
      clock.advance(120_000);
      await asked.list(groups);
    },
  );

  test("no answer is one after so long", async () => {
    const { client, okta, clock, calls } = await start();
    const asked = client();
    await asked.list(groups);
    okta.api.fail("never");
    const before = calls.length;
    const found = failure(asked.list(groups));
    await until(() => calls.length > before);
    clock.advance(CALL_TIMEOUT_MS);
    expect(await found).toMatchObject({
      kind: "away",
      message: expect.stringContaining("did not answer within"),
    });
  });

  test("a slow answer is one", async () => {
    const { client, okta } = await start();
    okta.api.fail({ slow: 200 });
    expect((await client().list(groups)).length).toBeGreaterThan(0);
  });
});

describe("rate limits", () => {
  test("once a window is used up nothing is asked until it ends, and no longer than the bound", async () => {
    const { client, calls, clock } = await start({ rateLimit: 2, rateWindow: 60 });
    const asked = client();
    await asked.list(groups);
    await asked.list(groups);
    const before = calls.length;
    const found = await failure(asked.list(groups));
    expect(found.kind).toBe("limited");
    expect(found.retryIn).toBeGreaterThan(0);
    expect(found.retryIn).toBeLessThanOrEqual(120_000);
    expect(calls).toHaveLength(before);
    clock.advance(found.retryIn);
    // The stand-in's own window is not over: it is asked, and says so.
    expect((await failure(asked.list(groups))).kind).toBe("limited");
    expect(calls.length).toBe(before + 1);
  });
});

describe("what another server would do", () => {
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push(
      () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(resolve);
        }),
    );
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const token = JSON.stringify({ access_token: "t", token_type: "Bearer", expires_in: 3600 });
  /** An org that gives a token, and answers everything else so. */
  const org = (answer: RequestListener): Promise<string> =>
    serve((request, response) => {
      if (request.url === "/oauth2/v1/token") response.end(token);
      else answer(request, response);
    });
  const asking = (at: string) =>
    oktaClient({
      org: at,
      settings: { clientId: "0oaGateway", key: new Secret(keyText) },
      scopes: ["okta.groups.read"],
      fetch: providerFetch(undefined),
      clock: fakeClock(Date.now()),
    });

  test("a next page on another host is never asked for", async () => {
    const hits: string[] = [];
    const evil = await serve((request, response) => {
      hits.push(request.headers.authorization ?? "");
      response.end("[]");
    });
    for (const link of [`<${evil}/api/v1/groups>; rel="next"`, `<//${new URL(evil).host}/x>; rel=next`]) {
      const at = await org((_, response) => void response.setHeader("link", link).end("[]"));
      const found = await failure(asking(at).list(groups));
      expect(found).toMatchObject({ kind: "away", message: expect.stringContaining("another host") });
    }
    const enveloped = { data: [], _links: { next: { href: `${evil}/api` } } };
    const at = await org((_, response) => void response.end(JSON.stringify(enveloped)));
    expect((await failure(asking(at).list(groups))).message).toContain("another host");
    expect(hits).toEqual([]);
  });

  test("a redirect is not followed", async () => {
    const hits: string[] = [];
    const evil = await serve((request, response) => {
      hits.push(request.url ?? "");
      response.end("[]");
    });
    const at = await org((_, response) => void response.writeHead(302, { location: `${evil}/` }).end());
    expect((await failure(asking(at).list(groups))).message).toContain("redirect");
    const tokens = await serve((_, response) => void response.writeHead(307, { location: `${evil}/` }).end());
    expect((await failure(asking(tokens).list(groups))).message).toContain("redirect");
    expect(hits).toEqual([]);
  });

  test.each([
    ["longer than the bound", (text: string) => text.padEnd(1_100_000, " "), /longer than/],
    ["of names that stand twice", () => `[{"id":"a","id":"b"}]`, /not JSON/],
    ["no list", () => `{"id":"a"}`, /not a list/],
    ["null", () => "null", /not a list/],
  ])("an answer that is %s is refused", async (_, text, words) => {
    const at = await org((__, response) => void response.end(text("[]")));
    expect((await failure(asking(at).list(groups))).message).toMatch(words);
  });

  test("pages that go round in a circle end", async () => {
    const at: string = await org(
      (_, response) => void response.setHeader("link", `<${at}/api/v1/groups?after=1>; rel="next"`).end("[]"),
    );
    expect((await failure(asking(at).list(groups))).message).toContain("circle");
  });

  test.each([
    `{"access_token":"t","token_type":"mac","expires_in":3600}`,
    `{"access_token":"t\\n","token_type":"Bearer","expires_in":3600}`,
    `{"access_token":"t","token_type":"Bearer","expires_in":-1}`,
    `{"token_type":"Bearer","expires_in":3600}`,
    "[]",
    "<html>",
  ])("a token endpoint that answers %s gives no token", async (text) => {
    const at = await serve((_, response) => void response.end(text));
    expect((await failure(asking(at).list(groups))).message).toContain("cannot be read");
  });
});

describe("what Okta says of an agent", () => {
  const read = (org: TestOrg, client: string, more: Parameters<typeof settingsOf>[0] = {}) =>
    readAgent(org.client(more), settingsOf(more), client);

  test("a service app: the groups that are assigned to it", async () => {
    expect(await read(await start(), "0oaBot")).toEqual({
      kind: "app",
      state: "ACTIVE",
      app: "0oaBot",
      name: "bot",
      groups: ["night-agents", "support-agents"],
      owners: [],
    });
  });

  test("groups over several pages", async () => {
    const org = await start({ pageSize: 1 });
    expect((await read(org, "0oaBot")).groups).toEqual(["night-agents", "support-agents"]);
  });

  test("an attribute of its profile, alone or beside them", async () => {
    const org = await start();
    const alone = { groups: { assigned: false, attribute: "mayfly_groups" } };
    expect((await read(org, "0oaBot", alone)).groups).toEqual(["from-profile"]);
    const both = { groups: { assigned: true, attribute: "mayfly_groups" } };
    expect((await read(org, "0oaBot", both)).groups).toEqual([
      "from-profile",
      "night-agents",
      "support-agents",
    ]);
    const wrong = { groups: { assigned: true, attribute: "tier" } };
    expect((await failure(read(org, "0oaBot", wrong))).message).toContain("cannot be read");
    const absent = { groups: { assigned: true, attribute: "constructor" } };
    expect((await read(org, "0oaBot", absent)).groups).toEqual(["night-agents", "support-agents"]);
  });

  test("a registered AI agent: its linked app's groups, and its owners by id and mail address", async () => {
    expect(
      await read(await start(), "wlpBot", { groups: { assigned: true, attribute: "mayfly_groups" } }),
    ).toEqual({
      kind: "ai_agent",
      state: "ACTIVE",
      app: expect.stringMatching(/^0oa/),
      name: "helper",
      groups: ["bots", "one-more"],
      owners: ["00uRosa", "rosa@example.com"],
    });
  });

  test("one without a linked app has no groups", async () => {
    expect(await read(await start(), "wlpAlone")).toMatchObject({ state: "ACTIVE", groups: [], owners: [] });
  });

  test("one that is staged, deactivated or unknown", async () => {
    const org = await start();
    expect(await read(org, "wlpStaged")).toMatchObject({ state: "STAGED", groups: [] });
    org.okta.agents.setStatus("wlpBot", "INACTIVE");
    expect(await read(org, "wlpBot")).toMatchObject({ state: "INACTIVE", groups: [] });
    org.okta.deactivate("0oaBot");
    expect(await read(org, "0oaBot")).toMatchObject({ state: "INACTIVE", groups: [] });
    expect(await read(org, "0oaNobody")).toMatchObject({ kind: "none", state: "NONE", groups: [] });
    expect(await read(org, "https://agent.example/id?a=/../b")).toMatchObject({ kind: "none" });
  });

  test("AI agents are not asked for without their scope, and not readable without the role", async () => {
    const org = await start();
    expect(await read(org, "wlpAlone", { scopes: ["okta.apps.read"] })).toMatchObject({ kind: "none" });
    expect(await failure(read(org, "wlpBot", { clientId: "0oaReader" }))).toMatchObject({ kind: "refused" });
    expect(org.calls.filter((path) => path.includes("ai-agents"))).toHaveLength(1);
  });
});
