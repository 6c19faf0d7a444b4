import type { FastifyInstance } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import type { NewRecord } from "../../audit/records.ts";
import { SignalRefused, type SignalRefusal } from "../../identity/signals/signal-refused.ts";
import type { Signal } from "../../identity/signals/signal.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createApi } from "../server.ts";
import type { SignalServices } from "../services.ts";
import { fakes } from "../testing/fakes.ts";

const gtr = "/v1/signals/global-token-revocation";
const ssf = "/v1/signals/ssf";
let app: FastifyInstance | undefined;
afterEach(() => app?.close());

/** What the channels were given. */
interface Scene {
  readonly app: FastifyInstance;
  readonly records: readonly NewRecord[];
  /** Channels of what was refused. */
  readonly counted: readonly string[];
  readonly revoked: (readonly [string | undefined, string | undefined])[];
  readonly pushed: (readonly [string | undefined, string | undefined, string | undefined])[];
  readonly clock: ReturnType<typeof fakeClock>;
}

function start(failure?: Error, limits = {}): Scene {
  const clock = fakeClock();
  const revoked: Scene["revoked"] = [];
  const pushed: Scene["pushed"] = [];
  const counted: string[] = [];
  const fail = (): void => {
    if (failure !== undefined) throw failure;
  };
  const signals: SignalServices = {
    sink: { receive: async () => [] },
    settings: { org: ["https://example.okta.com"] },
    issuers: [],
    refused: (channel) => void counted.push(channel),
    revocations: {
      async receive(token, body) {
        revoked.push([token, body?.toString()]);
        fail();
        return [];
      },
    },
    securityEvents: {
      async receive({ contentType, authorization, body }) {
        pushed.push([contentType, authorization, body?.toString()]);
        fail();
        const signals: Signal[] = [];
        return { event: { jti: "1", issuer: "https://example.okta.com", events: [], signals }, outcomes: [] };
      },
    },
  };
  const all = fakes({ clock, signals, limits });
  app = createApi(all.services);
  return { app, records: all.records, counted, revoked, pushed, clock };
}

const json = { "content-type": "application/json" };
const set = { "content-type": "application/secevent+jwt" };
const refusals: readonly SignalRefusal[] = [
  "malformed",
  "unauthenticated",
  "type",
  "issuer",
  "audience",
  "key",
  "time",
  "replayed",
  "sender",
  "subject",
  "keys_unavailable",
];

describe("where no channel is configured", () => {
  it.each([gtr, ssf])("there is nothing at %s", async (url) => {
    app = createApi(fakes({ clock: fakeClock() }).services);
    const answer = await app.inject({ method: "POST", url, headers: json, payload: "{}" });
    expect([answer.statusCode, answer.json()]).toMatchObject([404, { code: "not_found" }]);
  });
});

describe("a global token revocation", () => {
  it("is handed on as it came, and answered with nothing", async () => {
    const { app: api, revoked, records } = start();
    const headers = { ...json, authorization: "Bearer a.b.c" };
    const answer = await api.inject({ method: "POST", url: gtr, headers, payload: '{"sub_id": {}}' });
    expect([answer.statusCode, answer.body]).toEqual([204, ""]);
    expect(revoked).toEqual([["a.b.c", '{"sub_id": {}}']]);
    expect(records).toEqual([]);
  });

  it.each([
    ["no Authorization header", {}],
    ["another scheme", { authorization: "Basic a.b.c" }],
    ["two tokens", { authorization: "Bearer a.b.c d.e.f" }],
  ])("with %s brings no JWT", async (_, headers) => {
    const { app: api, revoked } = start();
    await api.inject({ method: "POST", url: gtr, headers: { ...json, ...headers }, payload: "{}" });
    expect(revoked).toEqual([[undefined, "{}"]]);
  });

  it.each(
    refusals.map((why) => {
      const status = { malformed: 400, sender: 403, subject: 403, keys_unavailable: 503 } as Record<
        string,
        number
      >;
      return [why, status[why] ?? 401] as const;
    }),
  )("that is refused for %s is answered with %d, and recorded", async (why, status) => {
    const { app: api, records, counted } = start(new SignalRefused(why, "words", "what to do"));
    const answer = await api.inject({ method: "POST", url: gtr, headers: json, payload: "{}" });
    expect([answer.statusCode, answer.json()]).toMatchObject([status, { detail: "words" }]);
    expect(counted).toEqual(["global_token_revocation"]);
    expect(answer.headers["www-authenticate"]).toBe(status === 401 ? "Bearer" : undefined);
    expect(records).toEqual([
      {
        type: "signal.refused",
        detail: {
          channel: "global_token_revocation",
          address: "127.0.0.1",
          code: why,
          why: "words",
          hint: "what to do",
        },
      },
    ]);
  });

  it.each([
    ["that could not be kept", new MayflyError("signal_not_kept", "not kept", { status: 503 }), 503],
    ["that cannot be carried out", new MayflyError("no", "no", { status: 409 }), 422],
    ["that fails", new Error("boom"), 500],
  ])("%s is told so", async (_, failure, status) => {
    const { app: api } = start(failure);
    const answer = await api.inject({ method: "POST", url: gtr, headers: json, payload: "{}" });
    expect(answer.statusCode).toBe(status);
    expect(answer.body).not.toContain("boom");
  });

  it("that is too large is not looked at", async () => {
    const { app: api, revoked } = start();
    const answer = await api.inject({ method: "POST", url: gtr, headers: json, payload: " ".repeat(16_385) });
    expect([answer.statusCode, revoked]).toEqual([413, []]);
  });

  it("of another media type is not looked at", async () => {
    const { app: api, revoked } = start();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await api.inject({ method: "POST", url: gtr, headers, payload: "sub_id=rosa" });
    expect([answer.statusCode, revoked]).toEqual([415, []]);
  });
});

