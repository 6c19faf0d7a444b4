import { describe, expect, it } from "vitest";
import { type RawAct, readAct } from "./act.ts";
import { verdictOf } from "./judge.ts";
import { scopeSchema } from "./scope.ts";

const scopes = [
  {
    name: "prod/work",
    scope: scopeSchema.parse({
      resources: ["pods", "secrets", "deployments.apps"],
      verbs: ["get", "list", "create", "patch"],
      namespaces: ["shop"],
    }),
  },
];
const at = "/api/v1/namespaces/shop";

function remedyOf(
  method: string,
  target: string,
  more: Partial<RawAct> & { readonly json?: unknown } = {},
): string {
  const { json, ...rest } = more;
  const act = readAct({
    method,
    target,
    headers: json === undefined ? [] : ["content-type", "application/json"],
    body: json === undefined ? { kind: "none" } : { kind: "read", bytes: Buffer.from(JSON.stringify(json)) },
    ...rest,
  });
  const verdict = verdictOf(scopes, act);
  return verdict.kind === "deny" ? verdict.denial.remedy : "permitted";
}

describe("what can help against a denial", () => {
  it.each([
    ["GET", `${at}/pods/a/proxy`],
    ["GET", `${at}/services/a/proxy/admin`],
    ["GET", "/api/v1/nodes/a/proxy/exec"],
    ["POST", `${at}/pods/a/attach`],
    ["POST", `${at}/serviceaccounts/a/token`],
    ["PATCH", `${at}/pods/a/ephemeralcontainers`],
    ["POST", `${at}/pods/a/binding`],
    ["POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"],
  ])("is nothing: %s %s", (method, target) => {
    expect(remedyOf(method, target, method === "GET" ? {} : { json: {} })).toBe("never");
  });

  it("is nothing where an object takes rights, or its sender another identity", () => {
    const pod = (spec: object): object => ({ kind: "Pod", metadata: { name: "a" }, spec });
    expect(remedyOf("POST", `${at}/pods`, { json: pod({ hostNetwork: true }) })).toBe("never");
    const secret = { kind: "Secret", type: "kubernetes.io/service-account-token" };
    expect(remedyOf("POST", `${at}/secrets`, { json: secret })).toBe("never");
    expect(remedyOf("GET", `${at}/pods`, { headers: ["Impersonate-User", "admin"] })).toBe("never");
  });

  it("is to correct what is malformed", () => {
    expect(remedyOf("GET", `${at}/pods?as=admin`)).toBe("correct");
    expect(remedyOf("GET", `${at}/pods?watch=1&watch=0`)).toBe("correct");
    expect(remedyOf("POST", `${at}/pods`)).toBe("correct");
    expect(remedyOf("POST", `${at}/pods?dryRun=None`, { json: {} })).toBe("correct");
    expect(remedyOf("POST", `${at}/pods`, { json: { metadata: { namespace: "kube-system" } } })).toBe(
      "correct",
    );
    expect(remedyOf("POST", `${at}/pods/a/exec?command=ls`)).toBe("correct");
  });

  it("is another operation where one can grant it", () => {
    expect(remedyOf("GET", "/api/v1/namespaces/other/pods")).toBe("ask");
    expect(remedyOf("DELETE", `${at}/pods/a`)).toBe("ask");
    expect(remedyOf("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles")).toBe("ask");
    expect(remedyOf("POST", `${at}/pods/a/exec?command=ls`, { upgrade: "websocket" })).toBe("ask");
    const pod = { spec: { serviceAccountName: "web" } };
    expect(remedyOf("POST", `${at}/pods`, { json: pod })).toBe("ask");
  });
});
