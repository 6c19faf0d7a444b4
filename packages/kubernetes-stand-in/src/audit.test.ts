// tier: gate
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answer } from "./api.ts";
import { type AuditOptions, auditRequest } from "./audit.ts";
import { requestInfo } from "./request-info.ts";
import { Store } from "./store.ts";

let server: Server;
let url: string;
let events: Record<string, unknown>[];
let level: AuditOptions["level"];

beforeEach(async () => {
  events = [];
  level = "RequestResponse";
  const store = new Store();
  const write = (line: string): void => void events.push(JSON.parse(line) as Record<string, unknown>);
  server = createServer((request, response) => {
    const audit = auditRequest({ level, write }, request, "system:serviceaccount:agents:bot");
    audit.follow(response);
    audit.decided(true);
    answer(request, response, { store, containers: {} as never }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "app" }, data: { a: "1" } };
const create = () =>
  fetch(`${url}/api/v1/namespaces/shop/configmaps?fieldManager=x`, {
    method: "POST",
    headers: {
      "audit-id": "chosen-by-the-client",
      "user-agent": "kubectl/v1.32.3",
      "impersonate-user": "jane",
    },
    body: JSON.stringify(configMap),
  });

describe("the audit log", () => {
  test("tells of a request as it is received, and as it was answered", async () => {
    await create();
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as unknown;
    const both = {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "RequestResponse",
      auditID: "chosen-by-the-client",
      requestURI: "/api/v1/namespaces/shop/configmaps?fieldManager=x",
      verb: "create",
      user: {
        username: "system:serviceaccount:agents:bot",
        groups: ["system:serviceaccounts", "system:serviceaccounts:agents", "system:authenticated"],
      },
      sourceIPs: ["127.0.0.1"],
      userAgent: "kubectl/v1.32.3",
      requestReceivedTimestamp: time,
      stageTimestamp: time,
    };
    expect(events).toEqual([
      {
        ...both,
        stage: "RequestReceived",
        objectRef: { resource: "configmaps", namespace: "shop", apiVersion: "v1" },
      },
      {
        ...both,
        stage: "ResponseComplete",
        impersonatedUser: { username: "jane", groups: ["system:authenticated"] },
        objectRef: { resource: "configmaps", namespace: "shop", name: "app", apiVersion: "v1" },
        responseStatus: { metadata: {}, code: 201 },
        requestObject: { ...configMap, metadata: { name: "app", creationTimestamp: null } },
        responseObject: expect.objectContaining({ kind: "ConfigMap" }) as unknown,
        annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
      },
    ]);
  });

  test.each([
    ["Metadata", false, false],
    ["Request", true, false],
    ["RequestResponse", true, true],
  ] as const)("tells at the level %s what it tells there", async (which, isRequest, isResponse) => {
    level = which;
    await create();
    expect([events[1]?.["requestObject"] !== undefined, events[1]?.["responseObject"] !== undefined]).toEqual(
      [isRequest, isResponse],
    );
  });

  test("tells patches and the options of deletions as they were read", async () => {
    await create();
    const at = `${url}/api/v1/namespaces/shop/configmaps/app`;
    const sent = { data: { a: "2" } };
    const headers = { "content-type": "application/merge-patch+json" };
    await fetch(at, { method: "PATCH", headers, body: JSON.stringify(sent) });
    expect(events.at(-1)).toMatchObject({ verb: "patch", requestObject: sent });
    const options = { propagationPolicy: "Background" };
    await fetch(at, { method: "DELETE", body: JSON.stringify(options) });
    expect(events.at(-1)).toMatchObject({
      verb: "delete",
      requestObject: { kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1", ...options },
    });
  });

  test("tells why a request failed", async () => {
    await fetch(`${url}/apis/batch/v1/namespaces/shop/jobs/none`);
    expect(events.at(-1)).toMatchObject({
      verb: "get",
      responseStatus: {
        metadata: {},
        status: "Failure",
        message: 'jobs "none" not found',
        reason: "NotFound",
        details: { name: "none", group: "batch", kind: "jobs" },
        code: 404,
      },
    });
  });

  test("tells of a watch as it begins, and as it ends", async () => {
    const abort = new AbortController();
    await fetch(`${url}/api/v1/pods?watch=true`, { signal: abort.signal });
    expect(events.map(({ stage }) => stage)).toEqual(["RequestReceived", "ResponseStarted"]);
    abort.abort();
    await expect.poll(() => events.at(-1)).toMatchObject({ stage: "ResponseComplete", verb: "watch" });
    expect(events.at(-1)).toMatchObject({ responseStatus: { metadata: {}, code: 200 } });
  });
});

test.each([
  ["GET", "/api/v1/namespaces/shop", "get", "namespaces", "shop", "shop"],
  ["PUT", "/api/v1/namespaces/shop/finalize", "update", "namespaces", "shop", "shop"],
  ["GET", "/api/v1/nodes", "list", "nodes", undefined, undefined],
  ["GET", "/api/v1/pods?watch=1&fieldSelector=metadata.name%3Dweb", "watch", "pods", undefined, "web"],
  ["DELETE", "/api/v1/namespaces/shop/pods", "deletecollection", "pods", "shop", undefined],
  ["GET", "/apis/apps/v1/namespaces/shop/deployments/web/scale", "get", "deployments", "shop", "web"],
  ["GET", "/apis/apps/v1", "get", undefined, undefined, undefined],
  ["POST", "/healthz", "post", undefined, undefined, undefined],
])("%s %s is %s of %s", (method, target, verb, resource, namespace, name) => {
  const info = requestInfo(method, target);
  expect([info.verb, info.resource?.resource, info.resource?.namespace, info.resource?.name]).toEqual([
    verb,
    resource,
    namespace,
    name,
  ]);
});