describe("a security event", () => {
  it("is handed on as it came, and answered with nothing", async () => {
    const { app: api, pushed, records } = start();
    const headers = { ...set, authorization: "Bearer agreed" };
    const answer = await api.inject({ method: "POST", url: ssf, headers, payload: "a.b.c" });
    expect([answer.statusCode, answer.body]).toEqual([202, ""]);
    expect(pushed).toEqual([["application/secevent+jwt", "Bearer agreed", "a.b.c"]]);
    expect(records).toEqual([]);
  });

  it.each([
    ["malformed", "invalid_request"],
    ["type", "invalid_request"],
    ["time", "invalid_request"],
    ["replayed", "invalid_request"],
    ["unauthenticated", "authentication_failed"],
    ["issuer", "invalid_issuer"],
    ["audience", "invalid_audience"],
    ["key", "invalid_key"],
    ["sender", "access_denied"],
    ["subject", "access_denied"],
  ] as const)("that is refused for %s is answered with %s, and recorded", async (why, err) => {
    const { app: api, records } = start(new SignalRefused(why, "words"));
    const answer = await api.inject({ method: "POST", url: ssf, headers: set, payload: "a.b.c" });
    expect([answer.statusCode, answer.json()]).toEqual([400, { err, description: "words" }]);
    expect(answer.headers["content-language"]).toBe("en");
    expect(records).toMatchObject([{ type: "signal.refused", detail: { channel: "ssf", code: why } }]);
  });

  it("whose sender's keys are away is to be sent again", async () => {
    const { app: api } = start(new SignalRefused("keys_unavailable", "words"));
    const answer = await api.inject({ method: "POST", url: ssf, headers: set, payload: "a.b.c" });
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "5"]);
  });

  it("is one media type, and is taken nowhere else", async () => {
    const { app: api, pushed } = start();
    const other = await api.inject({
      method: "POST",
      url: "/slack/interactions",
      headers: set,
      payload: "a.b.c",
    });
    expect(other.statusCode).toBe(415);
    await api.inject({ method: "POST", url: ssf, headers: json, payload: "{}" });
    expect(pushed).toEqual([["application/json", undefined, "{}"]]);
  });
});

describe("a flood from one address", () => {
  const send = (api: FastifyInstance, remoteAddress: string): Promise<number> =>
    api
      .inject({ method: "POST", url: gtr, headers: json, payload: "{}", remoteAddress })
      .then(({ statusCode }) => statusCode);
  const limits = { addressRate: 1000, addressBurst: 1000 };

  it("is turned away before a signature is looked at, and nobody else is", async () => {
    const { app: api, revoked, records, clock } = start(new SignalRefused("key", "words"), limits);
    const answers: number[] = [];
    for (let i = 0; i < 150; i += 1) answers.push(await send(api, "192.0.2.1"));
    expect(answers).toEqual([
      ...Array.from({ length: 100 }, () => 401),
      ...Array.from({ length: 50 }, () => 429),
    ]);
    expect(revoked.length).toBe(100);
    expect(records.length).toBeLessThan(10);
    expect(await send(api, "198.51.100.1")).toBe(401);
    clock.advance(1000);
    expect(await send(api, "192.0.2.1")).toBe(401);
  });

  it("of good ones is let through: the org signs a whole company out", async () => {
    const { app: api, revoked } = start(undefined, limits);
    for (let i = 0; i < 300; i += 1) expect(await send(api, "192.0.2.1")).toBe(204);
    expect(revoked.length).toBe(300);
  });
});
