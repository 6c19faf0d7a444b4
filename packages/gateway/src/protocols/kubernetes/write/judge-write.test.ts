import { describe, expect, it } from "vitest";
import { readAct } from "../act.ts";
import { verdictOf } from "../judge.ts";
import { checkScope, scopeSchema } from "../scope.ts";
import { type How, judgeChange, liveAs, scopesOf } from "../testing/changes.ts";

const scopes = (written: object) => [{ name: "c/op", scope: scopeSchema.parse(written) }];
const writing = scopes({
  resources: ["secrets", "pods", "deployments.apps", "namespaces", "configmaps", "persistentvolumes"],
  verbs: ["create", "update", "patch"],
  namespaces: ["shop"],
  cluster: true,
  service_accounts: ["web", "job-*"],
});
const types = {
  POST: "application/json",
  PUT: "application/json",
  PATCH: "application/merge-patch+json",
  SMP: "application/strategic-merge-patch+json",
  APPLY: "application/apply-patch+yaml",
  STEPS: "application/json-patch+json",
} as const;
function judge(how: keyof typeof types, target: string, body: unknown, by = writing): string {
  const act = readAct({
    method: how === "POST" || how === "PUT" ? how : "PATCH",
    target,
    headers: ["content-type", types[how]],
    body: { kind: "read", bytes: Buffer.from(JSON.stringify(body)) },
  });
  return verdictOf(by, act).kind;
}

const secrets = "/api/v1/namespaces/shop/secrets";
const token = "kubernetes.io/service-account-token";
const pods = "/api/v1/namespaces/shop/pods";
const deployments = "/apis/apps/v1/namespaces/shop/deployments";
const pod = (spec: object): object => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec });
const deployment = (spec: object): object => ({ kind: "Deployment", spec: { template: { spec } } });

describe("a secret", () => {
  const of = (type: unknown, more: object = {}): object => ({ metadata: { name: "a", ...more }, type });
  it.each([
    ["POST", secrets, of(token), of("Opaque")],
    ["POST", secrets, of("bootstrap.kubernetes.io/token"), of("kubernetes.io/tls")],
    ["POST", secrets, of("kubernetes.io/anything-new"), of("helm.sh/release.v1")],
    ["POST", secrets, of(["x"]), of(undefined)],
    ["POST", secrets, of("x.kubernetes.io/y"), of("kubernetes.io/basic-auth")],
    ["PUT", `${secrets}/a`, of(token), of("Opaque")],
    ["PATCH", `${secrets}/a`, { type: token }, { stringData: { type: token } }],
    ["SMP", `${secrets}/a`, { type: token }, { data: { type: "aGk=" } }],
    ["APPLY", `${secrets}/a?fieldManager=x`, of(token), of("Opaque")],
    [
      "POST",
      secrets,
      of("Opaque", { annotations: { "kubernetes.io/service-account.name": "admin" } }),
      of("Opaque", { annotations: { "example.com/owner": "admin" } }),
    ],
    [
      "STEPS",
      `${secrets}/a`,
      [{ op: "replace", path: "/type", value: token }],
      [{ op: "replace", path: "/data/type", value: "eA==" }],
    ],
    [
      "STEPS",
      `${secrets}/a`,
      [{ op: "copy", from: "/data/type", path: "/type" }],
      [{ op: "copy", from: "/data/a", path: "/data/b" }],
    ],
    [
      "STEPS",
      `${secrets}/a`,
      [{ op: "add", path: "/metadata/annotations/kubernetes.io~1service-account.name", value: "admin" }],
      [{ op: "add", path: "/metadata/annotations/example.com~1x", value: "admin" }],
    ],
    [
      "STEPS",
      `${secrets}/a`,
      [{ op: "add", path: "/metadata/annotations", value: { "kubernetes.io/service-account.uid": "1" } }],
      [{ op: "add", path: "/metadata/annotations", value: {} }],
    ],
  ] as const)(
    "holds no credential that the cluster gives out: %s %s %j, but %j",
    (how, target, bad, good) => {
      expect(judge(how, target, bad)).toBe("deny");
      expect(judge(how, target, good)).toBe("permit");
    },
  );
});

