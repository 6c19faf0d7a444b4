import { createHmac, createPublicKey } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { MayflyError } from "../../../kernel/errors.ts";
import { Secret } from "../../../kernel/secret.ts";
import { base64url, publicHalf, sharedKey, signRaw } from "../../testing/fake-provider.ts";
import { agents, forgersKey, org, recordingSink, senderScene } from "../testing/sender-scene.ts";
import type { RecordingSink, SenderScene } from "../testing/sender-scene.ts";
import { configurationUrl, discoverTransmitter } from "./discover.ts";
import { ssfErrorCodes } from "./error-codes.ts";
import { createSsfReceiver } from "./receiver.ts";
import type { Pushed, SsfReceiver, SsfReceiverOptions } from "./receiver.ts";
import { MAX_AGE_MS } from "./security-event.ts";

const endpoint = "https://mayfly.test:8443/v1/signals/ssf";
const caep = "https://schemas.openid.net/secevent/caep/event-type/";
const risc = "https://schemas.openid.net/secevent/risc/event-type/";
const verification = "https://schemas.openid.net/secevent/ssf/event-type/verification";
const revoked = `${caep}session-revoked`;
const rosa = { format: "iss_sub", iss: org, sub: "00uROSA" };
const olga = { format: "iss_sub", iss: org, sub: "00uOLGA" };

let scene: SenderScene;
let sink: RecordingSink;
let receiver: SsfReceiver;

function make(more: Partial<SsfReceiverOptions> = {}): SsfReceiver {
  const transmitter = { ...scene.sender, subjectIssuers: [org, agents], issuers: [agents] };
  return createSsfReceiver({
    transmitters: [transmitter],
    audiences: [endpoint],
    sink,
    clock: scene.clock,
    ...more,
  });
}

beforeEach(() => {
  scene = senderScene(org, discoverTransmitter);
  scene.provider.answers.set("/.well-known/ssf-configuration", {
    body: JSON.stringify({ issuer: org, jwks_uri: `${org}/v1/keys` }),
  });
  sink = recordingSink();
  receiver = make();
});

const seconds = (): number => Math.floor(scene.clock.wall() / 1000);

