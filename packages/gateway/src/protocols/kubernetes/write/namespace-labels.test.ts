import { describe, expect, it } from "vitest";
import { readAct } from "../act.ts";
import { verdictOf } from "../judge.ts";
import { scopeSchema } from "../scope.ts";
import { type How, judgeChange, liveAs } from "../testing/changes.ts";

const scopes = [
  {
    name: "c/op",
    scope: scopeSchema.parse({
      resources: ["namespaces", "namespaces/status", "configmaps"],
      verbs: ["create", "update", "patch"],
      namespaces: ["shop"],
      cluster: true,
    }),
  },
];
const types = {
  POST: "application/json",
  PUT: "application/json",
  MERGE: "application/merge-patch+json",
  STRATEGIC: "application/strategic-merge-patch+json",
  APPLY: "application/apply-patch+yaml",
  STEPS: "application/json-patch+json",
} as const;
const shop = "/api/v1/namespaces/shop";
function judge(how: keyof typeof types, body: unknown, target = shop): string {
  const act = readAct({
    method: how === "POST" || how === "PUT" ? how : "PATCH",
    target,
    headers: ["content-type", types[how]],
    body: { kind: "read", bytes: Buffer.from(JSON.stringify(body)) },
  });
  return verdictOf(scopes, act).kind;
}

const enforce = "pod-security.kubernetes.io/enforce";
const label = "/metadata/labels/pod-security.kubernetes.io~1enforce";

