import { expect, test } from "vitest";
import { readEvent } from "./audit-event.ts";
import { readSeen } from "./seen-request.ts";
import { actOf, behindLine, event, PODS, SECRETS } from "./testing/audit-events.ts";

const JSON_TYPE = "content-type: application/json";
const APPLY = "content-type: application/apply-patch+yaml";
const [one, pods] = [`${PODS}/a`, PODS];
const created = { code: 201 };
test.each<[string, Record<string, unknown>, string]>([
  ["a read", { verb: "get", requestURI: one, requestObject: { a: 1 } }, ""],
  ["a create", { verb: "create", requestURI: pods, requestObject: { a: 1 } }, `${JSON_TYPE}\n\n{"a":1}`],
  ["a create by 201", { verb: "create", requestURI: pods, responseStatus: created }, ""],
  ["a create of metadata", { level: "Metadata", verb: "create", requestURI: pods, requestObject: {} }, ""],
  [
    "a create with its answer",
    {
      level: "RequestResponse",
      verb: "create",
      requestURI: pods,
      requestObject: {},
      responseObject: { b: 1 },
    },
    `${JSON_TYPE}\n\n{}`,
  ],
  ["an array", { verb: "create", requestURI: pods, requestObject: [] }, ""],
  ["an update", { verb: "update", requestURI: one, requestObject: {} }, `${JSON_TYPE}\n\n{}`],
  [
    "an update that creates",
    { verb: "update", requestURI: one, requestObject: {}, responseStatus: created },
    `${JSON_TYPE}\ncreated: true\n\n{}`,
  ],
  [
    "a delete",
    { verb: "delete", requestURI: one, requestObject: { kind: "DeleteOptions" } },
    `${JSON_TYPE}\n\n{"kind":"DeleteOptions"}`,
  ],
  [
    "a patch by steps",
    { verb: "patch", requestURI: one, requestObject: [] },
    "content-type: application/json-patch+json\n\n[]",
  ],
  [
    "a patch",
    { verb: "patch", requestURI: one, requestObject: {} },
    "content-type: application/merge-patch+json\n\n{}",
  ],
  [
    "an apply by force",
    { verb: "patch", requestURI: `${one}?force=false`, requestObject: {} },
    `${APPLY}\n\n{}`,
  ],
  [
    "an apply that creates",
    { verb: "patch", requestURI: one, requestObject: {}, responseStatus: created },
    `${APPLY}\ncreated: true\n\n{}`,
  ],
  [
    "an apply that is not shown",
    { level: "Metadata", verb: "patch", requestURI: `${one}?force=true` },
    APPLY,
  ],
  [
    "an apply that creates and is not shown",
    { level: "Metadata", verb: "patch", requestURI: one, responseStatus: created },
    `${APPLY}\ncreated: true`,
  ],
  ["a patch that is not shown", { verb: "patch", requestURI: one }, ""],
  ["a patch that is no JSON", { verb: "patch", requestURI: one, requestObject: "e30=" }, ""],
  ["a long body", { verb: "create", requestURI: pods, requestObject: { a: "a".repeat(32_768) } }, ""],
  ["a large number", { verb: "create", requestURI: pods, requestObject: { a: [2 ** 60] } }, ""],
  ["what no path takes", { verb: "post", requestURI: "/a", requestObject: {} }, ""],
])("%s tells what was written", (_, more, text) => {
  expect(behindLine(more)).toBe(text);
});

test("a body of the longest is told, and reads back", () => {
  const requestObject = { a: "é\n\n".repeat(6000) };
  const { act } = actOf({ level: "Request", verb: "create", requestURI: PODS, requestObject });
  const { body } = readSeen(act).act;
  expect(body).toEqual({ kind: "read", bytes: Buffer.from(JSON.stringify(requestObject)) });
});

