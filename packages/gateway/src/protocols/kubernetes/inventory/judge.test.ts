import { expect, test } from "vitest";
import { scopeSchema } from "../scope.ts";
import { judgeOf } from "./judge.ts";
import { exec, writing } from "./testing/seen.ts";

const shop = "/api/v1/namespaces/shop";
const apps = "/apis/apps/v1/namespaces/shop";
const scope = (written: object) => scopeSchema.parse(written);
const judge = judgeOf(
  [
    {
      name: "prod/read",
      scope: scope({ resources: ["pods"], verbs: ["get", "list"], namespaces: ["shop"] }),
    },
    {
      name: "prod/deploy",
      scope: scope({
        resources: ["deployments.apps", "configmaps"],
        verbs: ["create", "update", "patch"],
        namespaces: ["shop"],
      }),
    },
    {
      name: "prod/look",
      scope: scope({ exec: { namespaces: ["shop"], pods: { app: "shop" }, commands: [["ls", "-l"]] } }),
    },
    {
      name: "prod/watch",
      scope: scope({ port_forward: { namespaces: ["shop"], pods: { app: "db" }, ports: [5432] } }),
    },
  ],
  {},
);

test.each([
  `GET ${shop}/pods`,
  // What no source tells counts as what is granted: the pod's labels, what was written, which ports.
  exec("web-1", ["ls", "-l"]),
  `POST ${shop}/pods/db-0/portforward\nupgrade: websocket`,
  `PATCH ${apps}/deployments/web`,
  `PUT ${apps}/deployments/web\ncreated: true`,
  `POST ${apps}/deployments`,
  writing(`PUT ${shop}/configmaps/a`, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "shop", resourceVersion: "815" },
    data: { a: "b" },
  }),
  writing(
    `PATCH ${shop}/configmaps/a`,
    [{ op: "replace", path: "/data/a", value: "b" }],
    "application/json-patch+json",
  ),
])("%s is covered", (act) => {
  expect(judge(act)).toMatchObject({ kind: "permit" });
});

test.each([
  [
    `DELETE ${shop}/pods/web-6d4cf56db6-x2x9p`,
    "prod: verbs",
    "refused: no operation has kubectl delete pods web-*-* -n shop",
  ],
  [
    `DELETE ${shop}/pods?labelSelector=a`,
    "prod: verbs",
    "refused: no operation has deletecollection of pods in shop",
  ],
  [
    writing(
      `PATCH ${apps}/deployments/web-6d4cf56db6/scale`,
      { spec: { replicas: 2 } },
      "application/merge-patch+json",
    ),
    "prod: resources",
    "refused: no operation has patch deployments/scale web-* in shop",
  ],
  [
    `POST ${shop}/pods/web-1/eviction`,
    "prod: resources",
    "refused: no operation has create pods/eviction web-1 in shop",
  ],
  [
    `GET ${shop}/pods/web-1/log?follow=true`,
    "prod: resources",
    "refused: no operation has kubectl logs web-1 -n shop -f",
  ],
  [exec("web-1", ["ls", "/"]), "prod: exec", "refused: no operation has kubectl exec web-1 -n shop -- ls /"],
  [
    `POST ${shop}/pods/db-0/portforward\nupgrade: websocket\nforwarded-port: 22`,
    "prod: port_forward",
    "refused: no operation has kubectl port-forward db-0 -n shop 22",
  ],
  ["GET /metrics?token=hunter2", "prod: request", "refused: the path names nothing of the API"],
  [
    writing(`POST ${apps}/deployments`, { spec: { template: { spec: { hostPID: true } } } }),
    "prod/deploy: request",
    "refused: hostPID: the Pod Security Standards' baseline forbids it (Host Namespaces)",
  ],
  [
    writing(`PUT ${shop}/configmaps/a`, { metadata: { name: "b" } }),
    "prod/deploy: request",
    "refused: the body names another object",
  ],
])("%s is refused", (act, rule, message) => {
  expect(judge(act)).toMatchObject({ kind: "deny", denial: { rule, message } });
});