describe("what is written", () => {
  const inContainer = (securityContext: object): object => ({ containers: [{ name: "a", securityContext }] });
  it.each<[string, object, object]>([
    ["another service account", { serviceAccountName: "admin" }, { serviceAccountName: "job-7" }],
    ["another service account, by its old name", { serviceAccount: "admin" }, { serviceAccount: "default" }],
    ["a service account in dots", { serviceAccountName: "job-a.b" }, { serviceAccountName: "web" }],
    ["the node's network", { hostNetwork: true }, { hostNetwork: false }],
    ["the node's processes", { hostPID: true }, { hostPID: false }],
    ["the node's memory", { hostIPC: true }, {}],
    [
      "the node's files",
      { volumes: [{ name: "a", hostPath: { path: "/" } }] },
      { volumes: [{ name: "a", emptyDir: {} }] },
    ],
    [
      "a token",
      { volumes: [{ name: "a", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] },
      { volumes: [{ name: "a", projected: { sources: [{ configMap: { name: "c" } }] } }] },
    ],
    ["privilege", inContainer({ privileged: true }), inContainer({ privileged: false })],
    [
      "more privilege than its parent",
      inContainer({ allowPrivilegeEscalation: true }),
      inContainer({ allowPrivilegeEscalation: false }),
    ],
    [
      "capabilities",
      inContainer({ capabilities: { add: ["SYS_ADMIN"] } }),
      inContainer({ capabilities: { drop: ["ALL"], add: [] } }),
    ],
    [
      "an init container's privilege",
      { initContainers: [{ securityContext: { privileged: true } }] },
      { initContainers: [{}] },
    ],
    ["unmasked proc", inContainer({ procMount: "Unmasked" }), inContainer({ procMount: "Default" })],
    [
      "a port of the node's",
      { containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] },
      { containers: [{ ports: [{ containerPort: 80, hostPort: 0 }] }] },
    ],
    [
      "settings of the kernel",
      { securityContext: { sysctls: [{ name: "x" }] } },
      { securityContext: { sysctls: [] } },
    ],
    [
      "a profile that confines nothing",
      inContainer({ seccompProfile: { type: "Unconfined" } }),
      inContainer({ seccompProfile: { type: "RuntimeDefault" } }),
    ],
    [
      "a type of SELinux that confines nothing",
      inContainer({ seLinuxOptions: { type: "spc_t" } }),
      inContainer({ seLinuxOptions: { type: "container_t", level: "s0:c1,c2" } }),
    ],
    [
      "a user of SELinux",
      { securityContext: { seLinuxOptions: { user: "system_u" } } },
      { securityContext: { seLinuxOptions: { user: "" } } },
    ],
    [
      "a probe of another host",
      { containers: [{ livenessProbe: { httpGet: { host: "169.254.169.254", port: 80 } } }] },
      { containers: [{ livenessProbe: { httpGet: { port: 80 } } }] },
    ],
    ["ephemeral containers", { ephemeralContainers: [{ name: "x" }] }, { ephemeralContainers: [] }],
  ])("does not take %s", (_, bad, good) => {
    expect(judge("POST", pods, pod(bad))).toBe("deny");
    expect(judge("POST", pods, pod(good))).toBe("permit");
    expect(judge("POST", deployments, deployment(bad))).toBe("deny");
    expect(judge("PATCH", `${deployments}/a`, deployment(good))).toBe("permit");
    expect(judge("PATCH", `${deployments}/a`, deployment(bad))).toBe("deny");
    expect(judge("STEPS", `${deployments}/a`, [{ op: "add", path: "/spec/template/spec", value: bad }])).toBe(
      "deny",
    );
    expect(
      judge("STEPS", `${deployments}/a`, [{ op: "add", path: "/spec/template/spec", value: good }]),
    ).toBe("permit");
  });

  it.each([
    ["/spec/template/spec/serviceAccountName", "admin", "web"],
    ["/spec/template/spec/containers/0/securityContext/privileged", true, false],
    ["/spec/template/spec/hostNetwork", true, false],
    ["/spec/template/spec/containers/0/securityContext/capabilities/add", ["SYS_ADMIN"], []],
  ])("nor by a step of a patch: %s %j", (path, bad, good) => {
    expect(judge("STEPS", `${deployments}/a`, [{ op: "add", path, value: bad }])).toBe("deny");
    expect(judge("STEPS", `${deployments}/a`, [{ op: "add", path, value: good }])).toBe("permit");
  });

  it.each([
    "/spec/template/spec/containers/0/securityContext/capabilities/add/-",
    "/spec/template/spec/volumes/0/hostPath/path",
    "/spec/template/spec/ephemeralContainers/-",
  ])("nor into what may not be there: %s", (path) => {
    expect(judge("STEPS", `${deployments}/a`, [{ op: "add", path, value: "x" }])).toBe("deny");
    expect(judge("STEPS", `${deployments}/a`, [{ op: "remove", path }])).toBe("permit");
  });

  const securityContext = "/spec/template/spec/containers/0/securityContext";
  it.each<[string, readonly object[]]>([
    [
      "annotations that become a container's rights",
      [
        { op: "add", path: "/metadata/annotations", value: { privileged: true } },
        { op: "move", from: "/metadata/annotations", path: securityContext },
      ],
    ],
    [
      "annotations that become a volume",
      [
        { op: "add", path: "/metadata/annotations", value: { name: "a", hostPath: { path: "/" } } },
        { op: "copy", from: "/metadata/annotations", path: "/spec/template/spec/volumes/-" },
      ],
    ],
    [
      "labels that become a pod's",
      [
        { op: "add", path: "/metadata/labels", value: { hostPID: true, containers: [{ name: "a" }] } },
        { op: "move", from: "/metadata/labels", path: "/spec/template/spec" },
      ],
    ],
    [
      "what adds nothing before it has another name",
      [
        { op: "add", path: "/metadata/a", value: { add: ["SYS_ADMIN"] } },
        { op: "move", from: "/metadata/a", path: `${securityContext}/capabilities` },
      ],
    ],
    [
      "a word into a profile",
      [
        { op: "add", path: "/metadata/annotations/a", value: "Unconfined" },
        { op: "copy", from: "/metadata/annotations/a", path: `${securityContext}/seccompProfile/type` },
      ],
    ],
    [
      "a word into a list of capabilities",
      [
        { op: "add", path: "/metadata/annotations/a", value: "SYS_ADMIN" },
        { op: "copy", from: "/metadata/annotations/a", path: `${securityContext}/capabilities/add/-` },
      ],
    ],
    [
      "a word into a path of the node's",
      [{ op: "copy", from: "/metadata/annotations/a", path: "/spec/template/spec/volumes/0/hostPath/path" }],
    ],
  ])("nor by steps that move it: %s", (_, steps) => {
    expect(judge("STEPS", `${deployments}/a`, steps)).toBe("deny");
  });

  it("may be moved from one annotation to another", () => {
    const template = "/spec/template/metadata/annotations";
    for (const from of ["/metadata/annotations/a", `${template}/a`])
      expect(
        judge("STEPS", `${deployments}/a`, [{ op: "move", from, path: `${template}/example.com~1b` }]),
      ).toBe("permit");
  });

  it("has paths that the cluster reads as they are read here", () => {
    expect(judge("STEPS", `${deployments}/a`, [{ op: "add", path: "x/metadata/name", value: "b" }])).toBe(
      "deny",
    );
    expect(judge("STEPS", `${deployments}/a`, [{ op: "add", path: "/metadata/labels/x", value: "b" }])).toBe(
      "permit",
    );
  });

  it.each([
    "container.apparmor.security.beta.kubernetes.io/a",
    "seccomp.security.alpha.kubernetes.io/pod",
    "container.seccomp.security.alpha.kubernetes.io/a",
  ])("keeps what confines a container, also where an annotation says it: %s", (name) => {
    const of = (value: unknown): object => ({ metadata: { annotations: { [name]: value } } });
    expect(judge("POST", pods, of("unconfined"))).toBe("deny");
    expect(judge("POST", pods, of("runtime/default"))).toBe("permit");
    expect(judge("PATCH", `${pods}/a`, of(null))).toBe("permit");
    const path = `/metadata/annotations/${name.replace("/", "~1")}`;
    expect(judge("STEPS", `${pods}/a`, [{ op: "copy", from: "/metadata/annotations/b", path }])).toBe("deny");
  });

  it("is no volume of the node's files", () => {
    const volume = (spec: object): object => ({ kind: "PersistentVolume", spec });
    expect(judge("POST", "/api/v1/persistentvolumes", volume({ local: { path: "/" } }))).toBe("deny");
    expect(judge("POST", "/api/v1/persistentvolumes", volume({ nfs: { server: "a", path: "/" } }))).toBe(
      "permit",
    );
  });

  it("is not a namespace's pod security", () => {
    const labels = (name: string): object => ({ metadata: { labels: { [name]: "privileged" } } });
    expect(judge("PATCH", "/api/v1/namespaces/shop", labels("pod-security.kubernetes.io/enforce"))).toBe(
      "deny",
    );
    expect(judge("PATCH", "/api/v1/namespaces/shop", labels("example.com/enforce"))).toBe("permit");
  });

  it("chooses no node", () => {
    expect(judge("POST", pods, pod({ nodeName: "control-plane" }))).toBe("deny");
    expect(judge("POST", pods, pod({ nodeName: "" }))).toBe("permit");
    expect(judge("PUT", `${pods}/a`, pod({ nodeName: "node-1" }))).toBe("deny");
    expect(judge("PATCH", `${deployments}/a`, deployment({ nodeName: "control-plane" }))).toBe("deny");
    const step = { op: "add", path: "/spec/template/spec/nodeName", value: "control-plane" };
    expect(judge("STEPS", `${deployments}/a`, [step])).toBe("deny");
  });

  it("chooses no node where an apply may make the pod", () => {
    expect(judge("APPLY", `${pods}/a?fieldManager=x`, pod({ nodeName: "control-plane" }))).toBe("deny");
    expect(judge("APPLY", `${pods}/a?fieldManager=x`, pod({ nodeName: "" }))).toBe("permit");
    expect(judge("SMP", `${pods}/a`, pod({ nodeName: "node-1" }))).toBe("deny");
  });

  it("may hold the same words as data", () => {
    expect(
      judge("POST", "/api/v1/namespaces/shop/configmaps", { data: { privileged: "true", hostPath: "/x" } }),
    ).toBe("permit");
    const named = { serviceAccount: "admin", serviceAccountName: "admin" };
    for (const object of [{ data: named }, { metadata: { annotations: named, labels: named } }])
      expect(judge("POST", "/api/v1/namespaces/shop/configmaps", object)).toBe("permit");
  });

  it("is no word of somebody's where it is no text", () => {
    const widgets = scopes({ resources: ["widgets.example.com"], verbs: ["create"], namespaces: ["shop"] });
    for (const inside of ["data", "labels", "annotations", "stringData", "binaryData"])
      for (const value of [{ hostNetwork: true }, [{ hostPath: { path: "/" } }], { hostPort: 80 }])
        expect(
          judge(
            "POST",
            "/apis/example.com/v1/namespaces/shop/widgets",
            { spec: { [inside]: value } },
            widgets,
          ),
        ).toBe("deny");
  });

  it("names a service account only where one is listed", () => {
    const none = scopes({ resources: ["pods"], verbs: ["create"], namespaces: ["shop"] });
    expect(judge("POST", pods, pod({ serviceAccountName: "web" }), none)).toBe("deny");
    expect(judge("POST", pods, pod({}), none)).toBe("permit");
  });
});

