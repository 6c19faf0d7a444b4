import { createHmac, createPublicKey } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { MayflyError } from "../../../kernel/errors.ts";
import { base64url, publicHalf, sharedKey, signRaw, testKey } from "../../testing/fake-provider.ts";
import { agents, forgersKey, org, recordingSink, senderScene } from "../testing/sender-scene.ts";
import type { RecordingSink, SenderScene } from "../testing/sender-scene.ts";
import { createGlobalTokenRevocation } from "./global-token-revocation.ts";
import type { GlobalTokenRevocation } from "./global-token-revocation.ts";

const endpoint = "https://mayfly.test:8443/v1/signals/global-token-revocation";
const byId = { format: "iss_sub", iss: org, sub: "00uROSA" };
const byEmail = { format: "email", email: "rosa@example.com" };

let scene: SenderScene;
let sink: RecordingSink;
let marks: Map<string, number>;
let revocation: GlobalTokenRevocation;

function make(): GlobalTokenRevocation {
  return createGlobalTokenRevocation({
    senders: [scene.sender],
    audiences: [endpoint],
    clients: ["0oaCONSOLE"],
    subjectIssuers: [org, agents],
    issuers: [agents],
    sink,
    remembered: {
      mark: async (kind, id, until) => void marks.set(`${kind} ${id}`, until),
      marked: async (kind, id) => marks.get(`${kind} ${id}`),
    },
    clock: scene.clock,
  });
}

beforeEach(() => {
  scene = senderScene();
  sink = recordingSink();
  marks = new Map();
  revocation = make();
});

const TYPE = "global-token-revocation+jwt";
const seconds = (): number => Math.floor(scene.clock.wall() / 1000);

