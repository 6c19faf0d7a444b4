// tier: full
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterEach, expect, test } from "vitest";
import { startOktaStandIn } from "./index.ts";
import type { OktaStandIn, OktaStandInOptions, StandInRegisteredAgent } from "./index.ts";
import { askToken, assertionFor, clientKey, postForm } from "./testing/client.ts";
import type { Answer } from "./testing/client.ts";
import { idTokenFor } from "./testing/sign-in-to-agent.ts";

const running: OktaStandIn[] = [];
afterEach(async () => {
  for (const standIn of running.splice(0)) await standIn.close();
});

const { key, publicKey } = await clientKey();
const other = await clientKey();
const gateway = "https://mayfly.example.com";
const agent = { clientId: "wlpAgent", key };
const service = { clientId: "0oaService", key };
const idJagType = "urn:ietf:params:oauth:token-type:id-jag";

async function start(
  registered: Partial<StandInRegisteredAgent> = {},
  options: OktaStandInOptions = {},
): Promise<OktaStandIn> {
  const standIn = await startOktaStandIn({
    agents: [{ clientId: "0oaService", keys: [publicKey] }],
    people: [
      { login: "rosa@example.com", name: "Rosa", groups: ["sre"], uid: "00uRosa" },
      { login: "otto@example.com", name: "Otto", groups: [] },
    ],
    ...options,
    registeredAgents: [
      {
        clientId: "wlpAgent",
        keys: [publicKey],
        owners: ["rosa@example.com"],
        userAccess: { people: ["rosa@example.com"] },
        machineAccess: { callers: ["0oaService"] },
        connections: [{ resource: gateway, scopes: ["mayfly"] }],
        ...registered,
      },
      ...(options.registeredAgents ?? []),
    ],
  });
  running.push(standIn);
  return standIn;
}

function exchange(
  standIn: OktaStandIn,
  token: string,
  form: Record<string, string | undefined> = {},
  client = agent,
): Promise<Answer> {
  return askToken(standIn.orgTokenEndpoint, client, {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: idJagType,
    subject_token: token,
    subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
    audience: standIn.issuer,
    resource: gateway,
    scope: "mayfly",
    ...form,
  });
}

function redeem(standIn: OktaStandIn, idJag: string, form = {}, client = agent): Promise<Answer> {
  return askToken(standIn.tokenEndpoint, client, {
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: idJag,
    ...form,
  });
}

const accessToken = { subject_token_type: "urn:ietf:params:oauth:token-type:access_token" };

async function serviceToken(standIn: OktaStandIn): Promise<string> {
  const form = { grant_type: "client_credentials", scope: "mayfly" };
  return (await askToken(standIn.tokenEndpoint, service, form)).body.access_token;
}

test("a person signs in to the agent, which gets an ID-JAG and then an access token for the gateway", async () => {
  const standIn = await start();
  const idToken = await idTokenFor(standIn, agent, "rosa@example.com");
  expect(decodeJwt(idToken)).toMatchObject({ sub: "00uRosa", aud: "wlpAgent", iss: standIn.orgIssuer });
  const jag = await exchange(standIn, idToken);
  expect(jag.body).toMatchObject({ token_type: "N_A", expires_in: 300, issued_token_type: idJagType });
  expect(decodeProtectedHeader(jag.body.access_token)).toMatchObject({
    typ: "oauth-id-jag+jwt",
    alg: "RS256",
  });
  const actor = { sub: "wlpAgent", sub_profile: "ai_agent web_app" };
  const times = { iat: expect.any(Number), exp: expect.any(Number) };
  expect(decodeJwt(jag.body.access_token)).toEqual({
    jti: expect.stringMatching(/^IDAAG\./),
    iss: standIn.orgIssuer,
    aud: standIn.issuer,
    ...times,
    sub: "00uRosa",
    email: "rosa@example.com",
    resource: gateway,
    client_id: "wlpAgent",
    scope: "mayfly",
    sub_profile: "user",
    act: actor,
  });
  const last = await redeem(standIn, jag.body.access_token);
  expect(last.body).toMatchObject({ token_type: "Bearer", expires_in: 3600, scope: "mayfly" });
  expect(decodeProtectedHeader(last.body.access_token)).not.toHaveProperty("typ");
  expect(decodeJwt(last.body.access_token)).toEqual({
    ver: 1,
    jti: expect.stringMatching(/^AT\./),
    iss: standIn.issuer,
    aud: gateway,
    ...times,
    auth_time: expect.any(Number),
    cid: "wlpAgent",
    uid: "00uRosa",
    scp: ["mayfly"],
    sub: "rosa@example.com",
    groups: ["sre"],
    sub_profile: "user",
    act: actor,
  });
});

