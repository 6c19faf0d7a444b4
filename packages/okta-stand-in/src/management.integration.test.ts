// tier: full
import { afterEach, expect, test } from "vitest";
import { startOktaStandIn } from "./index.ts";
import type { OktaStandIn, OktaStandInOptions } from "./index.ts";
import { askToken, clientKey, dpopKey } from "./testing/client.ts";

const running: OktaStandIn[] = [];
afterEach(async () => {
  for (const standIn of running.splice(0)) await standIn.close();
});

const { key, publicKey } = await clientKey();
const apiToken = "00api-token";

async function start(options: OktaStandInOptions = {}): Promise<OktaStandIn> {
  const standIn = await startOktaStandIn({
    apiToken,
    agents: [
      {
        clientId: "0oaService",
        keys: [publicKey],
        groups: ["support-agents", "night-agents"],
        profile: { tier: 2 },
        owners: ["rosa@example.com"],
      },
      {
        clientId: "0oaGateway",
        keys: [publicKey],
        oktaScopes: ["okta.users.read", "okta.groups.read", "okta.apps.read", "okta.aiAgents.read"],
        adminRole: "READ_ONLY_ADMIN",
      },
      { clientId: "0oaNoRole", keys: [publicKey], oktaScopes: ["okta.users.read"] },
    ],
    registeredAgents: [
      {
        clientId: "wlpAgent",
        keys: [publicKey],
        name: "bot",
        userAccess: {},
        groups: ["bots"],
        owners: ["rosa@example.com"],
      },
      { clientId: "wlpOther", keys: [publicKey], status: "STAGED" },
    ],
    people: [
      { login: "rosa@example.com", name: "Rosa Reviewer", groups: ["sre", "leads"], uid: "00uRosa" },
      { login: "otto@example.com", name: "Otto", groups: ["sre"] },
    ],
    groupIds: { sre: "00gSre" },
    ...options,
  });
  running.push(standIn);
  return standIn;
}

type Json = Record<string, unknown> & Record<string, unknown>[];

