// tier: full
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NoAnswer, ssfEvents, startOktaStandIn } from "./index.ts";
import type { OktaStandIn } from "./index.ts";
import { startReceiver } from "./testing/receiver.ts";

let okta: OktaStandIn;
let receiver: Awaited<ReturnType<typeof startReceiver>>;

beforeEach(async () => {
  okta = await startOktaStandIn({
    people: [
      { login: "rosa@example.com", name: "Rosa", groups: ["sre"], uid: "00uRosa", email: "r@example.org" },
    ],
    agents: [{ clientId: "0oaService", keys: [] }],
    registeredAgents: [{ clientId: "wlpAgent", keys: [] }],
  });
  receiver = await startReceiver();
});
afterEach(async () => {
  await okta.close();
  await receiver.stop();
});

interface Call {
  readonly eventId: string;
  readonly source: string;
  readonly eventType: string;
  readonly data: { readonly events: readonly { readonly uuid: string; readonly eventType: string }[] };
}
const calls = (): Call[] => receiver.posts().map(({ body }) => JSON.parse(body) as Call);
const types = (): string[][] => calls().map(({ data }) => data.events.map(({ eventType }) => eventType));

test("a hook is made after the challenge, with the secret as it was typed", async () => {
  await okta.eventHooks.add({ url: receiver.url, secret: "as typed, no scheme" });
  const [first] = receiver.arrived;
  expect(first?.method).toBe("GET");
  expect(first?.headers["x-okta-verification-challenge"]).toMatch(/^[0-9a-f-]{36}$/);
  okta.lifecycle.suspend("rosa@example.com");
  await okta.eventHooks.settled();
  expect(receiver.posts().map(({ headers }) => headers.authorization)).toEqual(["as typed, no scheme"]);
});

test("a receiver that does not echo the challenge gets no hook and no events", async () => {
  receiver.doNotEcho();
  await expect(okta.eventHooks.add({ url: receiver.url, secret: "s" })).rejects.toThrow("did not echo");
  okta.lifecycle.suspend("rosa@example.com");
  await okta.eventHooks.settled();
  expect(receiver.posts()).toEqual([]);
});

test("an event type that is not eligible is refused, and is never sent", async () => {
  const hook = { url: receiver.url, secret: "s" };
  await expect(
    okta.eventHooks.add({ ...hook, events: ["app.oauth2.client.lifecycle.deactivate"] }),
  ).rejects.toThrow("only the System Log has it");
  await okta.eventHooks.add(hook);
  okta.deactivate("0oaService");
  await okta.eventHooks.settled();
  expect(okta.log.events.map(({ eventType }) => eventType)).toContain(
    "app.oauth2.client.lifecycle.deactivate",
  );
  expect(types()).toEqual([["application.lifecycle.deactivate"]]);
});

test("a hook gets the events it asked for, in Okta's envelope", async () => {
  await okta.eventHooks.add({
    url: receiver.url,
    secret: "s",
    events: ["user.lifecycle.suspend", "workload_principal.deactivate"],
  });
  okta.lifecycle.suspend("rosa@example.com");
  okta.setGroups("rosa@example.com", []);
  okta.deactivate("wlpAgent");
  await okta.eventHooks.settled();
  const [call, ...others] = calls();
  expect(others).toEqual([]);
  expect(call).toMatchObject({
    eventType: "com.okta.event_hook",
    source: expect.stringMatching(new RegExp(`^${okta.orgIssuer}/api/v1/eventhooks/who`)) as string,
    data: {
      events: [
        { eventType: "user.lifecycle.suspend", target: [{ id: "00uRosa", alternateId: "rosa@example.com" }] },
        { eventType: "workload_principal.deactivate", target: [{ id: "wlpAgent" }] },
      ],
    },
  });
});

test("what was held goes in one call", async () => {
  await okta.eventHooks.add({ url: receiver.url, secret: "s" });
  okta.eventHooks.hold();
  okta.lifecycle.suspend("rosa@example.com");
  await new Promise((resolve) => setImmediate(resolve));
  okta.lifecycle.unsuspend("rosa@example.com");
  okta.eventHooks.release();
  await okta.eventHooks.settled();
  expect(types()).toEqual([["user.lifecycle.suspend", "user.lifecycle.unsuspend"]]);
});

test("5xx and silence are tried once more under the same eventId, 4xx is not", async () => {
  await okta.eventHooks.add({ url: receiver.url, secret: "s", timeout: 30_000 });
  const statuses = async (...replies: (number | "silence")[]) => {
    const before = okta.eventHooks.deliveries.length;
    receiver.reply(...replies);
    okta.lifecycle.clearSessions("rosa@example.com");
    await okta.eventHooks.settled();
    const tries = okta.eventHooks.deliveries.slice(before);
    expect(new Set(tries.map(({ eventId }) => eventId)).size).toBe(1);
    return tries.map(({ attempt, status }) => [attempt, status]);
  };
  expect(await statuses(503, 200)).toEqual([
    [1, 503],
    [2, 200],
  ]);
  expect(await statuses(500, 500)).toEqual([
    [1, 500],
    [2, 500],
  ]);
  expect(await statuses(401)).toEqual([[1, 401]]);
  // The second call has to be answered within the time after which the first is given up.
  okta.eventHooks.remove(receiver.url);
  await okta.eventHooks.add({ url: receiver.url, secret: "s", timeout: 3000 });
  expect(await statuses("silence", 204)).toEqual([
    [1, undefined],
    [2, 204],
  ]);
});

