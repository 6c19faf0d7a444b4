import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { SignInAgain } from "../../kernel/sign-in-again.ts";
import { createApi } from "../server.ts";
import { signedIn } from "../testing/fake-people.ts";
import { type Fakes, fakes } from "../testing/fakes.ts";

const own = "https://mayfly.test:8443";
const rita = "rita@example.test";

let clock: FakeClock;
let all: Fakes;
let app: FastifyInstance;

beforeEach(() => {
  clock = fakeClock();
  all = fakes({ clock });
  all.people.oidc.groups.set(rita, ["reviewers"]);
  all.people.saml.groups.set(rita, ["reviewers"]);
  app = createApi(all.services);
});
afterEach(async () => {
  await app.close();
  all.people.people.close();
});

/** A browser: keeps cookies. */
class Browser {
  readonly jar = new Map<string, string>();

  async send(
    method: "GET" | "POST" | "DELETE",
    url: string,
    more: { form?: Record<string, string>; headers?: Record<string, string> } = {},
  ): Promise<LightMyRequestResponse> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await app.inject({
      method,
      url,
      remoteAddress: "10.1.2.3",
      headers: {
        ...(cookie === "" ? {} : { cookie }),
        ...(more.form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        "user-agent": "Firefox\u00e9",
        ...more.headers,
      },
      ...(more.form === undefined ? {} : { payload: new URLSearchParams(more.form).toString() }),
    });
    for (const { name, value, maxAge } of answer.cookies) {
      if (maxAge === 0) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return answer;
  }

  /** Begins; gives the handle. */
  async begin(method: "oidc" | "saml" = "oidc", query = ""): Promise<string> {
    const answer = await this.send("GET", `/sign-in/${method}${query}`);
    return new URL(String(answer.headers.location)).searchParams.get("state") ?? "";
  }

  async signIn(login = rita, query = ""): Promise<LightMyRequestResponse> {
    const state = await this.begin("oidc", query);
    return this.send("GET", `/sign-in/oidc/callback?state=${state}&code=${login}`);
  }
}

const location = (answer: LightMyRequestResponse): string =>
  `${answer.statusCode} ${String(answer.headers.location)}`;
const lastRecord = (): unknown => all.records.at(-1);

describe("the ways to sign in", () => {
  it("are told to everybody", async () => {
    const answer = await app.inject({ url: "/v1/sign-in" });
    expect(answer.json()).toEqual({
      methods: [
        { kind: "oidc", label: "Okta", url: "/sign-in/oidc" },
        { kind: "saml", label: "Okta (SAML)", url: "/sign-in/saml" },
      ],
    });
  });
});

describe("signing in", () => {
  it("goes to the provider and comes back where the person wanted to go, recorded before it takes effect", async () => {
    const browser = new Browser();
    const answer = await browser.signIn(rita, "?return=/requests/req_1%3Ftab=story");
    expect(location(answer)).toBe("303 /requests/req_1?tab=story");
    expect(answer.headers["set-cookie"]).toEqual([
      expect.stringMatching(
        /^__Host-mayfly=[\w-]{43}; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
      expect.stringMatching(/^__Host-mayfly-sign-in=; Max-Age=0;/),
    ]);
    expect([...browser.jar.keys()]).toEqual(["__Host-mayfly"]);
    expect(lastRecord()).toEqual({
      type: "sign_in.succeeded",
      principal: { kind: "person", issuer: "https://okta.test", subject: rita, name: rita },
      session: expect.stringMatching(/^bs_/),
      detail: {
        method: "oidc",
        address: "10.1.2.3",
        browser: "Firefox",
        groups: ["reviewers"],
        roles: ["reviewer"],
        ends_at: new Date(clock.wall() + 28_800_000).toISOString(),
        authenticated_at: new Date(clock.wall()).toISOString(),
      },
    });
    expect(JSON.stringify(all.records)).not.toContain(browser.jar.get("__Host-mayfly"));
    const session = (await browser.send("GET", "/v1/session")).json<Record<string, unknown>>();
    expect(session).toMatchObject({
      me: { kind: "person", subject: rita, client: "mayfly-console", roles: ["reviewer"] },
      csrf: expect.stringMatching(/^[\w-]{43}$/),
      method: "oidc",
      idle_ends_at: new Date(clock.wall() + 1_800_000).toISOString(),
    });
  });

  it("asks the provider for a proof as fresh as somebody wants it", async () => {
    const answer = await new Browser().send("GET", "/sign-in/oidc?fresh=600");
    expect(String(answer.headers.location)).toContain("max_age=600");
    expect((await new Browser().send("GET", "/sign-in/oidc?fresh=soon")).statusCode).toBe(400);
  });

  it("comes back by a form from SAML's provider, whose cookie crosses sites", async () => {
    const browser = new Browser();
    const begun = await browser.send("GET", "/sign-in/saml?return=/inbox");
    expect(String(begun.headers["set-cookie"])).toContain("SameSite=None");
    const state = new URL(String(begun.headers.location)).searchParams.get("state") ?? "";
    const form = { SAMLResponse: "x", RelayState: state, code: rita };
    const answer = await browser.send("POST", "/sign-in/saml/acs", {
      form,
      headers: { origin: "https://okta.test", "sec-fetch-site": "cross-site" },
    });
    expect(location(answer)).toBe("303 /inbox");
    expect((await browser.send("GET", "/v1/session")).statusCode).toBe(200);
    expect(location(await browser.send("POST", "/sign-in/saml/acs", { form }))).toBe(
      "303 /sign-in?problem=expired",
    );
  });

  it.each([
    ["//evil.test"],
    ["https://evil.test"],
    ["/\\evil.test"],
    ["/sign-in/oidc"],
    ["javascript:alert(1)"],
  ])("never leads to %s (open redirect)", async (wanted) => {
    const answer = await new Browser().signIn(rita, `?return=${encodeURIComponent(wanted)}`);
    expect(location(answer)).toBe("303 /");
  });

  it("takes no return path from the way back", async () => {
    const browser = new Browser();
    const state = await browser.begin();
    const answer = await browser.send(
      "GET",
      `/sign-in/oidc/callback?state=${state}&code=${rita}&return=/elsewhere`,
    );
    expect(location(answer)).toBe("303 /");
  });
});

describe("a sign-in that fails", () => {
  it("in another browser shows a page, makes a record and no session (login CSRF)", async () => {
    const attacker = new Browser();
    const state = await attacker.begin();
    const victim = new Browser();
    const answer = await victim.send(
      "GET",
      `/sign-in/oidc/callback?state=${state}&code=mallory@example.test`,
    );
    expect(location(answer)).toBe("303 /sign-in?problem=other_browser");
    expect(answer.headers["set-cookie"]).toBeUndefined();
    expect(all.people.store.all.size).toBe(0);
    expect(lastRecord()).toEqual({
      type: "sign_in.refused",
      detail: {
        method: "oidc",
        address: "10.1.2.3",
        step: "finish",
        code: "other_browser",
        why: "the sign-in cookie is missing or another one",
      },
    });
  });

  it.each([
    ["was used before", "state=STATE&code=x", "expired"],
    ["is unknown", `state=${"A".repeat(43)}&code=x`, "expired"],
    ["was refused by the provider", "state=STATE&error=access_denied", "refused"],
    ["has a parameter twice", "state=STATE&code=a&code=b", "not_verified"],
    ["has two states", "state=STATE&state=STATE&code=a", "not_verified"],
  ])("because it %s leads to the page that says so", async (_, query, problem) => {
    const browser = new Browser();
    const state = await browser.begin();
    if (query.includes("code=x"))
      await browser.send("GET", `/sign-in/oidc/callback?state=${state}&code=${rita}`);
    const answer = await browser.send("GET", `/sign-in/oidc/callback?${query.replaceAll("STATE", state)}`);
    expect(location(answer)).toBe(`303 /sign-in?problem=${problem}`);
  });

  it("because the provider is away keeps the way back, and does nothing half", async () => {
    all.people.oidc.state = "away";
    const browser = new Browser();
    const answer = await browser.send("GET", "/sign-in/oidc?return=/inbox");
    expect(location(answer)).toBe("303 /sign-in?problem=provider_away&return=%2Finbox");
    expect([browser.jar.size, all.people.store.transactions.size]).toEqual([0, 0]);
    expect(lastRecord()).toMatchObject({
      type: "sign_in.refused",
      detail: { code: "provider_away", step: "begin" },
    });
  });

  it("because it cannot be recorded signs nobody in", async () => {
    const browser = new Browser();
    const state = await browser.begin();
    await app.close();
    app = createApi({
      ...all.services,
      log: { ...all.services.log, sync: () => Promise.reject(new Error("full")) },
    });
    const answer = await browser.send("GET", `/sign-in/oidc/callback?state=${state}&code=${rita}`);
    expect(location(answer)).toBe("303 /sign-in?problem=not_recorded");
    expect(all.people.store.all.size).toBe(0);
  });

  it("because the store is away tells the operator and nobody else", async () => {
    all.people.store.broken = true;
    const answer = await new Browser().send("GET", "/sign-in/oidc");
    expect(location(answer)).toBe("303 /sign-in?problem=unavailable");
    expect(all.logLines.join("")).toContain("the store is away");
  });

  it("over and over is slowed down, and its records with it", async () => {
    const browser = new Browser();
    const answers: string[] = [];
    for (let i = 0; i < 70; i += 1) {
      answers.push(location(await browser.send("GET", `/sign-in/oidc/callback?state=x&error=x`)));
    }
    expect(answers.at(-1)).toBe("303 /sign-in?problem=too_many");
    expect(all.records.length).toBe(5);
    clock.advance(60_000);
    await browser.send("GET", "/sign-in/oidc/callback?state=x");
    expect(lastRecord()).toMatchObject({ detail: { left_out_before: 65 } });
  });
});

describe("a session's cookie", () => {
  it("is not taken beside a token", async () => {
    const headers = await signedIn(all.people, rita, ["reviewers"]);
    const answer = await app.inject({
      url: "/v1/me",
      headers: { ...headers, authorization: "Bearer token-agent" },
    });
    expect([answer.statusCode, answer.json().code]).toEqual([400, "two_credentials"]);
  });

  it("changes nothing when another site sends it, and that is recorded", async () => {
    const { cookie, "x-mayfly-csrf": csrf } = await signedIn(all.people, "olaf@example.test", ["operators"]);
    const lock = (headers: Record<string, string>): Promise<LightMyRequestResponse> =>
      app.inject({
        method: "PUT",
        url: "/v1/lockdown",
        headers: { cookie, ...headers },
        payload: { reason: "x" },
      });
    expect((await lock({ origin: "https://evil.test", "x-mayfly-csrf": csrf })).json().code).toBe("csrf");
    expect((await lock({ origin: own })).json().code).toBe("csrf");
    expect(lastRecord()).toMatchObject({ type: "authentication.refused", detail: { code: "csrf" } });
    expect((await lock({ origin: own, "x-mayfly-csrf": csrf })).statusCode).toBe(200);
  });

  it("is forgotten by the browser when it is worth nothing, and a planted one is never taken up", async () => {
    const browser = new Browser();
    browser.jar.set("__Host-mayfly", "A".repeat(43));
    const refused = await browser.send("GET", "/v1/session");
    expect([refused.statusCode, refused.json().code]).toEqual([401, "not_signed_in"]);
    expect(browser.jar.size).toBe(0);
    browser.jar.set("__Host-mayfly", "A".repeat(43));
    await browser.signIn();
    expect(browser.jar.get("__Host-mayfly")).not.toBe("A".repeat(43));
  });

  it("is refused without the person's being recorded as an attacker when it ran out", async () => {
    const headers = await signedIn(all.people, rita, []);
    clock.advance(1_800_000);
    expect((await app.inject({ url: "/v1/me", headers: { ...headers } })).json().code).toBe("not_signed_in");
    expect(all.records.filter(({ type }) => type === "authentication.refused")).toEqual([]);
  });
});

describe("sessions", () => {
  it("are listed for their person, and for operators all of them", async () => {
    const mine = await signedIn(all.people, rita, ["reviewers"]);
    clock.advance(1000);
    await signedIn(all.people, rita, ["reviewers"]);
    const other = await signedIn(all.people, "olaf@example.test", ["operators"]);
    const list = async (headers: object, query = ""): Promise<{ person: string; current: boolean }[]> =>
      (await app.inject({ url: `/v1/sessions${query}`, headers: { ...headers } })).json<{
        sessions: { person: string; current: boolean }[];
      }>().sessions;
    expect((await list(mine)).map(({ person, current }) => [person, current])).toEqual([
      [rita, false],
      [rita, true],
    ]);
    expect(await list(other, "?all=true")).toHaveLength(3);
    const refused = await app.inject({ url: "/v1/sessions?all=true", headers: { ...mine } });
    expect(refused.json().code).toBe("role_required");
    expect(JSON.stringify(await list(other, "?all=true"))).not.toMatch(/digest|csrf|[\w-]{43}/);
  });

  it("show the name that the provider says beside the login, and no record does", async () => {
    Object.assign(all.people.oidc.extra, { displayName: "Rita Reviewer" });
    const mine = await signedIn(all.people, rita, ["reviewers"]);
    const get = async (url: string): Promise<unknown> =>
      (await app.inject({ url, headers: { ...mine } })).json();
    expect(await get("/v1/session")).toMatchObject({ me: { name: rita, display_name: "Rita Reviewer" } });
    expect(await get("/v1/me")).toMatchObject({ subject: rita, display_name: "Rita Reviewer" });
    expect(await get("/v1/sessions")).toMatchObject({
      sessions: [{ person: rita, display_name: "Rita Reviewer" }],
    });
    expect(JSON.stringify(all.records)).not.toContain("Rita Reviewer");
  });

  it("are a person's own whichever way they came", async () => {
    const mine = await signedIn(all.people, rita, ["reviewers"]);
    Object.assign(all.people.saml.extra, { issuer: "https://okta.test/saml" });
    const browser = new Browser();
    const handle = await browser.begin("saml");
    await browser.send("POST", "/sign-in/saml/acs", { form: { RelayState: handle, code: rita } });
    const { sessions } = (await app.inject({ url: "/v1/sessions", headers: { ...mine } })).json<{
      sessions: { id: string; method: string }[];
    }>();
    expect(sessions.map(({ method }) => method).toSorted()).toEqual(["oidc", "saml"]);
    const url = `/v1/sessions/${sessions.find(({ method }) => method === "saml")?.id}`;
    expect((await app.inject({ method: "DELETE", url, headers: { ...mine } })).statusCode).toBe(200);
    expect(all.people.ended).toEqual([`${rita}: ended by its person`]);
  });

  it("are ended by their person and by operators, and by nobody else", async () => {
    const mine = await signedIn(all.people, rita, ["reviewers"]);
    const other = await signedIn(all.people, "pat@example.test", []);
    const operator = await signedIn(all.people, "olaf@example.test", ["operators"]);
    const [mineId, , operatorId] = [...all.people.store.all.keys()];
    const end = async (id: string | undefined, headers: object): Promise<number> =>
      (await app.inject({ method: "DELETE", url: `/v1/sessions/${id}`, headers: { ...headers } })).statusCode;
    expect(await end(mineId, other)).toBe(404);
    expect(await end(operatorId, mine)).toBe(404);
    expect(await end("bs_0000000000000000", mine)).toBe(404);
    expect(await end(mineId, operator)).toBe(200);
    expect(await end(mineId, operator)).toBe(404);
    expect((await app.inject({ url: "/v1/me", headers: { ...mine } })).statusCode).toBe(401);
    expect(all.people.ended).toEqual([`${rita}: ended by olaf@example.test`]);
  });

  it("end with signing out, here or everywhere", async () => {
    const one = await signedIn(all.people, rita, []);
    const two = await signedIn(all.people, rita, []);
    const three = await signedIn(all.people, rita, []);
    const out = await app.inject({ method: "DELETE", url: "/v1/session", headers: { ...one } });
    expect(out.json()).toEqual({ provider_sign_out: "https://okta.test/logout" });
    expect(String(out.headers["set-cookie"])).toContain("__Host-mayfly=; Max-Age=0");
    await app.inject({ method: "DELETE", url: "/v1/sessions", headers: { ...two } });
    for (const headers of [one, two, three]) {
      expect((await app.inject({ url: "/v1/session", headers: { ...headers } })).statusCode).toBe(401);
    }
  });

  it("end when the provider says so, once a token", async () => {
    const headers = await signedIn(all.people, rita, []);
    const logout = (token: string): Promise<LightMyRequestResponse> =>
      new Browser().send("POST", "/sign-in/oidc/back-channel-logout", { form: { logout_token: token } });
    expect((await logout(`forged 00u-${rita}`)).statusCode).toBe(400);
    expect(lastRecord()).toMatchObject({
      type: "sign_in.refused",
      detail: { step: "back_channel_logout", why: "token_signature" },
    });
    expect((await app.inject({ url: "/v1/session", headers: { ...headers } })).statusCode).toBe(200);
    const done = await logout(`jti-1 00u-${rita}`);
    expect([done.statusCode, done.body, done.headers["cache-control"]]).toEqual([200, "", "no-store"]);
    expect((await app.inject({ url: "/v1/session", headers: { ...headers } })).statusCode).toBe(401);
    expect((await logout(`jti-1 00u-${rita}`)).statusCode).toBe(400);
  });

  it("are nothing to a token's bearer", async () => {
    const headers = { authorization: "Bearer token-person" };
    expect((await app.inject({ url: "/v1/session", headers })).json().code).toBe("not_found");
    expect((await app.inject({ url: "/v1/sessions", headers })).json()).toEqual({ sessions: [] });
  });
});

describe("every answer", () => {
  it.each(["/v1/me", "/v1/sign-in", "/sign-in/oidc", "/sign-in/saml/metadata", "/nothing"])(
    "of %s tells browsers to keep others out",
    async (url) => {
      const { headers } = await app.inject({ url });
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy":
          "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "strict-transport-security": "max-age=31536000",
      });
    },
  );

  it("of a form's endpoint takes forms alone, and of the others none", async () => {
    const json = { method: "POST", url: "/sign-in/saml/acs", payload: { SAMLResponse: "x" } } as const;
    expect((await app.inject(json)).statusCode).toBe(415);
    const headers = {
      authorization: "Bearer token-agent",
      "content-type": "application/x-www-form-urlencoded",
    };
    const form = await app.inject({
      method: "POST",
      url: "/v1/requests",
      headers,
      payload: "connection=orders-db",
    });
    expect(form.statusCode).toBe(415);
  });
});

describe("a person who has to prove who they are again", () => {
  it("is told where, and how fresh (RFC 9470)", async () => {
    const headers = await signedIn(all.people, rita, ["reviewers"]);
    await app.close();
    app = createApi({
      ...all.services,
      people: {
        ...all.people.people,
        methods: all.people.people.methods,
        authenticate: () => Promise.reject(new SignInAgain("prove it", { maxAge: 600_000 })),
      },
    });
    const answer = await app.inject({ url: "/v1/me", headers: { ...headers } });
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toMatchObject({
      code: "sign_in_again",
      max_age: 600,
      sign_in: ["/sign-in/oidc?fresh=600", "/sign-in/saml?fresh=600"],
    });
    expect(answer.headers["www-authenticate"]).toContain(
      `error="insufficient_user_authentication", max_age="600"`,
    );
  });
});