/** The claims as Okta writes them; undefined removes one. */
function claims(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const now = seconds();
  const all = {
    jti: "jti-1",
    iss: org,
    sub: "0oaCONSOLE",
    aud: endpoint,
    iat: now,
    nbf: now - 300,
    exp: now + 300,
    ...more,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const jwt = (more: Readonly<Record<string, unknown>> = {}, header = {}, key = sharedKey): string =>
  scene.sign(claims(more), { typ: TYPE, ...header }, key);
const body = (subject: unknown): Buffer => Buffer.from(JSON.stringify({ sub_id: subject }));

describe("a revocation", () => {
  it.each([
    ["the provider's id", byId, { kind: "user", uid: "00uROSA" }],
    [
      "the id under one of the org's authorization servers",
      { ...byId, iss: agents },
      { kind: "user", uid: "00uROSA" },
    ],
    ["an address", byEmail, { kind: "user", login: "rosa@example.com" }],
  ])("ends what its subject has, named by %s", async (_, subject, named) => {
    await revocation.receive(jwt(), body(subject));
    expect(sink.received).toEqual([
      {
        channel: "global_token_revocation",
        id: JSON.stringify([org, "jti-1"]),
        event: "global_token_revocation",
        at: seconds() * 1000,
        subject: named,
        effect: "end",
        issuers: [agents],
      },
    ]);
  });

  it("takes the older name of its one member", async () => {
    await revocation.receive(jwt(), Buffer.from(JSON.stringify({ subject: byId })));
    expect(sink.received).toMatchObject([{ subject: { uid: "00uROSA" } }]);
  });

  it("comes again without a further effect, and tries again what could not be recorded", async () => {
    const token = jwt();
    sink.failWith = new MayflyError("log_unavailable", "the log is full", { status: 503 });
    await expect(revocation.receive(token, body(byId))).rejects.toThrow("the log is full");
    await revocation.receive(token, body(byId));
    await revocation.receive(token, body(byId));
    expect(sink.received.length).toBe(1);
  });

  it("lets nobody use its JWT for another subject, after a restart neither", async () => {
    const token = jwt();
    await revocation.receive(token, body(byId));
    const other = body({ ...byId, sub: "00uOLGA" });
    await expect(revocation.receive(token, other)).rejects.toMatchObject({ why: "replayed" });
    await expect(make().receive(token, other)).rejects.toMatchObject({ why: "replayed" });
    expect(sink.received.length).toBe(1);
  });

  it("lets a seen JWT end nobody else also while no store can say that it was seen", async () => {
    const forgetful = { receive: async () => [] };
    const blind = createGlobalTokenRevocation({
      senders: [scene.sender],
      audiences: [endpoint],
      clients: ["0oaCONSOLE"],
      subjectIssuers: [org, agents],
      issuers: [agents],
      sink: forgetful,
      remembered: { mark: async () => {}, marked: async () => undefined },
      clock: scene.clock,
    });
    const token = jwt();
    await blind.receive(token, body(byId));
    await blind.receive(token, body(byId));
    await expect(blind.receive(token, body(byEmail))).rejects.toMatchObject({ why: "replayed" });
  });

  it("ends what was issued until it came, by whichever clock is ahead", async () => {
    await revocation.receive(jwt({ iat: seconds() - 20, exp: seconds() + 200 }), body(byId));
    await revocation.receive(jwt({ jti: "2", iat: seconds() + 20 }), body(byId));
    expect(sink.received.map(({ at }) => at)).toEqual([scene.clock.wall(), (seconds() + 20) * 1000]);
  });
});

const symmetric = (): string => {
  const key = createPublicKey({ key: publicHalf(sharedKey), format: "jwk" });
  const input = `${base64url(JSON.stringify({ kid: "key-1", alg: "HS256", typ: TYPE }))}.${base64url(JSON.stringify(claims()))}`;
  const pem = key.export({ type: "spki", format: "pem" });
  return `${input}.${createHmac("sha256", pem).update(input).digest("base64url")}`;
};
const unsigned = (): string =>
  `${base64url(JSON.stringify({ alg: "none", typ: TYPE }))}.${base64url(JSON.stringify(claims()))}.`;
const rebuilt = (): string => {
  const [header, , signature] = jwt().split(".");
  return `${header}.${base64url(JSON.stringify(claims({ sub: "0oaCONSOLE", jti: "other" })))}.${signature}`;
};

const hours = (count: number): number => count * 3600;

describe("a JWT is refused", () => {
  it.each<[string, () => string | undefined, string]>([
    ["that is not there", () => undefined, "unauthenticated"],
    ["that is no JWT", () => "token", "malformed"],
    ["that is too long", () => jwt({ x: "a".repeat(17_000) }), "malformed"],
    ["signed by nobody", unsigned, "malformed"],
    ["signed with the public key as a secret", symmetric, "key"],
    ["with another's signature", () => jwt({}, {}, forgersKey), "key"],
    ["changed after it was signed", rebuilt, "key"],
    ["by a key that is not published", () => jwt({}, { kid: "key-9" }), "key"],
    ["that names no key", () => jwt({}, { kid: undefined }), "key"],
    ["that brings its key", () => jwt({}, { jwk: publicHalf(sharedKey) }), "key"],
    ["with a critical extension", () => jwt({}, { crit: ["b64"], b64: false }), "key"],
    ["of no type", () => jwt({}, { typ: undefined }), "type"],
    ["that is an access token", () => jwt({}, { typ: "at+jwt" }), "type"],
    ["that is a logout token", () => jwt({}, { typ: "logout+jwt" }), "type"],
    ["of another issuer", () => jwt({ iss: "https://evil.okta.com" }), "issuer"],
    ["of the org with a slash more", () => jwt({ iss: `${org}/` }), "issuer"],
    ["of no issuer", () => jwt({ iss: undefined }), "issuer"],
    ["for another endpoint", () => jwt({ aud: "https://other.example/revoke" }), "audience"],
    ["for the gateway and no endpoint", () => jwt({ aud: "https://mayfly.test:8443" }), "audience"],
    ["for nobody", () => jwt({ aud: undefined }), "audience"],
    ["for what is no text", () => jwt({ aud: [endpoint, 7] }), "audience"],
    ["of another app", () => jwt({ sub: "0oaOTHER" }), "sender"],
    ["of no app", () => jwt({ sub: undefined }), "sender"],
    ["without an id", () => jwt({ jti: undefined }), "malformed"],
    ["with an id that hides something", () => jwt({ jti: "a\u202Eb" }), "malformed"],
    ["without a beginning", () => jwt({ iat: undefined }), "malformed"],
    ["without an end", () => jwt({ exp: undefined }), "malformed"],
    ["whose end is a text", () => jwt({ exp: "9999999999" }), "malformed"],
    ["that has expired", () => jwt({ iat: seconds() - 900, exp: seconds() - 31 }), "time"],
    ["from the future", () => jwt({ iat: seconds() + 31, exp: seconds() + 300 }), "time"],
    ["that is not valid yet", () => jwt({ nbf: seconds() + 31 }), "time"],
    ["that is good for more than an hour", () => jwt({ exp: seconds() + hours(1) + 1 }), "time"],
    ["that ends before it begins", () => jwt({ iat: seconds(), exp: seconds() - 1 }), "time"],
  ])("%s", async (_, make, why) => {
    await expect(revocation.receive(make(), body(byId))).rejects.toMatchObject({ why });
    expect(sink.received).toEqual([]);
  });

  it("with a claim twice", async () => {
    const doubled = JSON.stringify(claims()).replace("{", `{"iss":"${org}",`);
    const token = signRaw(JSON.stringify({ kid: "key-1", alg: "RS256", typ: TYPE }), doubled, sharedKey);
    await expect(revocation.receive(token, body(byId))).rejects.toMatchObject({ why: "malformed" });
    expect(sink.received).toEqual([]);
  });
});

describe("a body is refused", () => {
  it.each<[string, Buffer | undefined, string]>([
    ["that is not there", undefined, "malformed"],
    ["that is no JSON", Buffer.from("sub_id=rosa"), "malformed"],
    ["that is a list", Buffer.from(JSON.stringify([byId])), "malformed"],
    ["that names nobody", Buffer.from("{}"), "malformed"],
    ["with more members", Buffer.from(JSON.stringify({ sub_id: byId, all: true })), "malformed"],
    ["with both names", Buffer.from(JSON.stringify({ sub_id: byId, subject: byId })), "malformed"],
    [
      "with a member twice",
      Buffer.from('{"sub_id":{"format":"email","email":"a@b.c","email":"d@e.f"}}'),
      "malformed",
    ],
    [
      "with two subjects",
      Buffer.from(`{"sub_id":${JSON.stringify(byId)},"sub_id":${JSON.stringify(byEmail)}}`),
      "malformed",
    ],
    ["of another format", body({ format: "phone_number", phone_number: "+12065550100" }), "malformed"],
    ["of no format", body({ iss: org, sub: "00uROSA" }), "malformed"],
    ["that mixes formats", body({ ...byId, email: "rosa@example.com" }), "malformed"],
    ["without the subject", body({ format: "iss_sub", iss: org }), "malformed"],
    ["with an empty subject", body({ ...byId, sub: "" }), "malformed"],
    ["with a subject that is a number", body({ ...byId, sub: 7 }), "malformed"],
    ["with an address that is none", body({ format: "email", email: "rosa" }), "malformed"],
    ["with an address without end", body({ format: "email", email: `${"a".repeat(320)}@b.c` }), "malformed"],
    ["that is not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "malformed"],
    ["that is too long", Buffer.alloc(8_193, " "), "malformed"],
    ["that nests deep", Buffer.from(`{"sub_id":${"[".repeat(20)}${"]".repeat(20)}}`), "malformed"],
    ["of another issuer's subject", body({ ...byId, iss: "https://other.okta.com" }), "subject"],
    [
      "of an authorization server that is not configured",
      body({ ...byId, iss: `${org}/oauth2/aus2` }),
      "subject",
    ],
  ])("%s", async (_, bytes, why) => {
    await expect(revocation.receive(jwt(), bytes)).rejects.toMatchObject({ why });
    expect(sink.received).toEqual([]);
    // The JWT was not used up: the sender can correct itself.
    await revocation.receive(jwt(), body(byId));
    expect(sink.received.length).toBe(1);
  });

  it("says nothing of what it held", async () => {
    const error = await revocation
      .receive(jwt(), body({ ...byId, iss: "https://evil.example" }))
      .catch(String);
    expect(error).not.toContain("evil");
    expect(error).not.toContain("00uROSA");
  });
});

describe("the org's keys", () => {
  it("may be away: the sender is told to come again, and gets through then", async () => {
    scene.provider.down = true;
    await expect(revocation.receive(jwt(), body(byId))).rejects.toMatchObject({
      why: "keys_unavailable",
      status: 503,
    });
    scene.provider.down = false;
    scene.clock.advance(60_000);
    await revocation.receive(jwt(), body(byId));
    expect(sink.received.length).toBe(1);
  });

  it("are looked for at most a few times, however many forged ones come", async () => {
    await revocation.receive(jwt(), body(byId));
    for (let i = 0; i < 50; i += 1)
      await expect(revocation.receive(jwt({}, { kid: `key-${i + 10}` }), body(byId))).rejects.toMatchObject({
        why: "key",
      });
    expect(scene.provider.count("/v1/keys")).toBeLessThan(6);
  });

  it("may be rotated", async () => {
    await revocation.receive(jwt(), body(byId));
    const next = testKey("key-2");
    scene.provider.keys = [sharedKey, next];
    await revocation.receive(jwt({ jti: "jti-2" }, {}, next), body(byId));
    expect(sink.received.length).toBe(2);
  });
});
