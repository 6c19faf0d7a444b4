// tier: gate
import { allows, type Attributes } from "@mayfly/kubernetes-stand-in";
import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import type { ClosingQuestion } from "../../gate/direct-paths.ts";
import { directPathsOf } from "./direct-paths.ts";
import { widerThan } from "./rbac.ts";
import { readRequest } from "./request/read.ts";
import { checkScope, type KubernetesScope, scopeSchema } from "./scope.ts";
import { targetSchema } from "./target.ts";
import { trial } from "./trial.ts";

// What the judge lets through, the printed rights let through; and the other way round, but for what is said in words.

const written = { server: "https://10.0.0.1:6443", token: { env: "TOKEN" } };
const account = { name: "system:serviceaccount:mayfly:mayfly", groups: [] };

function rbacOf(
  scopes: ReadonlyMap<string, KubernetesScope>,
  more: object = {},
  question: Partial<ClosingQuestion> = {},
): string | readonly object[] {
  const { files } = directPathsOf(targetSchema.parse({ ...written, ...more }), {
    connection: "prod",
    gateways: [],
    kept: [],
    scopes,
    targets: new Map(),
    ...question,
  });
  const [file] = files;
  if (file === undefined) throw new Error("no file");
  return "why" in file ? file.why : file.content;
}

const some = <Value>(...values: readonly Value[]): fc.Arbitrary<Value[]> =>
  fc.subarray([...values], { minLength: 1 });
const maybe = <Value>(of: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(of, { nil: undefined });
const pods = { namespaces: some("a", "b"), names: some("x", "y*") };
const anyScope = fc.record({
  resources: maybe(some("pods", "secrets", "nodes", "namespaces", "pods/log", "deployments.apps")),
  verbs: maybe(some("get", "list", "watch", "delete", "deletecollection", "create", "patch")),
  namespaces: maybe(some("a", "b")),
  names: maybe(some("x", "y*", "a")),
  cluster: fc.boolean(),
  exec: maybe(fc.record({ ...pods, commands: fc.constant([["ls"]]) })),
  port_forward: maybe(fc.record({ ...pods, ports: fc.constant([80]) })),
});
/** Scopes that are read as the form has them: no pattern, nothing written, nothing entered, no `cluster`. */
const plainScope = fc.record({
  resources: some("pods", "secrets", "namespaces", "pods/log", "deployments.apps"),
  verbs: some("get", "list", "watch"),
  namespaces: some("a", "b"),
  names: maybe(some("x", "a")),
});
const scopesOf = (of: fc.Arbitrary<object>): fc.Arbitrary<ReadonlyMap<string, KubernetesScope>> =>
  fc
    .array(of, { minLength: 1, maxLength: 3 })
    .map((all) =>
      all.flatMap((each, at) => {
        const said = Object.entries(each).filter(([, value]) => value !== undefined);
        const parsed = scopeSchema.safeParse(Object.fromEntries(said));
        return parsed.success && checkScope(parsed.data).length === 0
          ? [[`o/${at}`, parsed.data] as const]
          : [];
      }),
    )
    .filter((all) => all.length > 0)
    .map((all) => new Map(all));

const paths = [
  ...["a", "b"].flatMap((namespace) => [
    ...["pods", "pods/x", "pods/y1", "pods/x/log", "secrets", "secrets/x"].map(
      (rest) => `/api/v1/namespaces/${namespace}/${rest}`,
    ),
    ...["", "/x"].map((rest) => `/apis/apps/v1/namespaces/${namespace}/deployments${rest}`),
    `/api/v1/namespaces/${namespace}`,
  ]),
  ...["pods", "pods?watch=true", "secrets", "nodes", "nodes/x", "namespaces"].map(
    (rest) => `/api/v1/${rest}`,
  ),
];
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, spec: { containers: [] } };
const reads = paths.map((target) => `GET ${target}`);
const acts = [
  ...reads,
  ...paths.map((target) => `DELETE ${target}`),
  `POST /api/v1/namespaces/a/pods\nContent-Type: application/json\n\n${JSON.stringify(pod)}`,
  `PATCH /api/v1/namespaces/a/secrets/x\nContent-Type: application/merge-patch+json\nLive-Object: {"apiVersion":"v1","kind":"Secret","metadata":{"name":"x","namespace":"a","resourceVersion":"1"}}\n\n{"metadata":{"labels":{"a":"b"}}}`,
  ...["a", "b"].flatMap((namespace) =>
    ["x", "y1"].flatMap((name) => [
      `GET /api/v1/namespaces/${namespace}/pods/${name}/exec?command=ls&container=c&stdout=true\nUpgrade: websocket\nPod-Labels: a=b`,
      `POST /api/v1/namespaces/${namespace}/pods/${name}/portforward\nUpgrade: websocket\nPod-Labels: a=b`,
    ]),
  ),
];