describe("what was there before", () => {
  const token = {
    name: "kube-api-access-x",
    projected: { sources: [{ serviceAccountToken: { path: "token" } }] },
  };
  const running = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "shop", labels: { x: "1" } },
    spec: {
      nodeName: "node-1",
      serviceAccountName: "default",
      volumes: [token],
      containers: [{ name: "app", image: "a:1" }],
    },
  };
  const one = `${pods}/a`;
  const change = (how: How, target: string, body: unknown, live: object): string =>
    judgeChange(writing, how, target, body, liveAs(live));

  it("lets a pod keep what the cluster put into it", () => {
    expect(change("MERGE", one, { metadata: { labels: { x: "2" } } }, running)).toBe("permit");
    expect(change("STRATEGIC", one, { spec: { containers: [{ name: "app", image: "a:2" }] } }, running)).toBe(
      "permit",
    );
    expect(change("PUT", one, running, running)).toBe("permit");
    const other = {
      ...token,
      projected: { sources: [{ serviceAccountToken: { path: "token", audience: "vault" } }] },
    };
    expect(change("PUT", one, { ...running, spec: { ...running.spec, volumes: [other] } }, running)).toMatch(
      /serviceAccountToken/,
    );
    // A workload is given its tokens by whoever wrote it, and another program in it would have them.
    const template = { spec: { ...running.spec, nodeName: undefined } };
    const workload = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a" },
      spec: { template },
    };
    const image = { spec: { template: { spec: { containers: [{ name: "app", image: "a:2" }] } } } };
    expect(
      change("STRATEGIC", `${deployments}/a`, image, JSON.parse(JSON.stringify(workload)) as object),
    ).toMatch(/serviceAccountToken/);
  });

  it("keeps a pod where it is, and another one's token with its program", () => {
    const label = { metadata: { labels: { x: "2" } } };
    const image = { spec: { containers: [{ name: "app", image: "a:2" }] } };
    expect(change("MERGE", one, { spec: { nodeName: "node-2" } }, running)).toMatch(/nodeName/);
    const sources = [{ serviceAccountToken: { path: "token", audience: "vault" } }];
    const given = {
      ...running,
      spec: { ...running.spec, volumes: [{ name: "vault", projected: { sources } }] },
    };
    expect(change("MERGE", one, label, given)).toBe("permit");
    expect(change("STRATEGIC", one, image, given)).toMatch(/serviceAccountToken/);
    expect(change("APPLY", one, { ...image, metadata: { name: "a" } }, given)).toMatch(/serviceAccountToken/);
    // A PUT of a pod that is not there would place it.
    const { metadata: _, ...rest } = running;
    const made = { ...rest, metadata: { name: "a" }, spec: { nodeName: "node-1", containers: [] } };
    expect(judgeChange(writing, "PUT", one, made)).toMatch(/nodeName/);
  });

  it("is given an owner by who may delete it alone, since one that is not there deletes it", () => {
    const owner = { apiVersion: "v1", kind: "Pod", name: "a", uid: "1" };
    const plain = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "shop" } };
    const owned = { ...plain, metadata: { ...plain.metadata, ownerReferences: [owner] } };
    const at = "/api/v1/namespaces/shop/configmaps/a";
    const deleting = scopesOf({
      resources: ["configmaps"],
      verbs: ["create", "update", "patch", "delete"],
      namespaces: ["shop"],
    });
    const gone = { ...owner, uid: "2" };
    const giving: [How, unknown][] = [
      ["MERGE", { metadata: { ownerReferences: [gone] } }],
      ["STRATEGIC", { metadata: { ownerReferences: [gone] } }],
      ["STEPS", [{ op: "add", path: "/metadata/ownerReferences", value: [owner, gone] }]],
      ["PUT", { ...plain, metadata: { name: "a", ownerReferences: [gone] } }],
      ["APPLY", { ...plain, metadata: { name: "a", ownerReferences: [owner, gone] } }],
    ];
    for (const [how, body] of giving) {
      for (const live of [plain, owned])
        expect([how, change(how, at, body, live)]).toEqual([how, expect.stringMatching(/delete/)]);
      expect(judgeChange(deleting, how, at, body, liveAs(owned))).toBe("permit");
    }
    expect(change("MERGE", at, { data: { x: "1" } }, owned)).toBe("permit");
    expect(change("MERGE", at, { metadata: { ownerReferences: null } }, owned)).toBe("permit");
    const held = { uid: "1", name: "a", kind: "Pod", apiVersion: "v1", controller: true };
    expect(change("PUT", at, { ...plain, metadata: { name: "a", ownerReferences: [held] } }, owned)).toBe(
      "permit",
    );
  });

  const restartedAt = "kubectl.kubernetes.io/restartedAt";
  // As clusters write templates: with members that are null.
  const of = (spec: object): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a", namespace: "shop", labels: {} },
    spec: {
      replicas: 1,
      template: {
        metadata: { labels: { x: "1" }, creationTimestamp: null },
        spec: { containers: [{ name: "app", image: "a:1" }], priority: null, ...spec },
      },
    },
  });
  it.each<[string, object]>([
    ["the node's network", { hostNetwork: true }],
    ["a service account that is not granted", { serviceAccountName: "admin" }],
    ["a volume of the node's", { volumes: [{ name: "a", hostPath: { path: "/" } }] }],
  ])("is not taken over by another program where a workload has %s", (_, spec) => {
    const target = `${deployments}/a`;
    const live = of(spec);
    const image = { containers: [{ name: "app", image: "mine:1" }] };
    for (const [how, body] of [
      ["STRATEGIC", { spec: { template: { spec: image } } }],
      ["MERGE", { spec: { template: { spec: image } } }],
      ["STEPS", [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "mine:1" }]],
      ["APPLY", { spec: { template: { spec: image } } }],
      ["PUT", of({ ...spec, ...image })],
    ] as [How, unknown][])
      expect([how, change(how, target, body, live)]).toEqual([how, expect.stringContaining("refused: ")]);
    for (const [how, body] of [
      ["MERGE", { metadata: { labels: { team: "a" } } }],
      ["STRATEGIC", { spec: { replicas: 3 } }],
      // As kubectl rollout restart does.
      ["STRATEGIC", { spec: { template: { metadata: { annotations: { [restartedAt]: "now" } } } } }],
      ["APPLY", { spec: { template: { metadata: { annotations: { [restartedAt]: "now" } } } } }],
      ["STEPS", [{ op: "add", path: "/metadata/annotations", value: { a: "1" } }]],
      ["APPLY", { metadata: { name: "a", labels: { team: "a" } }, spec: { replicas: 2 } }],
      ["PUT", { ...live, metadata: { name: "a", labels: { team: "b" } } }],
      // As a client writes it: without what is null.
      ["PUT", JSON.parse(JSON.stringify(live, (_name, value: unknown) => value ?? undefined))],
    ] as [How, unknown][])
      expect([how, change(how, target, body, live)]).toEqual([how, "permit"]);
    // What puts containers into pods goes by their marks, the image that it puts there too.
    for (const marks of [
      { annotations: { "sidecar.istio.io/proxyImage": "mine:1" } },
      { labels: { "sidecar.istio.io/inject": "true" } },
    ])
      for (const how of ["MERGE", "STRATEGIC", "APPLY"] as const)
        expect([
          how,
          change(how, target, { spec: { template: { metadata: marks } } }, live),
          change(how, target, { spec: { template: { metadata: marks } } }, of({})),
        ]).toEqual([how, expect.stringContaining("refused: "), "permit"]);
    // What takes it away is permitted.
    const harmless = Object.fromEntries(Object.keys(spec).map((name) => [name, null]));
    expect(change("MERGE", target, { spec: { template: { spec: harmless } } }, live)).toBe("permit");
  });

  it("lets somebody whom the service account is granted do as they do", () => {
    const image = { spec: { template: { spec: { containers: [{ name: "app", image: "mine:1" }] } } } };
    for (const how of ["STRATEGIC", "MERGE", "APPLY"] as const)
      expect(change(how, `${deployments}/a`, image, of({ serviceAccountName: "job-7" }))).toBe("permit");
  });

  it("lets a secret of the cluster's keep its type and annotations, and change neither", () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/service-account-token",
      metadata: { name: "a", annotations: { "kubernetes.io/service-account.name": "web" } },
    };
    const one_ = `${secrets}/a`;
    expect(change("MERGE", one_, { metadata: { labels: { x: "1" } } }, secret)).toBe("permit");
    const other = { metadata: { annotations: { "kubernetes.io/service-account.name": "admin" } } };
    expect(change("MERGE", one_, other, secret)).toMatch(/token/);
    const steps = [{ op: "copy", from: "/metadata/labels/x", path: "/type" }];
    const plain = {
      apiVersion: "v1",
      kind: "Secret",
      type: "Opaque",
      metadata: { name: "a", labels: { x: secret.type } },
    };
    expect(change("STEPS", one_, steps, plain)).toMatch(/credential/);
  });

  it("is the object that the path names, and stays it", () => {
    for (const path of ["/metadata/name", "/metadata/namespace", "/kind", "/apiVersion", "/metadata"]) {
      const steps = [{ op: "replace", path, value: "other" }];
      expect([path, change("STEPS", `${deployments}/a`, steps, of({}))]).toEqual([
        path,
        expect.stringMatching(/^refused/),
      ]);
    }
    for (const path of ["", "/metadata"])
      expect(change("STEPS", `${deployments}/a`, [{ op: "remove", path }], of({}))).toMatch(/^refused/);
  });

  it("needs create where a PUT or an apply makes the object", () => {
    const updating = scopesOf({
      resources: ["deployments.apps"],
      verbs: ["update", "patch"],
      namespaces: ["shop"],
    });
    expect(judgeChange(updating, "PUT", `${deployments}/a`, of({}))).toMatch(/not found/);
    expect(judgeChange(updating, "PUT", `${deployments}/a`, of({}), liveAs(of({})))).toBe("permit");
    expect(judgeChange(updating, "APPLY", `${deployments}/a`, of({}), liveAs(of({})))).toMatch(
      /create is not granted/,
    );
  });
});