test("an ID-JAG works once, for the client it was issued to, and not as an access token's stand-in", async () => {
  const standIn = await start({}, { registeredAgents: [{ clientId: "wlpOther", keys: [other.publicKey] }] });
  const jag = (await exchange(standIn, await idTokenFor(standIn, agent, "rosa@example.com"))).body
    .access_token;
  const stolen = await redeem(standIn, jag, {}, { clientId: "wlpOther", key: other.key });
  expect(stolen).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  expect((await redeem(standIn, jag, { resource: `${gateway}/` })).body["error"]).toBe("invalid_target");
  expect((await redeem(standIn, jag)).status).toBe(200);
  expect((await redeem(standIn, jag)).body).toEqual({
    error: "invalid_grant",
    error_description: "id-jag already used",
  });
  const token = await standIn.tokenFor({ agent: "wlpAgent", person: "rosa@example.com" });
  expect((await redeem(standIn, token)).body["error"]).toBe("invalid_grant");
});

test("the separate linked app of the older model stays in the chain", async () => {
  const standIn = await start({ userAccess: { clientId: "0oaLinked" } });
  const idToken = await idTokenFor(standIn, { clientId: "0oaLinked" }, "rosa@example.com");
  const { body } = await redeem(standIn, (await exchange(standIn, idToken)).body.access_token);
  expect(decodeJwt(body.access_token)["act"]).toEqual({
    sub: "wlpAgent",
    sub_profile: "ai_agent",
    act: { sub: "0oaLinked", sub_profile: "web_app" },
  });
});

test.each(["documented", "observed"] as const)(
  "a service app calls through the agent, as %s",
  async (how) => {
    const standIn = await start({}, { machineTokens: how });
    const jag = await exchange(standIn, await serviceToken(standIn), accessToken);
    const claims = decodeJwt((await redeem(standIn, jag.body.access_token)).body.access_token);
    const same = {
      iss: standIn.issuer,
      aud: gateway,
      iat: expect.any(Number),
      exp: expect.any(Number),
      sub: "0oaService",
      sub_profile: "service",
      act: {
        sub: "wlpAgent",
        sub_profile: "ai_agent",
        act: { sub: "0oaService", sub_profile: "service" },
      },
    };
    const jti: unknown = expect.any(String);
    const shapes = {
      documented: { ...same, scope: "mayfly" },
      observed: { ...same, ver: 1, jti, cid: "wlpAgent", scp: ["mayfly"] },
    };
    expect(claims).toEqual(shapes[how]);
  },
);

test("agent to agent: the subject stays, the nearest actor stands first", async () => {
  const second = { clientId: "wlpSecond", key: other.key };
  const standIn = await start(
    { connections: [{ resource: "https://second.example.com", scopes: ["mayfly"] }] },
    {
      registeredAgents: [
        {
          clientId: "wlpSecond",
          keys: [other.publicKey],
          machineAccess: { audience: "https://second.example.com", callers: ["wlpAgent"] },
          connections: [{ resource: gateway, scopes: ["mayfly"] }],
        },
      ],
    },
  );
  const idToken = await idTokenFor(standIn, agent, "rosa@example.com");
  const toSecond = { resource: "https://second.example.com" };
  const first = await redeem(standIn, (await exchange(standIn, idToken, toSecond)).body.access_token);
  const jag = await exchange(standIn, first.body.access_token, accessToken, second);
  const { body } = await redeem(standIn, jag.body.access_token, {}, second);
  expect(decodeJwt(body.access_token)).toMatchObject({
    cid: "wlpSecond",
    uid: "00uRosa",
    sub: "rosa@example.com",
    sub_profile: "user",
    act: {
      sub: "wlpSecond",
      sub_profile: "ai_agent",
      act: { sub: "wlpAgent", sub_profile: "ai_agent web_app" },
    },
  });
});