/** The rights that an act needs, with what the gateway asks first. */
function needed(act: string): readonly Attributes[] {
  const [method = "", path = ""] = (act.split("\n")[0] ?? "").split(" ");
  const request = readRequest(method, path);
  if ("why" in request || request.kind !== "resource") throw new Error(act);
  const { verb, group, resource, subresource, namespace = "", name = "" } = request;
  const at = { group, namespace, name };
  if (verb === "connect")
    return [
      ...["get", "create"].map((each) => ({ ...at, verb: each, resource: `${resource}/${subresource}` })),
      { ...at, verb: "get", resource },
    ];
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  return [verb, ...(verb === "patch" ? ["get"] : [])].map((each) => ({ ...at, verb: each, resource: full }));
}

describe("the rights that a cluster keeps for the gateway", () => {
  test("are enough for whatever the judge lets through", () => {
    let permitted = 0;
    fc.assert(
      fc.property(scopesOf(anyScope), (scopes) => {
        const judge = trial([...scopes].map(([name, scope]) => ({ name, scope })));
        const objects = rbacOf(scopes) as readonly object[];
        for (const act of acts) {
          if (judge(act).kind !== "permit") continue;
          permitted += 1;
          for (const right of needed(act))
            expect(allows(objects, account, right), `${act} ${JSON.stringify(right)}`).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
    expect(permitted).toBeGreaterThan(1000);
  });

  test("let through no more of what is read, but for what the notes say", () => {
    let refused = 0;
    fc.assert(
      fc.property(scopesOf(plainScope), (scopes) => {
        expect(widerThan([...scopes.values()])).toEqual([]);
        const judge = trial([...scopes].map(([name, scope]) => ({ name, scope })));
        const objects = rbacOf(scopes) as readonly object[];
        for (const act of reads) {
          if (judge(act).kind === "permit") continue;
          refused += 1;
          expect(
            needed(act).every((right) => allows(objects, account, right)),
            act,
          ).toBe(false);
        }
      }),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  const scopes = new Map([
    ["o/r", scopeSchema.parse({ resources: ["pods"], verbs: ["get"], namespaces: ["a"] })],
  ]);
  const as = (user: string, ...groups: readonly string[]) =>
    rbacOf(scopes, { impersonate: { user, groups } });

  test("with nobody's name fixed whom the gateway acts as, they are bound to nobody, and it says why", () => {
    expect(as("mayfly:{agent}")).toContain("add a group of your own");
    expect(as("mayfly:{agent}", "by:{person}")).toContain("add a group of your own");
    // Everybody in the cluster is in this one.
    expect(as("mayfly:{agent}", "system:authenticated")).toContain("add a group of your own");
    expect(as("system:serviceaccount:agents:{agent}", "bots")).toContain("write another impersonate.user");
    const bound = JSON.stringify(as("mayfly:{agent}", "by:{person}", "system:authenticated", "bots"));
    expect(bound).toContain('"kind":"Group","name":"bots"');
    expect(bound).not.toContain('"kind":"Group","name":"system:authenticated"');
    // A name that differs from grant to grant is none that RBAC could be told.
    expect(bound).not.toMatch(/\{(?:grant|agent|person)\}/);
  });

  test("a fixed user and fixed groups are all that the account may act as", () => {
    const objects = as("bot", "bots") as readonly object[];
    const may = (resource: string, name: string): boolean =>
      allows(objects, account, { verb: "impersonate", group: "", resource, namespace: "", name });
    expect([may("users", "bot"), may("groups", "bots")]).toEqual([true, true]);
    expect([may("users", "admin"), may("groups", "system:masters")]).toEqual([false, false]);
  });

  test("a gateway that comes with a certificate is a user, whose name must be said", () => {
    const own = { client_certificate: { certificate: "gateway.pem", key: { file: "gateway.key" } } };
    const { token: _, ...rest } = written;
    const ask = (user?: string) =>
      rbacOf(
        scopes,
        { ...rest, token: undefined, ...own },
        user === undefined ? {} : { account: { kind: "User", name: user } },
      );
    expect(ask()).toContain("give --account user:NAME");
    expect(JSON.stringify(ask("gateway"))).toContain(
      '"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"gateway"}]',
    );
  });

  test("a connection's name that Kubernetes does not take is said", () => {
    expect(rbacOf(scopes, {}, { connection: "prod-" })).toContain("rename the connection");
  });
});