/** The claims of a security event; undefined removes one. */
function claims(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const all = {
    jti: "set-1",
    iss: org,
    aud: endpoint,
    iat: seconds(),
    sub_id: rosa,
    events: { [revoked]: {} },
    ...more,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const set = (more: Readonly<Record<string, unknown>> = {}, header = {}, key = sharedKey): string =>
  scene.sign(claims(more), { typ: "secevent+jwt", ...header }, key);
const pushed = (token: string, more: Partial<Pushed> = {}): Pushed => ({
  contentType: "application/secevent+jwt",
  authorization: undefined,
  body: Buffer.from(token),
  ...more,
});
const push = (more: Readonly<Record<string, unknown>> = {}): ReturnType<SsfReceiver["receive"]> =>
  receiver.receive(pushed(set(more)));

describe("an event", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["session-revoked", { [`${caep}session-revoked`]: {} }, "end"],
    ["credential-change, revoked", { [`${caep}credential-change`]: { change_type: "revoke" } }, "end"],
    ["credential-change, deleted", { [`${caep}credential-change`]: { change_type: "delete" } }, "end"],
    ["credential-change, created", { [`${caep}credential-change`]: { change_type: "create" } }, "refresh"],
    ["credential-change, updated", { [`${caep}credential-change`]: { change_type: "update" } }, "refresh"],
    ["token-claims-change", { [`${caep}token-claims-change`]: { claims: {} } }, "judge_again"],
    ["assurance-level-change", { [`${caep}assurance-level-change`]: {} }, "judge_again"],
    ["risk-level-change", { [`${caep}risk-level-change`]: {} }, "judge_again"],
    ["device-compliance-change", { [`${caep}device-compliance-change`]: {} }, "judge_again"],
    ["account-disabled", { [`${risc}account-disabled`]: { reason: "hijacking" } }, "end"],
    ["account-purged", { [`${risc}account-purged`]: {} }, "end"],
    ["account-credential-change-required", { [`${risc}account-credential-change-required`]: {} }, "end"],
    ["credential-compromise", { [`${risc}credential-compromise`]: {} }, "end"],
    ["sessions-revoked", { [`${risc}sessions-revoked`]: {} }, "end"],
    ["identifier-recycled", { [`${risc}identifier-recycled`]: {} }, "end"],
    ["identifier-changed", { [`${risc}identifier-changed`]: {} }, "refresh"],
    ["account-enabled", { [`${risc}account-enabled`]: {} }, "refresh"],
  ])("%s has its effect", async (_, events, effect) => {
    await push({ events });
    const [event] = Object.keys(events);
    expect(sink.received).toEqual([
      {
        channel: "ssf",
        id: JSON.stringify([org, "set-1", event]),
        event,
        at: seconds() * 1000,
        subject: { kind: "user", uid: "00uROSA" },
        effect,
        issuers: [agents],
      },
    ]);
  });

  it.each([
    ["that is not known", { "https://example.com/events/else": {} }],
    ["that opens a session", { [`${caep}session-established`]: {} }],
  ])("%s is taken, and has none", async (_, events) => {
    expect((await push({ events })).outcomes).toEqual([]);
    expect(sink.received).toEqual([]);
  });

  it("of the stream is taken, and has none", async () => {
    const { event } = await push({
      sub_id: { format: "opaque", id: "stream-1" },
      events: { [verification]: { state: "x" } },
    });
    expect(event).toMatchObject({ jti: "set-1", events: [verification], signals: [] });
    expect(sink.received).toEqual([]);
  });

  it("beside another is taken with it", async () => {
    await push({ events: { [revoked]: {}, [`${risc}account-disabled`]: {} } });
    expect(sink.received.map(({ event }) => event)).toEqual([revoked, `${risc}account-disabled`]);
  });

  it("that comes again has no further effect, and is taken", async () => {
    await push();
    expect((await push()).outcomes).toMatchObject([{ isRepeat: true }]);
    expect(sink.received.length).toBe(1);
  });

  it("that could not be recorded is taken when it comes again", async () => {
    sink.failWith = new MayflyError("log_unavailable", "the log is full", { status: 503 });
    await expect(push()).rejects.toThrow("the log is full");
    await push();
    expect(sink.received.length).toBe(1);
  });

  it("says when it happened, and never after it was said", async () => {
    const at = seconds() - 600;
    const said = (jti: string, timestamp: unknown, more = {}) =>
      push({ jti, events: { [revoked]: { event_timestamp: timestamp } }, ...more });
    await said("1", at);
    await said("2", at * 1000);
    await said("3", seconds() + 600);
    await push({ jti: "4", toe: at });
    expect(sink.received.map((signal) => signal.at)).toEqual(
      [at, at, seconds(), at].map((one) => one * 1000),
    );
  });

  it("comes late and out of order, each with its own time", async () => {
    const now = seconds();
    await push({ jti: "late", iat: now });
    await push({ jti: "early", iat: now - 3600 });
    expect(sink.received.map(({ at }) => at / 1000)).toEqual([now, now - 3600]);
  });
});