const secretOne = `${SECRETS}/a`;
const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "hush", other: "hush" };
const secret = {
  apiVersion: "v1",
  kind: "Secret",
  type: "Opaque",
  metadata: { name: "a", labels: { app: "shop" }, annotations },
  data: { key: "hush", gone: null },
  stringData: { key: "hush" },
  Data: { deep: [{ key: "hush" }], number: 7 },
};
const emptied = {
  apiVersion: "v1",
  kind: "Secret",
  type: "Opaque",
  metadata: {
    name: "a",
    labels: { app: "shop" },
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "", other: "" },
  },
  data: { key: "", gone: null },
  stringData: { key: "" },
  Data: { deep: [{ key: "" }], number: "" },
};
const step = (path: string, value: unknown): object => ({ op: "add", path, value });
const elsewhere = { objectRef: { resource: "secrets" } };

test.each<[string, Record<string, unknown>, unknown, unknown]>([
  ["a new one", { verb: "create", requestURI: SECRETS }, secret, emptied],
  ["one that replaces", { verb: "update", requestURI: secretOne }, secret, emptied],
  ["a patch", { verb: "patch", requestURI: secretOne }, secret, emptied],
  ["one that only its reference tells", { ...elsewhere, verb: "create", requestURI: PODS }, secret, emptied],
  ["one that only its kind tells", { verb: "create", requestURI: PODS }, secret, emptied],
  ["one that is a text", { verb: "create", requestURI: SECRETS }, { data: "hush" }, { data: "" }],
  [
    "steps",
    { verb: "patch", requestURI: secretOne },
    [
      step("", secret),
      step("/data", { key: "hush" }),
      step("/data/key", "hush"),
      step("/stringData/key", "hush"),
      step("/metadata", secret.metadata),
      step("/metadata/annotations", annotations),
      step("/metadata/annotations/a", "hush"),
      step("/metadata/labels/app", "shop"),
      step("/type", "Opaque"),
      step("/type", { data: { key: "hush" } }),
      { op: "add", path: "/type", value: "Opaque", note: "hush" },
      { op: "move", from: "/data/a", path: "/data/b" },
      { op: "add", value: "hush" },
      "hush",
    ],
    [
      step("", emptied),
      step("/data", { key: "" }),
      step("/data/key", ""),
      step("/stringData/key", ""),
      step("/metadata", emptied.metadata),
      step("/metadata/annotations", emptied.metadata.annotations),
      step("/metadata/annotations/a", ""),
      step("/metadata/labels/app", "shop"),
      step("/type", "Opaque"),
      step("/type", { data: { key: "" } }),
      { op: "add", path: "/type", value: "Opaque", note: "" },
      { op: "move", from: "/data/a", path: "/data/b" },
      { op: "add", value: "" },
      "",
    ],
  ],
])("of a secret no value is kept: %s", (_, more, requestObject, kept) => {
  const [, body = ""] = behindLine({ ...more, requestObject }).split("\n\n");
  expect(body).not.toContain("hush");
  expect(JSON.parse(body)).toEqual(kept);
});

test("names that a prototype has are names like any other", () => {
  const text = '{"data":{"__proto__":{"a":"hush"},"constructor":"hush"},"__proto__":{"data":"hush"}}';
  const members = {
    ...event({ level: "Request", verb: "create", requestURI: SECRETS }),
    requestObject: JSON.parse(text) as unknown,
  };
  expect(readEvent(members)).toMatchObject({
    outcome: {
      act: {
        act: expect.stringContaining(
          '{"data":{"__proto__":{"a":""},"constructor":""},"__proto__":{"data":""}}',
        ),
      },
    },
  });
});

test("a token that is to be looked at is not kept", () => {
  const requestURI = "/apis/authentication.k8s.io/v1/tokenreviews";
  expect(behindLine({ verb: "create", requestURI, requestObject: { spec: { token: "hush" } } })).toBe("");
});

test("how a secret is deleted is told", () => {
  const requestObject = { kind: "DeleteOptions", propagationPolicy: "Background" };
  expect(behindLine({ verb: "delete", requestURI: secretOne, requestObject })).toContain("Background");
});
