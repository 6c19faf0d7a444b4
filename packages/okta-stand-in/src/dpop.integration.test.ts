// tier: full
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterEach, expect, test } from "vitest";
import { startOktaStandIn } from "./index.ts";
import type { OktaStandIn, OktaStandInOptions } from "./index.ts";
import { askToken, clientKey, dpopKey, postForm } from "./testing/client.ts";
import type { Answer } from "./testing/client.ts";

const running: OktaStandIn[] = [];
afterEach(async () => {
  for (const standIn of running.splice(0)) await standIn.close();
});

const { key, publicKey } = await clientKey();
const client = { clientId: "0oaService", key };

async function start(options: OktaStandInOptions = {}): Promise<OktaStandIn> {
  const standIn = await startOktaStandIn({
    agents: [{ clientId: "0oaService", keys: [publicKey], dpop: true, oktaScopes: ["okta.users.read"] }],
    people: [{ login: "rosa@example.com", name: "Rosa", groups: [] }],
    ...options,
  });
  running.push(standIn);
  return standIn;
}

const ask = (url: string, proof?: string, scope = "mayfly"): Promise<Answer> =>
  askToken(
    url,
    client,
    { grant_type: "client_credentials", scope },
    proof === undefined ? {} : { dpop: proof },
  );

test("an app that demands DPoP gets a token bound to the key of its proof, and none without", async () => {
  const standIn = await start();
  const dpop = await dpopKey();
  expect(await ask(standIn.tokenEndpoint)).toMatchObject({
    status: 400,
    body: { error: "invalid_dpop_proof", error_description: "The DPoP proof JWT header is missing." },
  });
  const { body } = await ask(standIn.tokenEndpoint, await dpop.proof("POST", standIn.tokenEndpoint));
  expect(body["token_type"]).toBe("DPoP");
  expect(decodeJwt(body.access_token)).toMatchObject({ cnf: { jkt: dpop.thumbprint }, cid: "0oaService" });
});

test("the org authorization server wants a nonce, and so does the other by option", async () => {
  const standIn = await start({ dpopNonces: true });
  const dpop = await dpopKey();
  for (const [url, scope] of [
    [standIn.tokenEndpoint, "mayfly"],
    [standIn.orgTokenEndpoint, "okta.users.read"],
  ] as const) {
    const first = await ask(url, await dpop.proof("POST", url), scope);
    expect(first).toMatchObject({
      status: 400,
      body: {
        error: "use_dpop_nonce",
        error_description: "Authorization server requires nonce in DPoP proof.",
      },
    });
    const nonce = first.headers.get("dpop-nonce") ?? "";
    const second = await ask(url, await dpop.proof("POST", url, { nonce }), scope);
    expect(second.status).toBe(200);
    expect(decodeJwt(second.body.access_token)["cnf"]).toEqual({ jkt: dpop.thumbprint });
  }
  const old = standIn.dpop.nonce();
  standIn.dpop.rotateNonce();
  const url = standIn.tokenEndpoint;
  expect((await ask(url, await dpop.proof("POST", url, { nonce: old }))).status).toBe(200);
  standIn.dpop.rotateNonce(true);
  expect((await ask(url, await dpop.proof("POST", url, { nonce: old }))).body["error"]).toBe(
    "use_dpop_nonce",
  );
});

test("the org's token for Okta's own APIs is of Okta's own type", async () => {
  const standIn = await start({
    agents: [{ clientId: "0oaService", keys: [publicKey], oktaScopes: ["okta.users.read"] }],
  });
  const { body } = await ask(standIn.orgTokenEndpoint, undefined, "okta.users.read");
  expect(body).toMatchObject({ token_type: "Bearer", expires_in: 3600, scope: "okta.users.read" });
  expect(decodeProtectedHeader(body.access_token).typ).toBe("application/okta-internal-at+jwt");
  expect((await ask(standIn.orgTokenEndpoint, undefined, "okta.groups.read")).body["error"]).toBe(
    "invalid_scope",
  );
});

test.each([
  ["for another method", { htm: "GET" }],
  ["for another URL", { htu: "https://elsewhere.example.com" }],
  ["too old", { iat: 1 }],
  ["without an id", { jti: undefined }],
])("a proof %s is refused", async (_, claims) => {
  const standIn = await start();
  const dpop = await dpopKey();
  const { body } = await ask(standIn.tokenEndpoint, await dpop.proof("POST", standIn.tokenEndpoint, claims));
  expect(body["error"]).toBe("invalid_dpop_proof");
});

test("a proof works once, and a header holds one", async () => {
  const standIn = await start();
  const dpop = await dpopKey();
  const proof = await dpop.proof("POST", standIn.tokenEndpoint);
  expect((await ask(standIn.tokenEndpoint, proof)).status).toBe(200);
  expect((await ask(standIn.tokenEndpoint, proof)).body["error"]).toBe("invalid_dpop_proof");
  expect((await ask(standIn.tokenEndpoint, `${proof}, ${proof}`)).body["error"]).toBe("invalid_dpop_proof");
});

test("a person's token is bound too, and the client of people may demand it", async () => {
  const standIn = await start({ peopleDpop: true });
  const device = await postForm(`${standIn.issuer}/v1/device/authorize`, {
    client_id: standIn.peopleClient,
    scope: "openid offline_access mayfly",
  });
  await standIn.signIn(String(device.body["verification_uri_complete"]), "rosa@example.com");
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: standIn.peopleClient,
    device_code: String(device.body["device_code"]),
  };
  expect((await postForm(standIn.tokenEndpoint, form)).status).toBe(400);
  const dpop = await dpopKey();
  const proof = await dpop.proof("POST", standIn.tokenEndpoint);
  const { body } = await postForm(standIn.tokenEndpoint, form, { dpop: proof });
  expect(body["token_type"]).toBe("DPoP");
  expect(decodeJwt(body.access_token)).toMatchObject({
    cnf: { jkt: dpop.thumbprint },
    sub: "rosa@example.com",
  });
});