describe("what else says what a namespace's pods may do", () => {
  const scope = scopeSchema.parse({
    resources: ["namespaces", "projects.project.openshift.io"],
    verbs: ["create", "update", "patch"],
    cluster: true,
  });
  const where: readonly (readonly [string, string, string])[] = [
    [shop, "v1", "Namespace"],
    ["/apis/project.openshift.io/v1/projects/shop", "project.openshift.io/v1", "Project"],
  ];
  it.each([
    ["labels", enforce],
    ["labels", "openshift.io/run-level"],
    ["labels", "resource.kubernetes.io/admin-access"],
    ["labels", "resource.k8s.io/admin-access"],
    ["labels", "security.openshift.io/scc.podSecurityLabelSync"],
    ["annotations", "openshift.io/sa.scc.uid-range"],
    ["annotations", "openshift.io/node-selector"],
  ])("stays as it is, under each name of a namespace: %s %s", (which, name) => {
    for (const [target, apiVersion, kind] of where)
      for (const [one, expected] of [
        [name, /operator's to say/],
        ["example.com/x", /^permit$/],
      ] as const) {
        const at = (labels: object) => ({ apiVersion, kind, metadata: { name: "shop", [which]: labels } });
        const by = [{ name: "c/op", scope }];
        const change = { metadata: { [which]: { [one]: "1" } } };
        expect(judgeChange(by, "MERGE", target, change, liveAs(at({})))).toMatch(expected);
        const taken = { metadata: { [which]: { [one]: null } } };
        expect(judgeChange(by, "MERGE", target, taken, liveAs(at({ [one]: "1" })))).toMatch(expected);
        const created = target.slice(0, target.lastIndexOf("/"));
        expect(judgeChange(by, "POST", created, at({ [one]: "1" }))).toMatch(expected);
      }
  });
});

describe("a namespace's pod security", () => {
  it.each<[string, object, object]>([
    ["removed", { op: "remove", path: label }, { op: "remove", path: "/metadata/labels/team" }],
    [
      "moved away",
      { op: "move", from: label, path: "/metadata/labels/x" },
      { op: "move", from: "/metadata/labels/team", path: "/metadata/labels/x" },
    ],
    [
      "removed with all labels",
      { op: "remove", path: "/metadata/labels" },
      { op: "remove", path: "/metadata/annotations" },
    ],
    [
      "removed with all labels, by a path with an empty part",
      { op: "remove", path: "//metadata/labels" },
      { op: "test", path: "/metadata/labels", value: {} },
    ],
    [
      "replaced with all labels",
      { op: "replace", path: "/metadata/labels", value: {} },
      { op: "replace", path: "/metadata/labels/team", value: "a" },
    ],
    [
      "replaced with all labels by an add",
      { op: "add", path: "/metadata/labels", value: { team: "a" } },
      { op: "add", path: "/metadata/labels/team", value: "a" },
    ],
    [
      "replaced with the whole object's metadata",
      { op: "add", path: "/metadata/", value: {} },
      { op: "add", path: "/metadata/annotations", value: {} },
    ],
  ])("is not %s by a step of a patch", (_, bad, good) => {
    expect(judge("STEPS", [bad])).toBe("deny");
    expect(judge("STEPS", [bad], `${shop}/status`)).toBe("deny");
    expect(judge("STEPS", [good])).toBe("permit");
  });

  it.each<[string, object, object]>([
    ["by its name", { metadata: { labels: { [enforce]: null } } }, { metadata: { labels: { team: null } } }],
    ["with all labels", { metadata: { labels: null } }, { metadata: { labels: {} } }],
    ["with what is no labels", { metadata: { labels: [] } }, { metadata: { annotations: null } }],
    ["with the whole metadata", { metadata: null }, { metadata: {} }],
  ])("is not taken away %s by a merge", (_, bad, good) => {
    for (const how of ["MERGE", "STRATEGIC"] as const) {
      expect(judge(how, bad)).toBe("deny");
      expect(judge(how, good)).toBe("permit");
    }
  });

  it.each<[string, object]>([
    ["$patch on the labels", { metadata: { labels: { $patch: "replace", team: "a" } } }],
    ["$patch: delete on the labels", { metadata: { labels: { $patch: "delete" } } }],
    ["$patch on the metadata", { metadata: { $patch: "replace", name: "shop" } }],
    ["$patch on the object", { $patch: "replace", metadata: { name: "shop" } }],
    ["$retainKeys on the labels", { metadata: { labels: { $retainKeys: ["team"], team: "a" } } }],
    ["$retainKeys on the metadata", { metadata: { $retainKeys: ["name"], name: "shop" } }],
    ["$deleteFromPrimitiveList for the labels", { metadata: { "$deleteFromPrimitiveList/labels": null } }],
    ["$deleteFromPrimitiveList for the metadata", { "$deleteFromPrimitiveList/metadata": { labels: null } }],
  ])("is not taken away by a directive: %s", (_, body) => {
    expect(judge("STRATEGIC", body)).toBe("deny");
  });

  it("leaves kubectl apply its order of lists", () => {
    const body = { metadata: { "$setElementOrder/finalizers": ["a/b"], finalizers: ["a/b"] } };
    expect(judge("STRATEGIC", body)).toBe("permit");
  });

  it("is not left out of a whole object", () => {
    const namespace = { kind: "Namespace", metadata: { name: "shop", labels: { team: "a" } } };
    for (const target of [shop, `${shop}/status`]) {
      expect(judge("PUT", namespace, target)).toBe("deny");
      expect(judge("APPLY", namespace, `${target}?fieldManager=x`)).toBe("deny");
      expect(judge("MERGE", namespace, target)).toBe("permit");
    }
    expect(judge("POST", namespace, "/api/v1/namespaces")).toBe("permit");
  });

  it("is nobody else's labels", () => {
    const map = `${shop}/configmaps/a`;
    expect(judge("PUT", { metadata: { name: "a" } }, map)).toBe("permit");
    expect(judge("STEPS", [{ op: "remove", path: "/metadata/labels" }], map)).toBe("permit");
    expect(judge("STRATEGIC", { metadata: { labels: { $patch: "replace" } } }, map)).toBe("permit");
  });
});

describe("a namespace as the cluster has it", () => {
  const enforced = { [enforce]: "baseline", team: "a" };
  const live = (labels: object, annotations: object = {}) =>
    liveAs({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels, annotations } });
  const change = (how: How, body: unknown, now = live(enforced), target = shop): string =>
    judgeChange(scopes, how, target, body, now);
  const refused = expect.stringContaining("operator's to say");
  const namespace = (labels: object | undefined): object => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", ...(labels === undefined ? {} : { labels }) },
  });

  it.each<[string, How, unknown, unknown]>([
    ["left out of a PUT", "PUT", namespace({ team: "b" }), namespace({ ...enforced, team: "b" })],
    ["left out with all labels", "PUT", namespace(undefined), namespace(enforced)],
    ["weakened by a PUT", "PUT", namespace({ ...enforced, [enforce]: "privileged" }), namespace(enforced)],
    ["left out of an apply", "APPLY", namespace({ team: "b" }), namespace({ ...enforced, team: "b" })],
    [
      "weakened by an apply",
      "APPLY",
      namespace({ [enforce]: "privileged" }),
      namespace({ [enforce]: "baseline" }),
    ],
    [
      "weakened by a merge",
      "MERGE",
      { metadata: { labels: { [enforce]: "privileged" } } },
      { metadata: { labels: { [enforce]: "baseline" } } },
    ],
    [
      "replaced by a directive",
      "STRATEGIC",
      { metadata: { labels: { $patch: "replace", team: "a" } } },
      { metadata: { labels: { $patch: "replace", ...enforced } } },
    ],
    [
      "not retained",
      "STRATEGIC",
      { metadata: { labels: { $retainKeys: ["team"], team: "a" } } },
      { metadata: { labels: { $retainKeys: ["team", enforce], team: "b" } } },
    ],
    [
      "replaced with all labels",
      "STEPS",
      [{ op: "add", path: "/metadata/labels", value: { team: "a" } }],
      [{ op: "add", path: "/metadata/labels", value: enforced }],
    ],
    [
      "copied over",
      "STEPS",
      [{ op: "copy", from: "/metadata/labels/team", path: label }],
      [{ op: "copy", from: label, path: "/metadata/labels/x" }],
    ],
    [
      "moved",
      "STEPS",
      [{ op: "move", from: label, path: "/metadata/labels/x" }],
      [{ op: "move", from: "/metadata/labels/team", path: "/metadata/labels/x" }],
    ],
    [
      "moved with all labels",
      "STEPS",
      [{ op: "move", from: "/metadata/labels", path: "/metadata/annotations" }],
      [{ op: "test", path: "/metadata/labels/team", value: "a" }],
    ],
    [
      "replaced with the whole object",
      "STEPS",
      [{ op: "replace", path: "", value: namespace({}) }],
      [{ op: "replace", path: "", value: namespace(enforced) }],
    ],
  ])("keeps its pod security, which is not %s", (_, how, bad, good) => {
    for (const target of [shop, `${shop}/status`]) {
      expect(change(how, bad, live(enforced), target)).toEqual(refused);
      expect(change(how, good, live(enforced), target)).toBe("permit");
    }
  });

  it("may be written whole where it has none", () => {
    for (const how of ["PUT", "APPLY"] as const)
      expect(change(how, namespace({ team: "b" }), live({ team: "a" }))).toBe("permit");
  });

  it.each<[string, object, object]>([
    [
      "a version of its pod security",
      { "pod-security.kubernetes.io/enforce-version": "v1.0" },
      { "pod-security.example.com/x": "1" },
    ],
    [
      "OpenShift's synchronisation",
      { "security.openshift.io/scc.podSecurityLabelSync": "true" },
      { "openshift.io/x": "1" },
    ],
  ])("is given no label for %s", (_, bad, good) => {
    expect(change("MERGE", { metadata: { labels: bad } })).toEqual(refused);
    expect(change("MERGE", { metadata: { labels: good } })).toBe("permit");
    expect(judgeChange(scopes, "POST", "/api/v1/namespaces", namespace(bad))).toEqual(refused);
    expect(judgeChange(scopes, "POST", "/api/v1/namespaces", namespace(good))).toBe("permit");
  });

  it.each([
    "openshift.io/sa.scc.uid-range",
    "openshift.io/node-selector",
    "scheduler.alpha.kubernetes.io/node-selector",
  ])("keeps what an annotation says of its pods: %s", (name) => {
    const now = live(enforced, { [name]: "a", note: "a" });
    expect(change("MERGE", { metadata: { annotations: { [name]: "b" } } }, now)).toEqual(refused);
    expect(change("MERGE", { metadata: { annotations: { [name]: null } } }, now)).toEqual(refused);
    expect(change("MERGE", { metadata: { annotations: null } }, now)).toEqual(refused);
    expect(change("MERGE", { metadata: { annotations: { note: null } } }, now)).toBe("permit");
  });

  it("that is not there is created by a POST alone, and not by a write that might take away what another gives it", () => {
    for (const how of ["PUT", "APPLY"] as const)
      expect(judgeChange(scopes, how, shop, namespace({}))).toMatch(/kubectl create/);
    expect(judgeChange(scopes, "POST", "/api/v1/namespaces", namespace({}))).toBe("permit");
  });
});