describe("a subject", () => {
  const inside = (subject: unknown) => ({ sub_id: undefined, events: { [revoked]: { subject } } });

  it.each<[string, Record<string, unknown>, unknown]>([
    ["beside the events", {}, { kind: "user", uid: "00uROSA" }],
    ["within the event", inside(rosa), { kind: "user", uid: "00uROSA" }],
    [
      "in both places",
      { ...inside(rosa), sub_id: { sub: "00uROSA", iss: org, format: "iss_sub" } },
      { kind: "user", uid: "00uROSA" },
    ],
    [
      "by address",
      { sub_id: { format: "email", email: "rosa@example.com" } },
      { kind: "user", login: "rosa@example.com" },
    ],
    [
      "as drafts have it",
      inside({ subject_type: "iss-sub", iss: org, sub: "00uROSA" }),
      { kind: "user", uid: "00uROSA" },
    ],
    [
      "in a complex one",
      { sub_id: { format: "complex", user: rosa, session: { format: "opaque", id: "s" } } },
      { kind: "user", uid: "00uROSA" },
    ],
  ])("is read %s", async (_, more, subject) => {
    await push(more);
    expect(sink.received).toMatchObject([{ subject }]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["that stands nowhere", { sub_id: undefined }, "invalid_request"],
    ["that is two", { sub_id: rosa, events: { [revoked]: { subject: olga } } }, "invalid_request"],
    ["of another issuer", { sub_id: { ...rosa, iss: "https://other.okta.com" } }, "access_denied"],
    [
      "of another issuer within the event",
      inside({ ...rosa, iss: "https://other.okta.com" }),
      "access_denied",
    ],
    [
      "of another issuer beside a good event",
      {
        sub_id: undefined,
        events: {
          [revoked]: { subject: rosa },
          [`${risc}account-purged`]: { subject: { ...rosa, iss: "https://other.okta.com" } },
        },
      },
      "access_denied",
    ],
    ["that is a device", { sub_id: { format: "complex", device: rosa } }, "invalid_request"],
    ["that is opaque", { sub_id: { format: "opaque", id: "x" } }, "invalid_request"],
    ["with two formats", { sub_id: { ...rosa, subject_type: "email" } }, "invalid_request"],
    ["with more than it is", { sub_id: { ...rosa, email: "rosa@example.com" } }, "invalid_request"],
    ["that is a text", { sub_id: "00uROSA" }, "invalid_request"],
  ])("%s is refused, and nobody is touched", async (_, more, code) => {
    await expect(push(more)).rejects.toSatisfy(
      (error: { why: keyof typeof ssfErrorCodes }) => ssfErrorCodes[error.why] === code,
    );
    expect(sink.received).toEqual([]);
  });
});

const symmetric = (): string => {
  const pem = createPublicKey({ key: publicHalf(sharedKey), format: "jwk" }).export({
    type: "spki",
    format: "pem",
  });
  const input = `${base64url(JSON.stringify({ kid: "key-1", alg: "HS256", typ: "secevent+jwt" }))}.${base64url(JSON.stringify(claims()))}`;
  return `${input}.${createHmac("sha256", pem).update(input).digest("base64url")}`;
};

describe("a message is refused", () => {
  it.each<[string, () => Pushed, string]>([
    ["that is empty", () => pushed(""), "invalid_request"],
    ["that is not there", () => pushed("", { body: undefined }), "invalid_request"],
    ["that is no JWT", () => pushed("not a token"), "invalid_request"],
    ["with a line feed after it", () => pushed(`${set()}\n`), "invalid_request"],
    ["of another content type", () => pushed(set(), { contentType: "application/json" }), "invalid_request"],
    ["of no content type", () => pushed(set(), { contentType: undefined }), "invalid_request"],
    ["that is too long", () => pushed(set({ x: "a".repeat(17_000) })), "invalid_request"],
    [
      "signed by nobody",
      () =>
        pushed(`${base64url('{"alg":"none","typ":"secevent+jwt"}')}.${base64url(JSON.stringify(claims()))}.`),
      "invalid_request",
    ],
    ["signed with the public key as a secret", () => pushed(symmetric()), "invalid_key"],
    ["with another's signature", () => pushed(set({}, {}, forgersKey)), "invalid_key"],
    ["by a key that is not published", () => pushed(set({}, { kid: "key-9" })), "invalid_key"],
    ["that brings its key", () => pushed(set({}, { jwk: publicHalf(sharedKey) })), "invalid_key"],
    ["of no type", () => pushed(set({}, { typ: undefined })), "invalid_request"],
    ["of the type JWT", () => pushed(set({}, { typ: "JWT" })), "invalid_request"],
    [
      "that is a revocation's JWT",
      () => pushed(set({}, { typ: "global-token-revocation+jwt" })),
      "invalid_request",
    ],
    ["of another issuer", () => pushed(set({ iss: "https://evil.okta.com" })), "invalid_issuer"],
    ["of no issuer", () => pushed(set({ iss: undefined })), "invalid_issuer"],
    ["for another receiver", () => pushed(set({ aud: "https://other.example" })), "invalid_audience"],
    ["for nobody", () => pushed(set({ aud: undefined })), "invalid_audience"],
    ["without an id", () => pushed(set({ jti: undefined })), "invalid_request"],
    ["without a time", () => pushed(set({ iat: undefined })), "invalid_request"],
    ["from the future", () => pushed(set({ iat: seconds() + 31 })), "invalid_request"],
    [
      "that is older than a week",
      () => pushed(set({ iat: seconds() - MAX_AGE_MS / 1000 - 31 })),
      "invalid_request",
    ],
    ["that has expired", () => pushed(set({ exp: seconds() - 31 })), "invalid_request"],
    ["with a sub", () => pushed(set({ sub: "00uROSA" })), "invalid_request"],
    ["without events", () => pushed(set({ events: undefined })), "invalid_request"],
    ["with no event", () => pushed(set({ events: {} })), "invalid_request"],
    ["with a list of events", () => pushed(set({ events: [revoked] })), "invalid_request"],
    ["with an event that is a text", () => pushed(set({ events: { [revoked]: "now" } })), "invalid_request"],
    [
      "with a flood of events",
      () =>
        pushed(set({ events: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`urn:e:${i}`, {}])) })),
      "invalid_request",
    ],
    [
      "with a time that is none",
      () => pushed(set({ events: { [revoked]: { event_timestamp: "today" } } })),
      "invalid_request",
    ],
    [
      "with a claim twice",
      () =>
        pushed(
          signRaw(
            '{"kid":"key-1","alg":"RS256","typ":"secevent+jwt"}',
            JSON.stringify(claims()).replace("{", '{"jti":"other",'),
            sharedKey,
          ),
        ),
      "invalid_request",
    ],
  ])("%s", async (_, message, code) => {
    await expect(receiver.receive(message())).rejects.toSatisfy(
      (error: { why: keyof typeof ssfErrorCodes }) => ssfErrorCodes[error.why] === code,
    );
    expect(sink.received).toEqual([]);
  });

  it("whose sender's keys cannot be had: it is to come again, and gets through then", async () => {
    scene.provider.down = true;
    await expect(push()).rejects.toMatchObject({ why: "keys_unavailable", status: 503 });
    scene.provider.down = false;
    scene.clock.advance(60_000);
    await push();
    expect(sink.received.length).toBe(1);
  });
});