test("calls come doubled with one eventId, and events the newest first, when asked", async () => {
  await okta.eventHooks.add({ url: receiver.url, secret: "s", delivery: "doubled" });
  okta.lifecycle.suspend("rosa@example.com");
  await okta.eventHooks.settled();
  expect(types()).toEqual([["user.lifecycle.suspend"], ["user.lifecycle.suspend"]]);
  expect(new Set(calls().map(({ eventId }) => eventId)).size).toBe(1);

  okta.eventHooks.remove(receiver.url);
  await okta.eventHooks.add({ url: receiver.url, secret: "s", delivery: "reversed" });
  okta.eventHooks.hold();
  okta.lifecycle.unsuspend("rosa@example.com");
  okta.lifecycle.suspend("rosa@example.com");
  okta.eventHooks.release();
  await okta.eventHooks.settled();
  expect(types().slice(2)).toEqual([["user.lifecycle.suspend", "user.lifecycle.unsuspend"]]);
});

test("Universal Logout calls the app with a signed JWT, and the subject in either format", async () => {
  const url = receiver.url;
  const answer = await okta.revokeEverywhere("rosa@example.com", { url, app: "0oaConsole" });
  expect(answer.status).toBe(204);
  await okta.revokeEverywhere("00uRosa", { url, app: "0oaConsole", subjectFormat: "email" });
  const [first, second] = receiver.posts();
  const token = first?.headers.authorization?.replace(/^Bearer /, "") ?? "";
  const keys = createRemoteJWKSet(new URL(`${okta.orgIssuer}/oauth2/v1/keys`));
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer: okta.orgIssuer,
    audience: url,
    typ: "global-token-revocation+jwt",
  });
  expect(protectedHeader.alg).toBe("RS256");
  const { iat = 0, sub, nbf, exp } = payload;
  expect({ sub, nbf, exp }).toEqual({ sub: "0oaConsole", nbf: iat - 300, exp: iat + 300 });
  expect(JSON.parse(first?.body ?? "")).toEqual({
    sub_id: { format: "iss_sub", iss: okta.orgIssuer, sub: "00uRosa" },
  });
  expect(JSON.parse(second?.body ?? "")).toEqual({ sub_id: { format: "email", email: "r@example.org" } });
  expect(okta.log.events.map(({ eventType }) => eventType)).toEqual([
    "user.authentication.universal_logout",
    "user.authentication.universal_logout",
  ]);
});

test("a stream is verified, and then told of logouts as Okta tells of them", async () => {
  const stream = {
    url: receiver.url,
    authorization: "Bearer stream",
    audience: "https://mayfly.example.com",
  };
  expect((await okta.ssf.add(stream)).status).toBe(204);
  okta.lifecycle.endSession("rosa@example.com");
  await okta.ssf.settled();
  const [verification, revoked] = receiver.posts();
  expect(revoked?.headers).toMatchObject({
    "content-type": "application/secevent+jwt",
    authorization: "Bearer stream",
  });
  const metadata = (await (await fetch(`${okta.orgIssuer}/.well-known/ssf-configuration`)).json()) as Record<
    string,
    string
  >;
  const keys = createRemoteJWKSet(new URL(metadata["jwks_uri"] ?? ""));
  const read = async (body = "") =>
    (
      await jwtVerify(body, keys, {
        issuer: okta.orgIssuer,
        audience: stream.audience,
        typ: "secevent+jwt",
      })
    ).payload;
  expect((await read(verification?.body))["events"]).toHaveProperty([ssfEvents.verification, "state"]);
  expect(await read(revoked?.body)).toMatchObject({
    sub_id: { format: "iss_sub", iss: okta.orgIssuer, sub: "00uRosa" },
    events: { [ssfEvents.sessionRevoked]: { event_timestamp: expect.any(Number) as number } },
  });
});

test("push sends any event about any subject, also a forged one, and says what came back", async () => {
  const stream = { url: receiver.url, audience: "https://mayfly.example.com" };
  receiver.reply(400);
  const answer = await okta.ssf.push(stream, {
    event: "https://example.com/own",
    subject: { format: "email", email: "r@example.org" },
    claims: { iss: "https://elsewhere.example.com", jti: undefined },
    header: { typ: "JWT" },
  });
  expect(answer.status).toBe(400);
  const [head = "", claims = ""] = receiver.posts()[0]?.body.split(".") ?? [];
  const decoded = [head, claims].map((one) => JSON.parse(Buffer.from(one, "base64url").toString()) as object);
  expect(decoded[0]).toMatchObject({ typ: "JWT" });
  expect(decoded[1]).toMatchObject({
    iss: "https://elsewhere.example.com",
    sub_id: { format: "email", email: "r@example.org" },
    events: { "https://example.com/own": {} },
  });
  expect(decoded[1]).not.toHaveProperty("jti");
});

test("nobody at the other end is told as such", async () => {
  await receiver.stop();
  const stream = { url: receiver.url, audience: "a" };
  await expect(okta.ssf.push(stream, { event: "sessionRevoked", subject: "00uRosa" })).rejects.toThrow(
    NoAnswer,
  );
});
