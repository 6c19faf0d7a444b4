// tier: full
import { afterEach, expect, test } from "vitest";
import { SignJWT, decodeJwt, decodeProtectedHeader, importJWK } from "jose";
import type { JWK } from "jose";
import { createHash, randomUUID } from "node:crypto";
import { newSigningKey, startOktaStandIn } from "./index.ts";
import type { OktaStandIn, OktaStandInOptions } from "./index.ts";

const running: OktaStandIn[] = [];
afterEach(async () => {
  for (const standIn of running.splice(0)) await standIn.close();
});

const agentKey = await newSigningKey("RS256");
const { kty, n, e, kid } = agentKey;
const people = [{ login: "alice@example.com", name: "Alice", groups: ["support-leads"], uid: "00ualice" }];

async function start(options: OktaStandInOptions = {}): Promise<OktaStandIn> {
  const standIn = await startOktaStandIn({
    agents: [{ clientId: "0oabot", keys: [{ kty, n, e, kid } as JWK] }],
    people,
    introspection: { clientId: "gateway", clientSecret: "s3cret" },
    ...options,
  });
  running.push(standIn);
  return standIn;
}

async function assertion(standIn: OktaStandIn, key: JWK = agentKey): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "RS256", kid: key.kid! })
    .setIssuer("0oabot")
    .setSubject("0oabot")
    .setAudience(standIn.tokenEndpoint)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime("1m")
    .sign(await importJWK(key, "RS256"));
}

type Answer = Record<
  "access_token" | "refresh_token" | "device_code" | "verification_uri_complete" | "error" | "active",
  string
>;

async function post(url: string, form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(form), headers });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Answer };
}

async function agentToken(standIn: OktaStandIn, key?: JWK) {
  return post(standIn.tokenEndpoint, {
    grant_type: "client_credentials",
    scope: "mayfly",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: await assertion(standIn, key),
  });
}

async function looks(standIn: OktaStandIn, token: string, secret = "s3cret") {
  const basic = Buffer.from(`gateway:${secret}`).toString("base64");
  return post(`${standIn.issuer}/v1/introspect`, { token }, { authorization: `Basic ${basic}` });
}

test("discovery has Okta's paths, under both names", async () => {
  const standIn = await start({ name: "aus123" });
  for (const name of ["openid-configuration", "oauth-authorization-server"]) {
    const document = (await (await fetch(`${standIn.issuer}/.well-known/${name}`)).json()) as object;
    expect(document).toMatchObject({
      issuer: `http://127.0.0.1:${standIn.port}/oauth2/aus123`,
      token_endpoint: `${standIn.issuer}/v1/token`,
      jwks_uri: `${standIn.issuer}/v1/keys`,
      authorization_endpoint: `${standIn.issuer}/v1/authorize`,
      introspection_endpoint: `${standIn.issuer}/v1/introspect`,
      revocation_endpoint: `${standIn.issuer}/v1/revoke`,
      device_authorization_endpoint: `${standIn.issuer}/v1/device/authorize`,
    });
  }
  const keys = await fetch(`${standIn.issuer}/v1/keys`);
  expect(keys.headers.get("cache-control")).toBe("max-age=300");
  const set = (await keys.json()) as { keys: JWK[] };
  expect(set.keys).toHaveLength(1);
  expect(set.keys[0]).not.toHaveProperty("d");
});

test("a service app gets a token shaped as Okta's", async () => {
  const standIn = await start();
  const { status, body } = await agentToken(standIn);
  expect(body).toMatchObject({ token_type: "Bearer", expires_in: 3600 });
  expect(status).toBe(200);
  const claims = decodeJwt(body["access_token"]);
  expect(claims).toEqual({
    ver: 1,
    jti: expect.stringMatching(/^AT\./),
    iss: standIn.issuer,
    aud: "api://mayfly",
    iat: expect.any(Number),
    exp: claims.iat! + 3600,
    cid: "0oabot",
    scp: ["mayfly"],
    sub: "0oabot",
  });
  expect(decodeProtectedHeader(body["access_token"])).toEqual({
    alg: "RS256",
    kid: standIn.currentKey().kid,
  });
});

test("a service app with another key gets none", async () => {
  const standIn = await start();
  const { status } = await agentToken(standIn, { ...(await newSigningKey("RS256")), kid: kid! });
  expect(status).toBe(401);
});

test("a person signs in by device flow, and gets groups, uid and a refresh token", async () => {
  const standIn = await start();
  const device = await post(`${standIn.issuer}/v1/device/authorize`, {
    client_id: standIn.peopleClient,
    scope: "openid offline_access mayfly",
  });
  expect(device.status).toBe(200);
  const poll = () =>
    post(standIn.tokenEndpoint, {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      client_id: standIn.peopleClient,
      device_code: device.body["device_code"],
    });
  expect((await poll()).body["error"]).toBe("authorization_pending");
  await standIn.signIn(device.body["verification_uri_complete"], "alice@example.com");
  const { body } = await poll();
  const claims = decodeJwt(body["access_token"]);
  expect(claims).toMatchObject({
    sub: "alice@example.com",
    uid: "00ualice",
    cid: "mayfly-cli",
    groups: ["support-leads"],
    scp: expect.arrayContaining(["mayfly"]),
    aud: "api://mayfly",
  });
  const refreshed = await post(standIn.tokenEndpoint, {
    grant_type: "refresh_token",
    client_id: standIn.peopleClient,
    refresh_token: body["refresh_token"],
  });
  expect(decodeJwt(refreshed.body["access_token"]).sub).toBe("alice@example.com");
});