async function call(
  standIn: OktaStandIn,
  path: string,
  init: { method?: string; headers?: Record<string, string>; signal?: AbortSignal } = {},
  token = `SSWS ${apiToken}`,
) {
  const response = await fetch(new URL(path, standIn.orgIssuer), {
    ...init,
    headers: { authorization: token, ...init.headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? {} : JSON.parse(text)) as Json,
  };
}

async function tokenOf(standIn: OktaStandIn, clientId: string, scope: string): Promise<string> {
  const form = { grant_type: "client_credentials", scope };
  return (await askToken(standIn.orgTokenEndpoint, { clientId, key }, form)).body.access_token;
}

test("people, by id and by login, and their groups", async () => {
  const standIn = await start();
  for (const id of ["00uRosa", "rosa@example.com"])
    expect((await call(standIn, `/api/v1/users/${id}`)).body).toMatchObject({
      id: "00uRosa",
      status: "ACTIVE",
      profile: { login: "rosa@example.com" },
    });
  const { body } = await call(standIn, "/api/v1/users/rosa@example.com/groups");
  expect(body).toMatchObject([
    { id: "00gSre", type: "OKTA_GROUP", profile: { name: "sre" } },
    { profile: { name: "leads" } },
  ]);
  const members = await call(standIn, "/api/v1/groups/00gSre/users");
  expect(members.body.map((one) => one["id"])).toHaveLength(2);
});

test("apps with their profile, and the groups assigned to them", async () => {
  const standIn = await start();
  expect((await call(standIn, "/api/v1/apps/0oaService")).body).toMatchObject({
    id: "0oaService",
    status: "ACTIVE",
    profile: { tier: 2 },
  });
  const plain = await call(standIn, "/api/v1/apps/0oaService/groups");
  expect(plain.body).toHaveLength(2);
  expect(plain.body[0]).not.toHaveProperty("_embedded");
  const { body } = await call(standIn, "/api/v1/apps/0oaService/groups?expand=group");
  expect(body).toMatchObject([
    { _embedded: { group: { profile: { name: "support-agents" } } } },
    { _embedded: { group: { profile: { name: "night-agents" } } } },
  ]);
});

test("registered agents, their linked app with its groups, their connections and owners", async () => {
  const standIn = await start();
  const { body } = await call(standIn, "/workload-principals/api/v1/ai-agents/wlpAgent");
  expect(body).toMatchObject({
    id: "wlpAgent",
    status: "ACTIVE",
    profile: { name: "bot" },
    oauthClient: { clientId: "wlpAgent" },
    signOnProvider: { appInstanceId: expect.stringMatching(/^0oa/) },
  });
  const app = (body["signOnProvider"] as { appInstanceId: string }).appInstanceId;
  const groups = await call(standIn, `/api/v1/apps/${app}/groups?expand=group`);
  expect(groups.body).toMatchObject([{ _embedded: { group: { profile: { name: "bots" } } } }]);
  const listed = await call(standIn, "/workload-principals/api/v1/ai-agents");
  expect((listed.body as unknown as { data: unknown[] }).data).toMatchObject([
    { id: "wlpAgent" },
    { id: "wlpOther", status: "STAGED" },
  ]);
  const orn = "orn:okta:directory:00oStandIn:workload-principals:ai-agents:wlpAgent";
  const filter = encodeURIComponent(`parentResourceOrn eq "${orn}"`);
  const owners = await call(standIn, `/governance/api/v1/resource-owners?filter=${filter}`);
  expect(owners.body).toMatchObject({ data: [{ principals: [{ id: "00uRosa" }] }] });
});

test("long lists come in pages, by Link", async () => {
  const standIn = await start({ pageSize: 1 });
  const names: unknown[] = [];
  let next: string | undefined = "/api/v1/users/00uRosa/groups";
  while (next !== undefined) {
    const { body, headers } = await call(standIn, next);
    names.push(...body.map((one) => (one["profile"] as { name: string }).name));
    next = /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
  }
  expect(names).toEqual(["sre", "leads"]);
});

test("what is not there is E0000007, and no token E0000011", async () => {
  const standIn = await start();
  for (const path of ["users/00uNobody", "apps/0oaNobody", "groups/00gNothing"]) {
    const { status, body } = await call(standIn, `/api/v1/${path}`);
    expect({ status, code: body["errorCode"] }).toEqual({ status: 404, code: "E0000007" });
  }
  for (const token of ["", "SSWS wrong", `Bearer ${await standIn.tokenFor({ agent: "0oaGateway" })}`]) {
    const { status, body } = await call(standIn, "/api/v1/users/00uRosa", {}, token);
    expect({ status, code: body["errorCode"] }).toEqual({ status: 401, code: "E0000011" });
  }
});

test("a service app needs the scope and an admin role, and for AI agents the super administrator's", async () => {
  const standIn = await start();
  const says = async (clientId: string, scope: string, path: string): Promise<unknown> => {
    const token = await tokenOf(standIn, clientId, scope);
    const { status, body } = await call(standIn, path, {}, `Bearer ${token}`);
    return status === 200 ? 200 : body["errorCode"];
  };
  expect(await says("0oaGateway", "okta.users.read", "/api/v1/users/00uRosa")).toBe(200);
  expect(await says("0oaGateway", "okta.users.read", "/api/v1/groups")).toBe("E0000006");
  expect(await says("0oaNoRole", "okta.users.read", "/api/v1/users/00uRosa")).toBe("E0000006");
  const agents = "/workload-principals/api/v1/ai-agents";
  expect(await says("0oaGateway", "okta.aiAgents.read", agents)).toBe("E0000006");
});

test("an app that demands DPoP proves its key at the API too", async () => {
  const standIn = await start({
    agents: [
      {
        clientId: "0oaGateway",
        keys: [publicKey],
        dpop: true,
        oktaScopes: ["okta.users.read"],
        adminRole: "READ_ONLY_ADMIN",
      },
    ],
  });
  const dpop = await dpopKey();
  const endpoint = standIn.orgTokenEndpoint;
  const proof = await dpop.proof("POST", endpoint, { nonce: standIn.dpop.nonce() });
  const form = { grant_type: "client_credentials", scope: "okta.users.read" };
  const { body } = await askToken(endpoint, { clientId: "0oaGateway", key }, form, { dpop: proof });
  const token = body.access_token;
  const url = `${standIn.orgIssuer}/api/v1/users/00uRosa`;
  const withProof = async (proofOf: string): Promise<number> =>
    (await call(standIn, "/api/v1/users/00uRosa", { headers: { dpop: proofOf } }, `DPoP ${token}`)).status;
  expect(await withProof(await dpop.proof("GET", url, {}, token))).toBe(200);
  expect(await withProof(await dpop.proof("GET", url))).toBe(400);
  expect(await withProof(await (await dpopKey()).proof("GET", url, {}, token))).toBe(400);
  expect((await call(standIn, "/api/v1/users/00uRosa", {}, `DPoP ${token}`)).status).toBe(400);
  expect((await call(standIn, "/api/v1/users/00uRosa", {}, `Bearer ${token}`)).status).toBe(401);
});

test("every answer says what is left of the rate limit; beyond it comes 429", async () => {
  const standIn = await start({ rateLimit: 2 });
  const path = "/api/v1/users/00uRosa";
  expect((await call(standIn, path)).headers.get("x-rate-limit-remaining")).toBe("1");
  expect((await call(standIn, path)).headers.get("x-rate-limit-remaining")).toBe("0");
  const { status, body, headers } = await call(standIn, path);
  expect({ status, code: body["errorCode"] }).toEqual({ status: 429, code: "E0000047" });
  expect(Number(headers.get("x-rate-limit-reset"))).toBeGreaterThan(Date.now() / 1000);
  standIn.api.setRateLimit(100);
  expect((await call(standIn, path)).status).toBe(200);
});

test("faults: 429, 500, garbage, cut short, reset, late, and never", async () => {
  const standIn = await start();
  const path = "/api/v1/users/00uRosa";
  const ask = (patience = 30_000) => call(standIn, path, { signal: AbortSignal.timeout(patience) });
  standIn.api.fail("rate_limited");
  expect((await ask()).status).toBe(429);
  standIn.api.fail("server_error");
  expect((await ask()).status).toBe(500);
  for (const fault of ["garbage", "truncated", "reset"] as const) {
    standIn.api.fail(fault);
    await expect(ask(), fault).rejects.not.toThrow("timeout");
  }
  standIn.api.fail("never");
  await expect(ask(300)).rejects.toThrow("timeout");
  standIn.api.fail({ slow: 50 });
  expect((await ask()).status).toBe(200);
  standIn.api.fail("server_error", "/api/v1/groups");
  expect((await ask()).status).toBe(200);
  standIn.api.fail(undefined);
  expect((await call(standIn, "/api/v1/groups")).status).toBe(200);
});

test("people, apps and agents are deactivated over HTTP, and it leaves its events", async () => {
  const standIn = await start();
  const post = (path: string) => call(standIn, path, { method: "POST" });
  expect((await post("/api/v1/users/rosa@example.com/lifecycle/deactivate")).status).toBe(200);
  expect((await call(standIn, "/api/v1/users/00uRosa")).body["status"]).toBe("DEPROVISIONED");
  expect((await post("/api/v1/users/otto@example.com/lifecycle/suspend")).status).toBe(200);
  expect((await call(standIn, "/api/v1/users/otto@example.com")).body["status"]).toBe("SUSPENDED");
  expect((await post("/api/v1/apps/0oaService/lifecycle/deactivate")).status).toBe(200);
  expect((await call(standIn, "/api/v1/apps/0oaService")).body["status"]).toBe("INACTIVE");
  const accepted = await post("/workload-principals/api/v1/ai-agents/wlpAgent/lifecycle/deactivate");
  expect(accepted.status).toBe(202);
  const operation = await call(standIn, accepted.headers.get("location") ?? "");
  expect(operation.body).toMatchObject({ status: "COMPLETED", resource: { id: "wlpAgent" } });
  const app = await call(standIn, "/workload-principals/api/v1/ai-agents/wlpAgent");
  expect(app.body["status"]).toBe("INACTIVE");
  expect((await call(standIn, "/api/v1/groups/00gSre/users/00uRosa", { method: "DELETE" })).status).toBe(204);
  const logged = standIn.log.events.map((event) => event.eventType);
  expect(logged).toEqual([
    "user.lifecycle.deactivate",
    "user.lifecycle.suspend",
    "application.lifecycle.deactivate",
    "app.oauth2.client.lifecycle.deactivate",
    "workload_principal.deactivate",
    "workload_principal.ai_agent.deactivate",
    "application.lifecycle.deactivate",
    "group.user_membership.remove",
  ]);
  expect(standIn.log.events[0]).toMatchObject({
    outcome: { result: "SUCCESS" },
    target: [{ id: "00uRosa", type: "User", alternateId: "rosa@example.com" }],
  });
  expect(standIn.log.events.at(-1)?.["target"]).toMatchObject([
    { id: "00uRosa" },
    { id: "00gSre", type: "UserGroup" },
  ]);
});

test("the System Log is polled by its next link, which is always there; filters narrow it", async () => {
  const standIn = await start();
  standIn.deactivate("rosa@example.com");
  standIn.agents.setStatus("wlpAgent", "INACTIVE");
  const nextOf = (headers: Headers): string =>
    /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "")?.[1] ?? "";
  const types = (body: Json): unknown[] => body.map((event) => event["eventType"]);
  const since = encodeURIComponent(new Date(0).toISOString());
  const first = await call(standIn, `/api/v1/logs?since=${since}&sortOrder=ASCENDING&limit=2`);
  expect(types(first.body)).toEqual(["user.lifecycle.deactivate", "workload_principal.deactivate"]);
  const second = await call(standIn, nextOf(first.headers));
  expect(types(second.body)).toHaveLength(2);
  const empty = await call(standIn, nextOf(second.headers));
  expect(empty.body).toEqual([]);
  // Stored late: what happened long ago comes after what is known already.
  standIn.lifecycle.emit("user.lifecycle.suspend", [{ id: "00uRosa", type: "User" }], { at: 1000 });
  expect(types((await call(standIn, nextOf(empty.headers))).body)).toEqual(["user.lifecycle.suspend"]);
  const filter = encodeURIComponent('target.id eq "wlpAgent" or eventType eq "user.lifecycle.suspend"');
  expect(types((await call(standIn, `/api/v1/logs?filter=${filter}`)).body)).toHaveLength(3);
  expect((await call(standIn, `/api/v1/logs?filter=${encodeURIComponent('published gt "x"')}`)).status).toBe(
    400,
  );
  const until = encodeURIComponent(new Date(Date.now() + 1000).toISOString());
  expect(nextOf((await call(standIn, `/api/v1/logs?until=${until}`)).headers)).toBe("");
});

test("without an API token and without apps that may ask there is no management API", async () => {
  const standIn = await startOktaStandIn();
  running.push(standIn);
  expect((await fetch(`${standIn.orgIssuer}/api/v1/users/me`)).status).toBe(404);
});
