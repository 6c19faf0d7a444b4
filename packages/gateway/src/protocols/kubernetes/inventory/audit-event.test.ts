import { expect, test } from "vitest";
import { isEvent, readEvent } from "./audit-event.ts";
import { actOf, at, event, outcomeOf, PODS } from "./testing/audit-events.ts";

test.each([
  ["for one object that is not there", { verb: "get", requestURI: `${PODS}/a` }, "act"],
  ["for a part of one", { verb: "get", requestURI: `${PODS}/a/log` }, "failed"],
  ["for all of what there is not", { verb: "list", requestURI: PODS }, "failed"],
  ["for a document", { verb: "get", requestURI: "/openapi/v2" }, "failed"],
  ["to delete what is not there", { verb: "delete", requestURI: `${PODS}/a` }, "failed"],
])("what looked %s, and was answered with 404", (_, more, kind) => {
  expect(outcomeOf({ ...more, responseStatus: { code: 404 } })).toMatchObject({ kind });
});

test("an event is an act", () => {
  expect(readEvent(event())).toEqual({
    isBegun: false,
    request: expect.stringContaining("7a3b"),
    outcome: { kind: "act", act: { act: `GET ${PODS}`, by: "alice", at, times: 1 } },
  });
  expect(readEvent(event({ stage: "ResponseStarted" }))).toMatchObject({ isBegun: true });
  expect(readEvent(event({ auditID: undefined }))).toMatchObject({ request: undefined });
});

test.each([
  ["alpha", { apiVersion: "audit.k8s.io/v1alpha1" }],
  ["beta", { apiVersion: "audit.k8s.io/v1beta1" }],
])("an event of an %s version is one", (_, more) => {
  expect(
    outcomeOf({ ...more, requestReceivedTimestamp: undefined, timestamp: "2026-12-02T08:19:19Z" }),
  ).toEqual({
    kind: "act",
    act: { act: `GET ${PODS}`, by: "alice", at: Date.UTC(2026, 11, 2, 8, 19, 19), times: 1 },
  });
});

test.each([
  ["neither kind nor version", { kind: undefined, apiVersion: undefined }, true, true],
  ["no version", { apiVersion: undefined }, true, true],
  ["no kind", { kind: undefined }, true, true],
  ["no Audit-ID", { auditID: undefined }, true, true],
  ["neither version nor Audit-ID", { apiVersion: undefined, auditID: undefined }, false, true],
  ["another version", { apiVersion: "v1" }, false, false],
  ["another kind", { kind: "Policy" }, false, false],
  ["another kind and no version", { kind: "Policy", apiVersion: undefined }, false, false],
  ["no kind and another version", { kind: undefined, apiVersion: "v1" }, false, false],
])("whether it is an event by itself or in a list: %s", (_, more, isOne, isOneInList) => {
  expect(isEvent(event(more))).toBe(isOne);
  expect(isEvent(event(more), true)).toBe(isOneInList);
  expect(readEvent(event(more)) === "it is no event of an audit log").toBe(!isOne);
  expect(readEvent(event(more), true) === "it is no event of an audit log").toBe(!isOneInList);
});

test.each([
  ["what was only received", { stage: "RequestReceived", responseStatus: undefined }],
  ["level None", { level: "None" }],
])("%s is nothing", (_, more) => {
  expect(readEvent(event(more))).toBeUndefined();
});

test.each([
  ["refused", { responseStatus: { code: 403 } }],
  ["of nobody", { responseStatus: { code: 401 }, user: {} }],
  ["of no status but a panic", { stage: "Panic", responseStatus: undefined }],
  ["forbidden", { annotations: { "authorization.k8s.io/decision": "forbid" } }],
])("what was %s failed", (_, more) => {
  expect(outcomeOf(more)).toEqual({ kind: "failed" });
});