describe("the agreed authorization", () => {
  it.each([
    ["left out", undefined],
    ["another", "Bearer no"],
    ["with more behind it", "Bearer agreed "],
  ])("%s is refused before the message is looked at", async (_, authorization) => {
    receiver = make({ authorization: new Secret("Bearer agreed") });
    await expect(receiver.receive(pushed(set(), { authorization }))).rejects.toMatchObject({
      why: "unauthenticated",
    });
    expect([sink.received, scene.provider.requests]).toEqual([[], []]);
  });

  it("lets in whoever signs too, and nobody else", async () => {
    receiver = make({ authorization: new Secret("Bearer agreed") });
    await receiver.receive(pushed(set(), { authorization: "Bearer agreed" }));
    const forged = pushed(set({ jti: "2" }, {}, forgersKey), { authorization: "Bearer agreed" });
    await expect(receiver.receive(forged)).rejects.toMatchObject({ why: "key" });
    expect(sink.received.length).toBe(1);
  });
});

describe("a transmitter's document", () => {
  it("stands before the issuer's path", () => {
    expect(configurationUrl("https://tr.example")).toBe("https://tr.example/.well-known/ssf-configuration");
    expect(configurationUrl("https://tr.example/a/b")).toBe(
      "https://tr.example/.well-known/ssf-configuration/a/b",
    );
  });

  it.each([
    ["names another issuer", { issuer: "https://evil.example", jwks_uri: `${org}/v1/keys` }],
    ["leads elsewhere for keys", { issuer: org, jwks_uri: "https://evil.example/keys" }],
    ["names no keys", { issuer: org }],
    ["is no object", 7],
  ])("that %s gives no keys", async (_, document) => {
    scene.provider.answers.set("/.well-known/ssf-configuration", { body: JSON.stringify(document) });
    await expect(push()).rejects.toMatchObject({ why: "keys_unavailable" });
    expect(sink.received).toEqual([]);
  });
});
