import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeOkta, fakeOkta, unsigned } from "../testing/fake-okta.ts";
import { agentTokens, serviceTokens } from "./sources.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const soon = (): number => Math.floor(Date.now() / 1000) + 3600;
const idToken = (claims: object = {}): string =>
  unsigned({ sub: "00uROSA", aud: "wlpA", exp: soon(), ...claims });
const noProof = {
  body: { error: "invalid_dpop_proof", error_description: "The DPoP proof JWT header is missing." },
};

let okta: FakeOkta;
beforeEach(async () => {
  okta = await fakeOkta();
});
afterEach(() => okta.close());

const agent = () => ({ issuer: okta.issuer, clientId: "wlpA", key: pem, keyId: "kA" });
const service = () => ({ issuer: okta.issuer, clientId: "0oaSVC", key: pem, keyId: "kS" });

describe("a service app", () => {
  it("signs a fresh assertion for the token endpoint each time", async () => {
    const tokens = serviceTokens({ ...service(), resource: "https://mayfly.internal" });
    const first = await tokens();
    expect(await tokens()).toBe(first);
    expect(await tokens(first)).not.toBe(first);
    expect(okta.asked.map(({ form }) => [form["grant_type"], form["scope"], form["resource"]])).toEqual([
      ["client_credentials", "mayfly", "https://mayfly.internal"],
      ["client_credentials", "mayfly", "https://mayfly.internal"],
    ]);
    const assertions = okta.asked.map(({ assertion }) => assertion);
    for (const assertion of assertions) {
      expect(assertion?.header).toMatchObject({ alg: "ES256", kid: "kS" });
      expect(assertion?.claims).toMatchObject({
        iss: "0oaSVC",
        sub: "0oaSVC",
        aud: `${okta.issuer}/v1/token`,
      });
    }
    expect(new Set(assertions.map((one) => one?.claims["jti"])).size).toBe(2);
  });

  it("makes a key when the server demands DPoP, and answers its nonce: Okta's default for new apps", async () => {
    okta.script("custom", noProof, {
      headers: { "dpop-nonce": "n1" },
      body: {
        error: "use_dpop_nonce",
        error_description: "Authorization server requires nonce in DPoP proof.",
      },
    });
    const tokens = serviceTokens(service());
    expect(tokens.dpopKey()).toBeUndefined();
    const token = await tokens.current();
    expect(token.dpop?.jwk.d).toBeDefined();
    expect(tokens.dpopKey()).toBe(token.dpop);
    const [bare, first, second] = okta.asked;
    expect(bare?.proof).toBeUndefined();
    expect(first?.proof?.header).toMatchObject({ typ: "dpop+jwt", alg: "ES256" });
    expect(first?.proof?.header["jwk"]).not.toHaveProperty("d");
    expect(first?.proof?.claims).toMatchObject({ htm: "POST", htu: `${okta.issuer}/v1/token` });
    expect(first?.proof?.claims).not.toHaveProperty("nonce");
    expect(second?.proof?.claims).toMatchObject({ nonce: "n1" });
    expect(new Set(okta.asked.map(({ assertion }) => assertion?.claims["jti"])).size).toBe(3);
    expect(second?.proof?.claims["jti"]).not.toBe(first?.proof?.claims["jti"]);
    // From now on with the key at once.
    await tokens(token.accessToken);
    expect(okta.asked.at(-1)?.proof?.header["jwk"]).toEqual(first?.proof?.header["jwk"]);
    expect(okta.asked).toHaveLength(4);
  });

  it("keeps to itself that a server which ignores the proof gave a bearer token", async () => {
    okta.script("custom", noProof, { status: 200, body: { access_token: "opaque", token_type: "Bearer" } });
    expect((await serviceTokens(service()).current()).dpop).toBeUndefined();
  });

  it("renews before the token expires, with one request for all who wait", async () => {
    const short = await fakeOkta(20);
    const tokens = serviceTokens({ ...service(), issuer: short.issuer });
    const first = await tokens();
    const [one, two] = await Promise.all([tokens(), tokens()]);
    expect([one === first, one === two, short.asked.length]).toEqual([false, true, 2]);
    await short.close();
  });

  it("asks again after a refusal", async () => {
    okta.script("custom", { body: { error: "invalid_client" } });
    const tokens = serviceTokens(service());
    await expect(tokens()).rejects.toMatchObject({ code: "client_refused" });
    expect(await tokens()).toBeTypeOf("string");
  });

  it("refuses a token of the org's own server", async () => {
    const access_token = unsigned({}, { typ: "application/okta-internal-at+jwt" });
    okta.script("custom", { status: 200, body: { access_token, token_type: "Bearer" } });
    await expect(serviceTokens(service())()).rejects.toMatchObject({
      code: "org_token",
      hint: expect.stringContaining("Security > API > Authorization Servers") as unknown,
    });
  });
});

