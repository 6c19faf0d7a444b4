import { describe, expect, test } from "vitest";
import { needOf } from "./need.ts";
import { exec, writing } from "./testing/seen.ts";

const shop = "/api/v1/namespaces/shop";
const deployments = "/apis/apps/v1/namespaces/shop/deployments";
const pod = (spec: object): object => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec });
const deployment = (spec: object): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", resourceVersion: "4711" },
  spec: { template: { spec } },
});

test.each([
  [`GET ${shop}/pods?limit=500`, { what: "pods", verb: "list", namespace: "shop" }],
  ["GET /api/v1/pods", { what: "pods", verb: "list" }],
  [`GET ${shop}/pods?watch=true`, { what: "pods", verb: "watch", namespace: "shop" }],
  [
    `GET ${shop}/pods/web-6d4cf56db6-x2x9p/log?follow=true`,
    { what: "pods/log", verb: "get", name: "web-*-*" },
  ],
  ["GET /api/v1/nodes/a", { what: "nodes", verb: "get", name: "a" }],
  [`DELETE ${shop}/pods/a`, { what: "pods", verb: "delete", name: "a" }],
  [`DELETE ${shop}/pods?labelSelector=a`, { what: "pods", verb: "deletecollection" }],
  [`POST ${shop}/configmaps`, { what: "configmaps", verb: "create", isUnseen: true }],
  [writing(`POST ${shop}/configmaps`, { metadata: { name: "a" } }), { verb: "create", isUnseen: false }],
  [`PUT ${deployments}/web`, { what: "deployments.apps", verb: "update", makes: false, isUnseen: true }],
  [writing(`PUT ${deployments}/web`, deployment({})), { verb: "update", makes: false, isUnseen: false }],
  [`PUT ${deployments}/web\ncreated: true`, { verb: "update", makes: true }],
  [`PATCH ${deployments}/web`, { verb: "patch", makes: false, isUnseen: true }],
  [`PATCH ${deployments}/web\ncontent-type: application/apply-patch+yaml`, { verb: "patch", makes: true }],
  [
    writing(`PATCH ${deployments}/web/scale`, { spec: { replicas: 2 } }, "application/merge-patch+json"),
    { what: "deployments.apps/scale", verb: "patch", accounts: [] },
  ],
  [
    writing(
      `PATCH ${deployments}/web`,
      [{ op: "replace", path: "/spec/replicas", value: 2 }],
      "application/json-patch+json",
    ),
    { verb: "patch", isUnseen: false },
  ],
  [writing(`POST ${deployments}`, deployment({ serviceAccountName: "web" })), { accounts: ["web"] }],
  [writing(`POST ${deployments}`, deployment({ serviceAccountName: "default" })), { accounts: [] }],
  [`POST ${shop}/pods/a/eviction`, { what: "pods/eviction", verb: "create", name: "a" }],
])("%s needs %j", (act, need) => {
  expect(needOf(act)).toMatchObject({ kind: "object", ...need });
});

test("which resources there are needs nothing", () => {
  expect(needOf("GET /apis/apps/v1?timeout=32s")).toEqual({ kind: "nothing" });
});

test("a command needs its pod, its container, its arguments and how it is run", () => {
  expect(needOf(exec("web-6d4cf56db6-x2x9p", ["ls", "-l"], { tty: "true" }))).toEqual({
    kind: "command",
    namespace: "shop",
    pod: "web-*-*",
    container: "app",
    argv: ["ls", "-l"],
    stdin: false,
    terminal: true,
  });
});

test.each([
  [`POST ${shop}/pods/web-1/portforward\nupgrade: websocket`, {}],
  [`POST ${shop}/pods/web-1/portforward\nupgrade: websocket\nforwarded-port: 8080`, { port: 8080 }],
])("%s needs a port", (act, port) => {
  expect(needOf(act)).toEqual({ kind: "port", namespace: "shop", pod: "web-1", ...port });
});

describe("is never granted", () => {
  test.each([
    ["GET /healthz", "the path names nothing of the API"],
    [`GET ${shop}/pods/a%2f/log`, "the path holds an encoding, and no name needs one"],
    [
      `POST ${shop}/serviceaccounts/a/token`,
      "serviceaccounts/token is never granted: it gives out a credential that outlives the grant",
    ],
    [`GET ${shop}/services/a/proxy/x`, "services/proxy is never granted"],
    [`POST ${shop}/pods/a/attach\nupgrade: websocket`, "pods/attach is never granted"],
    [
      "POST /apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles",
      "roles.rbac.authorization.k8s.io is never written through a grant: it gives rights that outlive the grant",
    ],
    [`GET ${shop}/pods?fieldSelector=a&fieldSelector=b`, "the parameter fieldSelector stands twice"],
    [`GET ${shop}/pods/a/exec?command=ls\nupgrade: websocket`, "the container must be named"],
    [exec("a", ["ls", ""]), "an empty argument can be in no scope"],
    [
      writing(`POST ${shop}/pods`, pod({ hostNetwork: true })),
      "hostNetwork: the Pod Security Standards' baseline forbids it (Host Namespaces)",
    ],
    [`GET ${shop}/pods\nimpersonate-user: root`, "impersonation is the gateway's alone"],
    ["", "it is no request"],
  ])("%s: %s", (act, why) => {
    expect(needOf(act)).toEqual({ kind: "never", why });
  });
});

test("what a pod has of the node is told beside an account that could be granted", () => {
  expect(
    needOf(writing(`POST ${shop}/pods`, pod({ serviceAccountName: "web", hostPID: true }))),
  ).toMatchObject({
    kind: "never",
    why: expect.stringContaining("hostPID") as string,
  });
});