const URI = "its request's URI";
test.each<[string, Record<string, unknown>, string]>([
  ["another kind", { kind: "Policy" }, "it is no event of an audit log"],
  ["an event of the cluster", { apiVersion: "v1" }, "it is no event of an audit log"],
  ["a version to come", { apiVersion: "audit.k8s.io/v2" }, "it is no event of an audit log"],
  ["no level", { level: undefined }, "its level is none"],
  ["no stage", { stage: undefined }, "its stage is none"],
  ["another stage", { stage: "constructor" }, "its stage is none"],
  ["no status", { responseStatus: { metadata: {} } }, "no status: nobody knows whether it worked"],
  ["a status in a text", { responseStatus: { code: "200" } }, "no status: nobody knows whether it worked"],
  ["a status that is none", { responseStatus: { code: 0 } }, "no status: nobody knows whether it worked"],
  ["no URI", { requestURI: undefined }, `${URI} is missing`],
  ["a URI that is none", { requestURI: [PODS] }, `${URI} is missing`],
  ["a long URI", { requestURI: `/${"a".repeat(16_384)}` }, `${URI} is longer than 16384 characters`],
  ["a new line", { requestURI: `${PODS}\nupgrade: websocket` }, `${URI} holds a character that no URI holds`],
  ["a blank", { requestURI: `${PODS} HTTP/1.1` }, `${URI} holds a character that no URI holds`],
  ["no slash", { requestURI: "api" }, `${URI} holds a character that no URI holds`],
  ["no verb", { verb: "" }, "its verb is missing"],
  ["a verb of two lines", { verb: "get\nx" }, "its verb is none"],
  ["no user", { user: undefined }, "it does not say who made the request"],
  ["a user without a name", { user: { username: "" } }, "it does not say who made the request"],
  [
    "somebody that is nobody",
    { impersonatedUser: { groups: ["a"] } },
    "it does not say who made the request",
  ],
  [
    "a long name",
    { user: { username: "a".repeat(257) } },
    "who made it is named with more than 256 characters",
  ],
  ["a day that is none", { requestReceivedTimestamp: "2026-02-30T00:00:00Z" }, "its time is none"],
  ["an hour that is none", { requestReceivedTimestamp: "2026-02-01T25:00:00Z" }, "its time is none"],
  ["a time in a number", { requestReceivedTimestamp: 1 }, "its time is none"],
  ["a time before all logs", { requestReceivedTimestamp: "1969-12-31T23:59:59Z" }, "its time is none"],
  ["get of a list", { verb: "get" }, "its verb is not what its path says"],
  ["list of one", { requestURI: `${PODS}/a` }, "its verb is not what its path says"],
  ["watch that is none", { verb: "watch" }, "its verb is not what its path says"],
  ["a list of what there is", { requestURI: "/version" }, "its verb is not what its path says"],
  ["connect to what is none", { verb: "connect" }, "its verb is not what its path says"],
])("%s is not read", (_, more, why) => {
  expect(outcomeOf(more)).toEqual({ kind: "unread", why });
});

test.each([
  ["somebody else", { impersonatedUser: { username: "bob" } }, { by: "bob" }],
  ["nobody else", { impersonatedUser: null }, { by: "alice" }],
  ["no time", { requestReceivedTimestamp: null }, { by: "alice" }],
  ["a time elsewhere", { requestReceivedTimestamp: "2026-12-02T10:19:19.123456+02:00" }, { at }],
])("%s", (_, more, expected) => {
  expect(actOf(more)).toMatchObject(expected);
});

test.each([
  ["get", `${PODS}/a`, "GET"],
  ["list", `${PODS}?labelSelector=app%3Dshop`, "GET"],
  ["watch", `${PODS}?watch=true`, "GET"],
  ["create", PODS, "POST"],
  ["update", `${PODS}/a/status`, "PUT"],
  ["patch", `${PODS}/a`, "PATCH"],
  ["delete", `${PODS}/a`, "DELETE"],
  ["deletecollection", PODS, "DELETE"],
  ["get", "/version", "GET"],
  ["get", `${PODS}/a/proxy/x`, "GET"],
  ["delete", `${PODS}/a/proxy/x`, "DELETE"],
  ["connect", `${PODS}/a/proxy`, "POST"],
  // These are refused when they are judged, with the reason for it.
  ["head", "/healthz", "HEAD"],
  ["post", "/metrics", "POST"],
  ["watch", "/api/v1/watch/pods", "GET"],
  ["get", `${PODS}/a?watch=true`, "GET"],
])("%s of %s is a %s", (verb, requestURI, method) => {
  const { act } = actOf({ verb, requestURI, level: "Request", requestObject: { a: 1 } });
  expect(act.split("\n")[0]).toBe(`${method} ${requestURI}`);
});

test.each([
  ["create", "exec?command=ls&container=app", "POST", "upgrade: websocket"],
  ["get", "exec?command=ls&container=app", "GET", "upgrade: websocket"],
  ["create", "attach", "POST", "upgrade: websocket"],
  ["get", "portforward", "GET", "upgrade: websocket"],
  ["create", "proxy/a", "POST", ""],
])("what is entered by %s %s tells no body", (verb, sub, method, lines) => {
  const requestURI = `${PODS}/a/${sub}`;
  const requestObject = { kind: "PodExecOptions", command: ["ls"] };
  const act = actOf({ verb, requestURI, requestObject, level: "Request", responseStatus: { code: 101 } });
  expect(act.act).toBe([`${method} ${requestURI}`, ...(lines === "" ? [] : [lines])].join("\n"));
});