test("an MCP server's tokens carry no actors, and it may not go on for a machine", async () => {
  const standIn = await start({ kind: "mcp_server" });
  const person = await exchange(
    standIn,
    await standIn.tokenFor({ person: "rosa@example.com", client: "0oaService" }),
    accessToken,
  );
  const claims = decodeJwt((await redeem(standIn, person.body.access_token)).body.access_token);
  expect(claims).toMatchObject({ cid: "wlpAgent", uid: "00uRosa" });
  expect(claims).not.toHaveProperty("act");
  expect(claims).not.toHaveProperty("sub_profile");
  const machine = await exchange(standIn, await serviceToken(standIn), accessToken);
  expect((await redeem(standIn, machine.body.access_token)).body["error"]).toBe("invalid_grant");
});

test("an agent bound to an existing app has an id that begins with 0oa", async () => {
  const standIn = await start(
    {},
    {
      registeredAgents: [
        {
          clientId: "0oaAgent",
          keys: [other.publicKey],
          userAccess: {},
          connections: [{ scopes: ["mayfly"] }],
        },
      ],
    },
  );
  const bound = { clientId: "0oaAgent", key: other.key };
  const idToken = await idTokenFor(standIn, bound, "rosa@example.com");
  const jag = await exchange(standIn, idToken, { resource: undefined, scope: undefined }, bound);
  const { body } = await redeem(standIn, jag.body.access_token, {}, bound);
  expect(decodeJwt(body.access_token)).toMatchObject({
    aud: "api://mayfly",
    cid: "0oaAgent",
    act: { sub: "0oaAgent" },
  });
});

test("errors come in the order in which people meet them, in Okta's words", async () => {
  const standIn = await start({ status: "STAGED" });
  const idToken = await standIn.mint({
    iss: standIn.orgIssuer,
    aud: "wlpAgent",
    sub: "00uRosa",
    exp: Math.floor(Date.now() / 1000) + 60,
  });
  const says = async (form: Record<string, string | undefined>, token = idToken): Promise<unknown> =>
    (await exchange(standIn, token, form)).body;
  const everythingWrong = {
    requested_token_type: "urn:x",
    scope: "other",
    resource: "https://elsewhere",
    audience: "https://elsewhere",
  };
  expect(await says(everythingWrong)).toEqual({ error: "invalid_client" });
  standIn.agents.setStatus("wlpAgent", "ACTIVE");
  expect(await says(everythingWrong)).toEqual({
    error: "invalid_request",
    error_description: "'requested_token_type' is invalid.",
  });
  const wrong = { ...everythingWrong, requested_token_type: idJagType };
  const foreign = await standIn.mint({
    iss: standIn.orgIssuer,
    aud: "0oaElsewhere",
    sub: "00uRosa",
    exp: 9e9,
  });
  expect(await says(wrong, foreign)).toEqual({
    error: "invalid_request",
    error_description: "'subject_token' is invalid: no delegation policy authorizes this token.",
  });
  expect(
    await says({ ...wrong, ...accessToken }, await standIn.tokenFor({ agent: "0oaStranger" })),
  ).toMatchObject({
    error_description: "'subject_token' is invalid: no delegation policy authorizes this token.",
  });
  const unassigned = await standIn.mint({
    iss: standIn.orgIssuer,
    aud: "wlpAgent",
    sub: "00uNobody",
    exp: 9e9,
  });
  expect(await says(wrong, unassigned)).toEqual({
    error: "invalid_request",
    error_description: "'subject_token' is invalid: the user is not assigned to the client application.",
  });
  expect(await says({ ...wrong, scope: "openid" })).toEqual({
    error: "invalid_scope",
    error_description: "openid not allowed",
  });
  expect(await says(wrong)).toMatchObject({ error: "invalid_scope" });
  expect(await says({ scope: "mayfly other" })).toMatchObject({ error: "invalid_scope" });
  expect(await says({ resource: `${gateway}/` })).toEqual({
    error: "invalid_target",
    error_description: "'resource' is invalid.",
  });
  expect(await says({ audience: "https://elsewhere" })).toMatchObject({ error: "invalid_target" });
  standIn.agents.setConnections("wlpAgent", [{ resource: gateway, scopes: ["mayfly"], status: "INACTIVE" }]);
  expect(await says({})).toMatchObject({ error: "invalid_target" });
  expect(await says({}, `${idToken}x`)).toMatchObject({ error: "invalid_grant" });
});