describe("a registered agent", () => {
  it("exchanges a person's ID token at the org, and the ID-JAG at the custom server", async () => {
    const token = idToken();
    const tokens = agentTokens({
      ...agent(),
      resource: "https://mayfly.internal:8443",
      for: { idToken: token },
    });
    await tokens();
    const [exchange, redeem] = okta.asked;
    expect([exchange?.at, redeem?.at, okta.asked.length]).toEqual(["org", "custom", 2]);
    expect(exchange?.form).toMatchObject({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: "urn:ietf:params:oauth:token-type:id-jag",
      subject_token: token,
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      audience: okta.issuer,
      resource: "https://mayfly.internal:8443",
      scope: "mayfly",
    });
    expect(redeem?.form["grant_type"]).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    expect(Buffer.from(redeem?.form["assertion"]?.split(".")[1] ?? "", "base64url").toString()).toContain(
      "IDAAG.1",
    );
    expect(exchange?.assertion?.claims["aud"]).toBe(`${okta.org}/oauth2/v1/token`);
    expect(redeem?.assertion?.claims["aud"]).toBe(`${okta.issuer}/v1/token`);
    expect(redeem?.assertion?.claims["jti"]).not.toBe(exchange?.assertion?.claims["jti"]);
    for (const { assertion } of okta.asked)
      expect(assertion?.claims).toMatchObject({ iss: "wlpA", sub: "wlpA" });
  });

  it("acts for the service app that calls it, and for the agent that calls it", async () => {
    const first = agentTokens({
      ...agent(),
      resource: "https://second.internal",
      for: { accessToken: serviceTokens({ ...service(), resource: "https://first.internal" }) },
    });
    const second = agentTokens({ ...agent(), clientId: "wlpB", for: { accessToken: first } });
    await second();
    const seen = okta.asked.map(({ at, form, assertion }) => [
      at,
      assertion?.claims["sub"],
      form["subject_token_type"]?.split(":").at(-1),
      form["resource"],
    ]);
    expect(seen).toEqual([
      ["custom", "0oaSVC", undefined, "https://first.internal"],
      ["org", "wlpA", "access_token", "https://second.internal"],
      ["custom", "wlpA", undefined, undefined],
      ["org", "wlpB", "access_token", undefined],
      ["custom", "wlpB", undefined, undefined],
    ]);
    expect(okta.asked[3]?.form["subject_token"]).toBe(await first());
  });

  it("proves its key at both servers, each with its own nonce", async () => {
    const wants = (nonce: string) => ({
      headers: { "dpop-nonce": nonce },
      body: { error: "use_dpop_nonce" },
    });
    okta.script("org", noProof, wants("org-nonce"));
    const tokens = agentTokens({ ...agent(), for: { idToken: idToken() } });
    const { dpop } = await tokens.current();
    expect(dpop).toBeDefined();
    expect(okta.asked.map(({ at, proof }) => [at, proof?.claims["nonce"], proof?.claims["htu"]])).toEqual([
      ["org", undefined, undefined],
      ["org", undefined, `${okta.org}/oauth2/v1/token`],
      ["org", "org-nonce", `${okta.org}/oauth2/v1/token`],
      ["custom", undefined, `${okta.issuer}/v1/token`],
    ]);
  });

  it("renews the ID token by the refresh token, and keeps the one that came with it", async () => {
    const old = idToken({ exp: Math.floor(Date.now() / 1000) + 10 });
    const fresh = idToken({ iss: okta.org, aud: "wlpA", iat: Math.floor(Date.now() / 1000) });
    okta.script("org", {
      status: 200,
      body: {
        access_token: unsigned({}, { typ: "application/okta-internal-at+jwt" }),
        token_type: "Bearer",
        id_token: fresh,
        refresh_token: "r2",
      },
    });
    const renewed: unknown[] = [];
    const tokens = agentTokens({
      ...agent(),
      for: { idToken: old, refreshToken: "r1", onRenewed: (signIn) => void renewed.push(signIn) },
    });
    await tokens();
    expect(renewed).toEqual([{ idToken: fresh, refreshToken: "r2" }]);
    expect(okta.asked[0]?.form).toMatchObject({ grant_type: "refresh_token", refresh_token: "r1" });
    expect(okta.asked[1]?.form["subject_token"]).toBe(fresh);
  });

  it("exchanges anew when the ID-JAG was used up by a try that was refused, once", async () => {
    const used = { body: { error: "invalid_grant", error_description: "id-jag already used" } };
    okta.script("custom", used);
    const tokens = agentTokens({ ...agent(), for: { idToken: idToken() } });
    await tokens();
    expect(okta.asked.map(({ at }) => at)).toEqual(["org", "custom", "org", "custom"]);
    okta.script("custom", used, used);
    await expect(tokens(await tokens())).rejects.toMatchObject({ code: "assertion_refused" });
    expect(okta.asked).toHaveLength(8);
  });

  it.each([
    ["an expired ID token", () => idToken({ exp: 1 }), "id_token_unusable", "has expired"],
    [
      "an access token in its place",
      () => idToken({ cid: "0oaX" }),
      "id_token_unusable",
      "is an access token",
    ],
    ["no JWT", () => "garbage", "id_token_unusable", "is no JWT"],
  ])("does not even show %s", async (_name, token, code, words) => {
    const tokens = agentTokens({ ...agent(), for: { idToken: token } });
    await expect(tokens()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as unknown,
    });
    expect(okta.asked).toEqual([]);
  });

  it("does not show the org an access token of the org", async () => {
    const accessToken = unsigned({}, { typ: "application/okta-internal-at+jwt" });
    const tokens = agentTokens({ ...agent(), for: { accessToken } });
    await expect(tokens()).rejects.toMatchObject({ code: "org_token" });
    expect(okta.asked).toEqual([]);
  });

  it("refuses another token than an ID-JAG", async () => {
    okta.script("org", {
      status: 200,
      body: {
        access_token: "x",
        token_type: "N_A",
        issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      },
    });
    await expect(agentTokens({ ...agent(), for: { idToken: idToken() } })()).rejects.toMatchObject({
      code: "login_failed",
      message: expect.stringContaining("another token than an ID-JAG") as unknown,
    });
  });
});

