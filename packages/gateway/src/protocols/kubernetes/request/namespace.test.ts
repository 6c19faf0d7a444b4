import { describe, expect, it } from "vitest";
import { readAct } from "../act.ts";
import { verdictOf } from "../judge.ts";
import { scopeSchema } from "../scope.ts";

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