test("a person signs in by code with PKCE", async () => {
  const standIn = await start({ redirectUris: ["http://127.0.0.1/callback"] });
  const verifier = randomUUID() + randomUUID();
  const query = new URLSearchParams({
    client_id: standIn.peopleClient,
    response_type: "code",
    scope: "openid mayfly",
    redirect_uri: "http://127.0.0.1:45678/callback",
    state: "s",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const back = new URL(
    await standIn.signIn(`${standIn.issuer}/v1/authorize?${query.toString()}`, "alice@example.com"),
  );
  expect(back.searchParams.get("state")).toBe("s");
  const { body } = await post(standIn.tokenEndpoint, {
    grant_type: "authorization_code",
    client_id: standIn.peopleClient,
    code: back.searchParams.get("code") ?? "",
    redirect_uri: "http://127.0.0.1:45678/callback",
    code_verifier: verifier,
  });
  expect(decodeJwt(body["access_token"])).toMatchObject({
    sub: "alice@example.com",
    groups: ["support-leads"],
  });
});

test("introspection: active until revoked or deactivated, and only for who may ask", async () => {
  const standIn = await start();
  const { body } = await agentToken(standIn);
  const token = body["access_token"];
  expect((await looks(standIn, token)).body).toMatchObject({
    active: true,
    client_id: "0oabot",
    scope: "mayfly",
  });
  expect((await looks(standIn, token, "wrong")).status).toBe(401);
  expect((await looks(standIn, `${token}x`)).body).toEqual({ active: false });
  await standIn.revoke(token);
  expect((await looks(standIn, token)).body).toEqual({ active: false });

  const second = (await agentToken(standIn)).body["access_token"];
  standIn.deactivate("0oabot");
  expect((await looks(standIn, second)).body).toEqual({ active: false });
  expect((await agentToken(standIn)).status).toBeGreaterThanOrEqual(400);
  standIn.reactivate("0oabot");
  expect((await agentToken(standIn)).status).toBe(200);
});

test("a client revokes its own token over HTTP", async () => {
  const standIn = await start();
  const token = (await agentToken(standIn)).body["access_token"];
  const form = {
    token,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: await assertion(standIn),
  };
  expect((await post(`${standIn.issuer}/v1/revoke`, { token, client_id: standIn.peopleClient })).status).toBe(
    200,
  );
  expect((await looks(standIn, token)).body["active"]).toBe(true);
  expect((await post(`${standIn.issuer}/v1/revoke`, form)).status).toBe(200);
  expect((await looks(standIn, token)).body["active"]).toBe(false);
});

test("after a rotation new tokens carry the new key, and sign-ins go on", async () => {
  const standIn = await start();
  const before = standIn.currentKey().kid;
  await standIn.rotateKeys();
  const { body } = await agentToken(standIn);
  expect(decodeProtectedHeader(body["access_token"]).kid).toBe(standIn.currentKey().kid);
  const set = (await (await fetch(`${standIn.issuer}/v1/keys`)).json()) as { keys: JWK[] };
  expect(set.keys.map((key) => key.kid)).toEqual([standIn.currentKey().kid, before]);
  await standIn.rotateKeys({ keep: false });
  const alone = (await (await fetch(`${standIn.issuer}/v1/keys`)).json()) as { keys: JWK[] };
  expect(alone.keys).toHaveLength(1);
});

test("outages and their end", async () => {
  const standIn = await start();
  standIn.pause();
  await expect(fetch(`${standIn.issuer}/v1/keys`)).rejects.toThrow("fetch failed");
  standIn.pause("unavailable");
  expect((await fetch(`${standIn.issuer}/v1/keys`)).status).toBe(503);
  standIn.resume();
  expect((await fetch(`${standIn.issuer}/v1/keys`)).status).toBe(200);
  expect(standIn.hits.get("/v1/keys")).toBe(1);
});

test("ES256, and tokens without a flow", async () => {
  const standIn = await start({ algorithm: "ES256" });
  const { body } = await agentToken(standIn);
  expect(decodeProtectedHeader(body["access_token"]).alg).toBe("ES256");
  const delegated = decodeJwt(await standIn.tokenFor({ agent: "0oabot", person: "alice@example.com" }));
  expect(delegated).toMatchObject({
    scp: ["mayfly"],
    act: { sub: "0oabot", sub_profile: "ai_agent web_app" },
    sub: "alice@example.com",
    sub_profile: "user",
    cid: "0oabot",
  });
  const machine = decodeJwt(await standIn.tokenFor({ agent: "0oabot", service: "0oaservice" }));
  expect(machine).toMatchObject({
    scope: "mayfly",
    sub: "0oaservice",
    act: { sub: "0oabot", act: { sub: "0oaservice", sub_profile: "service" } },
  });
  expect(machine).not.toHaveProperty("cid");
});