describe("metadata that lead to another host", () => {
  it.each(["authorization_endpoint", "token_endpoint", "device_authorization_endpoint"])(
    "%s: nothing is sent there, neither an assertion nor a person's token",
    async (name) => {
      const other = await fakeOkta();
      okta.alsoSays({ [name]: `${other.org}/oauth2/v1/token` });
      const refused = { code: "login_failed", message: expect.stringContaining(name) as string };
      await expect(serviceTokens(service())()).rejects.toMatchObject(refused);
      const person = { idToken: idToken({ exp: 1 }), refreshToken: "refresh" };
      await expect(agentTokens({ ...agent(), for: person })()).rejects.toMatchObject(refused);
      await expect(agentTokens({ ...agent(), for: { idToken: idToken() } })()).rejects.toMatchObject(refused);
      expect(other.asked).toEqual([]);
      await other.close();
    },
  );
});

describe("an org that did not issue what the agent shows", () => {
  const elsewhere = { iss: "https://example.okta.com" };
  it.each<[string, Parameters<typeof agentTokens>[0]["for"]]>([
    ["a person's ID token", { idToken: idToken(elsewhere) }],
    ["their refresh token", { idToken: idToken({ ...elsewhere, exp: 1 }), refreshToken: "refresh" }],
    ["a caller's access token", { accessToken: unsigned({ iss: "https://example.okta.com/oauth2/aus1" }) }],
  ])("is not sent %s", async (_, actsFor) => {
    await expect(agentTokens({ ...agent(), for: actsFor })()).rejects.toMatchObject({
      code: "token_elsewhere",
    });
    expect(okta.asked).toEqual([]);
  });

  it("is where it goes, whichever of its servers issued it", async () => {
    await agentTokens({ ...agent(), for: { idToken: idToken({ iss: okta.org }) } })();
    await agentTokens({ ...agent(), for: { accessToken: unsigned({ iss: okta.issuer }) } })();
    expect(okta.asked.map(({ at }) => at)).toEqual(["org", "custom", "org", "custom"]);
  });
});