describe("a scope that grants rights or entry", () => {
  const problems = (resource: string, verbs: string[]): readonly { message: string; hint?: string }[] =>
    checkScope(scopeSchema.parse({ resources: [resource], verbs, cluster: true }));

  it.each([
    ...["exec", "attach", "portforward", "proxy", "ephemeralcontainers", "binding"].map(
      (each) => `pods/${each}`,
    ),
    "services/proxy",
    "nodes/proxy",
    "serviceaccounts/token",
    "certificatesigningrequests.certificates.k8s.io/approval",
    "virtualmachineinstances.subresources.kubevirt.io/console",
    "namespaces/finalize",
  ])("is refused with words and a hint: %s", (resource) => {
    for (const verb of ["get", "create", "update", "patch"]) {
      const [found, ...more] = problems(resource, [verb]);
      expect(found?.message).toContain(`${resource} is never granted: `);
      expect(found?.hint).toBeTruthy();
      expect(more).toEqual([]);
    }
  });

  it.each([
    "roles.rbac.authorization.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "roles.authorization.openshift.io",
    "clusterrolebindings.authorization.openshift.io",
    "securitycontextconstraints.security.openshift.io",
    "groups.user.openshift.io",
    "oauthaccesstokens.oauth.openshift.io",
    "machineconfigs.machineconfiguration.openshift.io",
    "podsecuritypolicies.policy",
    "certificatesigningrequests.certificates.k8s.io",
    "certificatesigningrequests.certificates.k8s.io/status",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "apiservices.apiregistration.k8s.io",
    "bindings",
  ])("is refused where it writes: %s", (resource) => {
    for (const verb of ["create", "update", "patch"]) {
      const [found] = problems(resource, ["get", verb]);
      expect(found?.message).toContain("is never written through a grant");
      expect(found?.hint).toBeTruthy();
    }
    expect(problems(resource, ["get", "list"])).toEqual([]);
  });

  it.each(["pods", "pods/log", "pods/eviction", "deployments.apps/scale", "serviceaccounts", "pods/status"])(
    "is none: %s",
    (resource) => expect(problems(resource, ["get", "create", "update", "patch", "delete"])).toEqual([]),
  );

  it.each(["impersonate", "escalate", "bind", "approve", "*"])(
    "nor has it the verb %s, and says why",
    (verb) => {
      const parsed = scopeSchema.safeParse({ resources: ["pods"], verbs: [verb], cluster: true });
      expect(parsed.error?.issues[0]?.message).toMatch(/never granted/);
    },
  );

  it("says service_accounts where nothing is written", () => {
    const scope = { resources: ["pods"], cluster: true, service_accounts: ["web"] };
    expect(checkScope(scopeSchema.parse({ ...scope, verbs: ["get"] }))).toHaveLength(1);
    expect(checkScope(scopeSchema.parse({ ...scope, verbs: ["create"] }))).toEqual([]);
  });
});