test("the authorization server's policies may lack the agent", async () => {
  const standIn = await start({ allowedByPolicy: false });
  const jag = await exchange(standIn, await serviceToken(standIn), accessToken);
  expect((await redeem(standIn, jag.body.access_token)).body).toEqual({
    error: "access_denied",
    error_description: "Policy evaluation failed for this request, please check the policy configurations.",
  });
});

test("nobody signs in to an app that they are not assigned to, or whose agent is not active", async () => {
  const standIn = await start();
  await expect(idTokenFor(standIn, agent, "otto@example.com")).rejects.toThrow("access_denied");
  standIn.agents.setStatus("wlpAgent", "INACTIVE");
  await expect(idTokenFor(standIn, agent, "rosa@example.com")).rejects.toThrow("access_denied");
});

test.each([
  ["invalid_client", 401],
  ["access_denied", 400],
] as const)("an agent that is not active gets %s", async (error, status) => {
  const standIn = await start({}, { inactiveAgentError: error });
  const token = await serviceToken(standIn);
  standIn.agents.setStatus("wlpAgent", "INACTIVE");
  const refused = await exchange(standIn, token, accessToken);
  expect(refused).toMatchObject({ status, body: { error } });
});

test("a registered agent cannot use client_credentials, and a service app cannot exchange", async () => {
  const standIn = await start();
  const form = { grant_type: "client_credentials", scope: "mayfly" };
  for (const url of [standIn.tokenEndpoint, standIn.orgTokenEndpoint])
    expect((await askToken(url, agent, form)).body).toEqual({
      error: "unauthorized_client",
      error_description: "Only service apps can use client_credentials",
    });
  const asService = await exchange(standIn, await serviceToken(standIn), accessToken, service);
  expect(asService.body["error"]).toBe("unauthorized_client");
});

test("a client assertion is refused once used, expired, too long, for elsewhere, by another key, or unknown", async () => {
  const standIn = await start();
  const url = standIn.tokenEndpoint;
  const now = Math.floor(Date.now() / 1000);
  const says = async (assertion: string): Promise<string> => {
    const { status, body } = await postForm(url, {
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
    });
    return `${status} ${(body["error_description"] as string | undefined) ?? "ok"}`;
  };
  const once = await assertionFor("0oaService", key, url);
  expect(await says(once)).toBe("200 ok");
  expect(await says(once)).toBe("401 The client_assertion token has already been used.");
  expect(await says(await assertionFor("0oaService", key, url, { exp: now - 600 }))).toContain("is expired");
  expect(await says(await assertionFor("0oaService", key, url, { exp: now + 7200 }))).toContain("too far");
  expect(await says(await assertionFor("0oaService", key, "https://elsewhere"))).toContain("audience claim");
  expect(await says(await assertionFor("0oaService", key, url, { iss: "0oaOther" }))).toContain(
    "issuer and subject",
  );
  expect(await says(await assertionFor("0oaService", { ...other.key, kid: key.kid! }, url))).toBe(
    "401 The client_assertion signature is invalid.",
  );
  expect(await says(await assertionFor("0oaService", other.key, url))).toBe("401 kid is invalid");
  expect(await says(await assertionFor("0oaNobody", key, url))).toBe(
    "401 Invalid value for 'client_id' parameter.",
  );
  expect(await says("x")).toBe("401 The client_assertion token is invalid.");
});

test("a service app asks for a resource that it may call, and gets it as the audience", async () => {
  const standIn = await start(
    {},
    { agents: [{ clientId: "0oaService", keys: [publicKey], resources: [gateway] }] },
  );
  const form = { grant_type: "client_credentials", scope: "mayfly" };
  const { body } = await askToken(standIn.tokenEndpoint, service, { ...form, resource: gateway });
  expect(decodeJwt(body.access_token)).toMatchObject({ aud: gateway, sub: "0oaService", cid: "0oaService" });
  const elsewhere = await askToken(standIn.tokenEndpoint, service, { ...form, resource: `${gateway}/` });
  expect(elsewhere.body["error"]).toBe("invalid_target");
  const scope = await askToken(standIn.tokenEndpoint, service, { ...form, scope: "other" });
  expect(scope.body["error"]).toBe("invalid_scope");
});