describe("an error", () => {
  it("quotes no token, assertion or key, whatever the server says", async () => {
    const token = idToken();
    okta.script("org", ({ form }) => ({
      body: {
        error: "invalid_grant",
        error_description: `no: ${form["subject_token"]} and ${form["client_assertion"]}\nand ${form["subject_token"]?.split(".")[1]}`,
      },
    }));
    const thrown = await agentTokens({ ...agent(), for: { idToken: token } })().catch(
      (error: unknown) => error,
    );
    const shown = inspect(thrown, { depth: 20, showHidden: true });
    for (const part of token.split(".").filter((one) => one.length > 20)) expect(shown).not.toContain(part);
    expect(shown).not.toContain(String(okta.asked[0]?.form["client_assertion"]?.split(".")[2]));
    expect(shown).toContain("no: … and … and …");
  });

  it("does not hold an answer that is not one", async () => {
    okta.script("custom", { status: 200, body: { access_token: "very-secret-token", token_type: "mac" } });
    const thrown = await serviceTokens(service())().catch((error: unknown) => error);
    expect(inspect(thrown, { depth: 20, showHidden: true })).not.toContain("very-secret-token");
  });

  it("says when the server is not there", async () => {
    await okta.close();
    await expect(serviceTokens(service())()).rejects.toMatchObject({
      code: "login_failed",
      message: expect.stringContaining("cannot be reached") as unknown,
    });
    okta = await fakeOkta();
  });
});

describe("a key", () => {
  const rsa = (bits: number): string =>
    generateKeyPairSync("rsa", { modulusLength: bits })
      .privateKey.export({ type: "pkcs1", format: "pem" })
      .toString();
  it.each([
    ["too short", () => rsa(1024)],
    ["no key", () => "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"],
    [
      "of another kind",
      () => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ],
    ["symmetric", () => JSON.stringify({ kty: "oct", k: "c2VjcmV0c2VjcmV0" })],
    ["public", () => JSON.stringify({ ...privateKey.export({ format: "jwk" }), d: undefined })],
  ])("that is %s is refused, and not quoted", (_name, make) => {
    const key = make();
    let thrown: unknown;
    try {
      serviceTokens({ ...service(), key });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "key_unreadable" });
    expect(inspect(thrown)).not.toContain("c2VjcmV0");
  });

  it("as a PEM may say its id in a line before", async () => {
    await serviceTokens({ issuer: okta.issuer, clientId: "0oaSVC", key: `kid: pem-kid\n${pem}` })();
    await serviceTokens({ issuer: okta.issuer, clientId: "0oaSVC", key: pem })();
    expect(okta.asked.map(({ assertion }) => assertion?.header["kid"])).toEqual(["pem-kid", undefined]);
  });

  it("as a JWK brings its own id", async () => {
    const jwk = { ...privateKey.export({ format: "jwk" }), kid: "jwk-kid" };
    await serviceTokens({ issuer: okta.issuer, clientId: "0oaSVC", key: JSON.stringify(jwk) })();
    expect(okta.asked[0]?.assertion?.header["kid"]).toBe("jwk-kid");
  });
});
