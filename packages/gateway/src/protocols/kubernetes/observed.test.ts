import { describe, expect, test } from "vitest";
import { readAct } from "./act.ts";
import { verdictOf } from "./judge.ts";
import { observedScope } from "./observed.ts";
import { reachOf } from "./reach.ts";
import { scopeSchema } from "./scope.ts";
import { describeScope } from "./words.ts";

const scopes = [{ name: "prod/observe", scope: observedScope() }];
const judged = (method: string, target: string, body?: object) =>
  verdictOf(
    scopes,
    readAct({
      method,
      target,
      headers: body === undefined ? [] : ["content-type", "application/json"],
      body:
        body === undefined ? { kind: "none" } : { kind: "read", bytes: Buffer.from(JSON.stringify(body)) },
    }),
  );
const exec = (query: string) =>
  verdictOf(scopes, {
    ...readAct({
      method: "POST",
      target: `/api/v1/namespaces/shop/pods/web.0/exec?container=app&stdout=true&${query}`,
      headers: [],
      body: { kind: "none" },
    }),
    upgrade: "websocket",
  });
const core = "/api/v1/namespaces/shop";

describe("an observed cluster", () => {
  test.each([
    ["GET", `${core}/pods`],
    ["GET", "/api/v1/pods?watch=true"],
    ["GET", "/api/v1/nodes/n1"],
    ["GET", `${core}/pods/web-1/log`],
    ["GET", "/apis/apps/v1/namespaces/kube-system/deployments/x"],
    ["GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles"],
    ["DELETE", `${core}/pods/web-1`],
    ["GET", "/apis/apps/v1/namespaces/shop/deployments/x/scale"],
  ])("lets %s %s through", (method, target) => expect(judged(method, target).kind).toBe("permit"));

  // Those that come with a cluster, and neither hold credentials nor say what others may do.
  test.each(
    "apps autoscaling batch coordination.k8s.io discovery.k8s.io events.k8s.io metrics.k8s.io networking.k8s.io node.k8s.io policy rbac.authorization.k8s.io scheduling.k8s.io storage.k8s.io".split(
      " ",
    ),
  )("lets objects of %s be read, and of no group that has it in its name", (group) => {
    expect(judged("GET", `/apis/${group}/v1/things`).kind).toBe("permit");
    for (const other of [`x${group}`, `${group}.example.com`, `${group}x`])
      expect(judged("GET", `/apis/${other}/v1/things`).kind).toBe("deny");
  });

  test.each(
    "admissionregistration.k8s.io apiextensions.k8s.io apiregistration.k8s.io authentication.k8s.io authorization.k8s.io certificates.k8s.io flowcontrol.apiserver.k8s.io resource.k8s.io internal.apiserver.k8s.io".split(
      " ",
    ),
  )("lets nothing of %s be read", (group) =>
    expect(judged("GET", `/apis/${group}/v1/things`).kind).toBe("deny"),
  );

  test("lets an object be written", () => {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "shop" } };
    expect(judged("POST", `${core}/configmaps`, body).kind).toBe("permit");
  });

  test.each([
    ["GET", `${core}/secrets`],
    ["GET", `${core}/secrets/a`],
    ["GET", "/api/v1/secrets?watch=true"],
    ["DELETE", `${core}/secrets/a`],
    ["GET", "/apis/core/v1/namespaces/shop/secrets"],
    ["GET", "/apis/example.com/v1/namespaces/shop/widgets"],
    ["GET", "/apis/oauth.openshift.io/v1/oauthaccesstokens"],
    ["GET", "/apis/management.cattle.io/v3/tokens"],
    ["DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/a"],
    ["DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"],
    ["DELETE", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/a"],
    ["DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/a"],
    ["GET", `${core}/pods/web-1/proxy/admin`],
    ["GET", `${core}/services/web/proxy`],
    ["POST", `${core}/pods/web-1/portforward`],
    ["POST", `${core}/pods/web-1/attach`],
    ["GET", "/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachineinstances/a/vnc"],
    ["GET", "/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachineinstances/a/guestosinfo"],
  ])("refuses %s %s", (method, target) => expect(judged(method, target).kind).toBe("deny"));

  test.each([
    ["serviceaccounts/default/token", { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" }],
    ["secrets", { apiVersion: "v1", kind: "Secret", metadata: { name: "a", namespace: "shop" } }],
    ["pods/web-1/ephemeralcontainers", { apiVersion: "v1", kind: "Pod" }],
  ])("refuses to write %s", (resource, body) =>
    expect(judged("POST", `${core}/${resource}`, body).kind).toBe("deny"),
  );

  test.each(["rolebindings", "roles"])("refuses to write %s", (resource) => {
    const group = "rbac.authorization.k8s.io";
    const body = { apiVersion: `${group}/v1`, kind: "Role", metadata: { name: "a", namespace: "shop" } };
    expect(judged("POST", `/apis/${group}/v1/namespaces/shop/${resource}`, body).kind).toBe("deny");
  });

  test("lets any command be run, without an input and without a terminal", () => {
    expect(exec("command=ls").kind).toBe("permit");
    expect(exec("command=sh&command=-c&command=ls+../..").kind).toBe("permit");
    expect(exec("command=ls&stdin=true").kind).toBe("deny");
    expect(exec("command=ls&tty=true").kind).toBe("deny");
  });
});

test("no file can write what it says", () => {
  for (const written of [
    { resources: ["*"], verbs: ["get"], namespaces: ["shop"] },
    { resources: ["pods"], verbs: ["get"], namespaces: ["*"] },
    { exec: { namespaces: ["*"], names: ["a"], commands: [["ls"]] } },
  ])
    expect(scopeSchema.safeParse(written).success).toBe(false);
});

test("a reviewer reads what it is, and a comparison knows it as the wider one", () => {
  expect(describeScope(observedScope())).toEqual([
    "get, list, watch, create, update, patch, delete, deletecollection: every kind of object that comes with Kubernetes, but secrets",
    "in the whole cluster",
    "run in any pod of any namespace",
    "command: any",
    "no standard input",
    "no terminal",
  ]);
  const words = reachOf(observedScope()).permits.map((parts) => JSON.stringify(parts));
  for (const part of ["resource", "namespace", "exec namespace", "exec pod", "exec command"])
    expect(words).toContain(JSON.stringify([part, { begins: "" }]));
});
