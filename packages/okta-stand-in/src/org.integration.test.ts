// tier: full
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, expect, test } from "vitest";
import { readForm } from "./http.ts";
import { startOktaStandIn } from "./index.ts";
import type { OktaStandIn, StandInWebClient } from "./index.ts";

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

const callback = "https://localhost:8443/sign-in/oidc/callback";

async function start(web: Partial<StandInWebClient> = {}, singleSignOn = false): Promise<OktaStandIn> {
  const standIn = await startOktaStandIn({
    singleSignOn,
    people: [
      { login: "alice@example.com", name: "Alice", groups: ["support-leads"] },
      { login: "bob@example.com", name: "Bob", groups: [] },
    ],
    web: { clientId: "0oaconsole", clientSecret: "s3cret", redirectUris: [callback], ...web },
  });
  undo.push(() => standIn.close());
  return standIn;
}

interface Tokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token?: string;
}

/** A sign-in as the console's server does it, with a browser that may already hold cookies. */
function browser(standIn: OktaStandIn) {
  const jar = new Map<string, string>();
  /** Follows redirects; answers the page, or the redirect that leaves. */
  const go = async (
    url: string,
    form?: Record<string, string>,
  ): Promise<{ html?: string; left?: URL; url: URL }> => {
    let next = new URL(url);
    let body = form;
    for (;;) {
      const response = await fetch(next, {
        redirect: "manual",
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
        ...(body === undefined ? {} : { method: "POST", body: new URLSearchParams(body) }),
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        if (name === undefined || value === undefined) continue;
        if (value === "") jar.delete(name);
        else jar.set(name, value);
      }
      const location = response.headers.get("location");
      if (location === null) return { html: await response.text(), url: next };
      next = new URL(location, next);
      if (next.origin !== standIn.orgIssuer) return { left: next, url: next };
      body = undefined;
    }
  };
  return {
    go,
    /** Begins a sign-in and answers what the browser sees, and the verifier. */
    async begin(more: Record<string, string> = {}) {
      const verifier = randomUUID() + randomUUID();
      const query = new URLSearchParams({
        client_id: "0oaconsole",
        response_type: "code",
        scope: "openid profile email groups",
        redirect_uri: callback,
        state: "a-state",
        nonce: "a-nonce",
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
        ...more,
      });
      return { ...(await go(`${standIn.orgIssuer}/oauth2/v1/authorize?${query.toString()}`)), verifier };
    },
  };
}

async function exchange(standIn: OktaStandIn, form: Record<string, string>, how: "basic" | "post" = "basic") {
  const response = await fetch(`${standIn.orgIssuer}/oauth2/v1/token`, {
    method: "POST",
    body: new URLSearchParams(
      how === "post" ? { ...form, client_id: "0oaconsole", client_secret: "s3cret" } : form,
    ),
    headers: how === "basic" ? { authorization: `Basic ${btoa("0oaconsole:s3cret")}` } : {},
  });
  return { status: response.status, body: (await response.json()) as Tokens };
}

async function signedIn(standIn: OktaStandIn, who: ReturnType<typeof browser>, login: string, more = {}) {
  const begun = await who.begin(more);
  const { left } = begun.html === undefined ? begun : await who.go(begun.url.href, { login });
  const code = left?.searchParams.get("code") ?? "";
  const { body } = await exchange(standIn, {
    grant_type: "authorization_code",
    code,
    redirect_uri: callback,
    code_verifier: begun.verifier,
  });
  const keys = createRemoteJWKSet(new URL(`${standIn.orgIssuer}/oauth2/v1/keys`));
  const { payload } = await jwtVerify(body.id_token, keys, {
    issuer: standIn.orgIssuer,
    audience: "0oaconsole",
  });
  return { left, tokens: body, claims: payload };
}

async function userinfo(standIn: OktaStandIn, token: string) {
  const response = await fetch(`${standIn.orgIssuer}/oauth2/v1/userinfo`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test("the org authorization server is the host alone, beside the custom one", async () => {
  const standIn = await start();
  const document = await fetch(`${standIn.orgIssuer}/.well-known/openid-configuration`);
  expect(await document.json()).toMatchObject({
    issuer: `http://127.0.0.1:${standIn.port}`,
    authorization_endpoint: `${standIn.orgIssuer}/oauth2/v1/authorize`,
    token_endpoint: `${standIn.orgIssuer}/oauth2/v1/token`,
    userinfo_endpoint: `${standIn.orgIssuer}/oauth2/v1/userinfo`,
    jwks_uri: `${standIn.orgIssuer}/oauth2/v1/keys`,
    end_session_endpoint: `${standIn.orgIssuer}/oauth2/v1/logout`,
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  });
  expect((await fetch(`${standIn.issuer}/.well-known/openid-configuration`)).status).toBe(200);
});

test("without the web client there is none", async () => {
  const standIn = await startOktaStandIn();
  undo.push(() => standIn.close());
  expect((await fetch(`${standIn.orgIssuer}/.well-known/openid-configuration`)).status).toBe(404);
});

test("a browser signs in by code with PKCE; the id token says who, when and in which session", async () => {
  const standIn = await start();
  const { left, tokens, claims } = await signedIn(standIn, browser(standIn), "alice@example.com");
  expect(left?.searchParams.get("state")).toBe("a-state");
  expect(left?.searchParams.get("iss")).toBe(standIn.orgIssuer);
  expect(claims).toMatchObject({
    sub: expect.stringMatching(/^00u/),
    preferred_username: "alice@example.com",
    name: "Alice",
    email: "alice@example.com",
    email_verified: true,
    groups: ["support-leads"],
    nonce: "a-nonce",
    auth_time: expect.any(Number),
  });
  expect(tokens.refresh_token).toBeUndefined();
  expect((await userinfo(standIn, tokens.access_token)).body).toMatchObject({
    sub: claims.sub,
    preferred_username: "alice@example.com",
    groups: ["support-leads"],
  });
});

test("the secret is accepted in the header and in the body, and must be right", async () => {
  const standIn = await start();
  for (const how of ["basic", "post"] as const) {
    const who = browser(standIn);
    const begun = await who.begin();
    const { left } = await who.go(begun.url.href, { login: "alice@example.com" });
    const form = {
      grant_type: "authorization_code",
      code: left?.searchParams.get("code") ?? "",
      redirect_uri: callback,
      code_verifier: begun.verifier,
    };
    const wrong = await fetch(`${standIn.orgIssuer}/oauth2/v1/token`, {
      method: "POST",
      body: new URLSearchParams({ ...form, client_id: "0oaconsole", client_secret: "guess" }),
    });
    expect(wrong.status, how).toBe(401);
    expect((await exchange(standIn, form, how)).status, how).toBe(200);
  }
});

test("groups are as they are now, at userinfo and after a refresh; a deactivated person has nothing", async () => {
  const standIn = await start();
  const { tokens } = await signedIn(standIn, browser(standIn), "alice@example.com", {
    scope: "openid profile email groups offline_access",
  });
  standIn.setGroups("alice@example.com", ["platform"]);
  expect((await userinfo(standIn, tokens.access_token)).body["groups"]).toEqual(["platform"]);
  const refresh = { grant_type: "refresh_token", refresh_token: tokens.refresh_token ?? "" };
  const fresh = await exchange(standIn, refresh);
  expect((await userinfo(standIn, fresh.body.access_token)).body["groups"]).toEqual(["platform"]);
  standIn.deactivate("alice@example.com");
  expect((await userinfo(standIn, fresh.body.access_token)).status).toBe(401);
  expect(
    (await exchange(standIn, { ...refresh, refresh_token: fresh.body.refresh_token ?? "" })).status,
  ).toBe(400);
  const who = browser(standIn);
  const begun = await who.begin();
  const { left } = await who.go(begun.url.href, { login: "alice@example.com" });
  expect(left?.searchParams.get("error")).toBe("access_denied");
});

test("every sign-in asks who it is, and another person may come at the same browser", async () => {
  const standIn = await start();
  const who = browser(standIn);
  expect((await signedIn(standIn, who, "alice@example.com")).claims["preferred_username"]).toBe(
    "alice@example.com",
  );
  expect((await who.begin()).html).toContain("Who are you?");
  expect((await signedIn(standIn, who, "bob@example.com")).claims["preferred_username"]).toBe(
    "bob@example.com",
  );
});

test("with single sign-on only prompt=login and max_age ask again", async () => {
  const standIn = await start({}, true);
  const who = browser(standIn);
  await signedIn(standIn, who, "alice@example.com");
  expect((await who.begin()).left?.searchParams.get("code")).toEqual(expect.any(String));
  expect((await who.begin({ max_age: "3600" })).html).toBeUndefined();
  expect((await who.begin({ prompt: "login" })).html).toContain("Who are you?");
  expect((await who.begin({ max_age: "0" })).html).toContain("Who are you?");
});

test("signing a person out tells the application which session ended", async () => {
  const told: string[] = [];
  const receiver = createServer((request, response) => {
    const take = async (): Promise<void> => {
      told.push((await readForm(request)).get("logout_token") ?? "");
      response.writeHead(200).end();
    };
    void take();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  undo.push(async () => receiver.close());
  const { port } = receiver.address() as AddressInfo;
  const standIn = await start({ backChannelLogoutUri: `http://127.0.0.1:${port}/logout` });
  const { claims } = await signedIn(standIn, browser(standIn), "alice@example.com");
  await signedIn(standIn, browser(standIn), "bob@example.com");
  expect(await standIn.signOut("alice@example.com")).toBe(1);
  expect(told).toHaveLength(1);
  const keys = createRemoteJWKSet(new URL(`${standIn.orgIssuer}/oauth2/v1/keys`));
  const { payload } = await jwtVerify(told[0] ?? "", keys, {
    issuer: standIn.orgIssuer,
    audience: "0oaconsole",
  });
  expect(payload).toMatchObject({
    sub: claims.sub,
    sid: claims["sid"],
    events: { "http://schemas.openid.net/event/backchannel-logout": {} },
  });
  expect(payload).not.toHaveProperty("nonce");
  expect(await standIn.signOut("alice@example.com")).toBe(0);
});

test("the application sends a browser to sign out, and gets it back", async () => {
  const standIn = await start({ postLogoutRedirectUris: ["https://localhost:8443/sign-in"] });
  const who = browser(standIn);
  const { tokens } = await signedIn(standIn, who, "alice@example.com");
  const query = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: "https://localhost:8443/sign-in",
  });
  const asked = await who.go(`${standIn.orgIssuer}/oauth2/v1/logout?${query.toString()}`);
  expect(asked.html).toContain("Sign out?");
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(asked.html ?? "")?.[1] ?? "";
  const { left } = await who.go(`${standIn.orgIssuer}/oauth2/v1/logout/confirm`, { xsrf, logout: "yes" });
  expect(left?.href).toBe("https://localhost:8443/sign-in");
});
