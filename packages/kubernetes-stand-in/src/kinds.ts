/** An object of the API. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [member: string]: unknown;
}

/** A kind of object that the stand-in keeps: one table for discovery, paths and columns. */
export interface Kind {
  readonly group: string;
  readonly version: "v1";
  readonly plural: string;
  readonly kind: string;
  readonly short: readonly string[];
  readonly namespaced: boolean;
  /** Columns of `kubectl get` beyond NAME and AGE. */
  readonly columns: readonly (readonly [string, (object: KubernetesObject) => string])[];
}

const count = (member: string) => (object: KubernetesObject) =>
  String(Object.keys((object[member] as Record<string, unknown> | undefined) ?? {}).length);

export const kinds: readonly Kind[] = [
  {
    group: "",
    version: "v1",
    plural: "pods",
    kind: "Pod",
    short: ["po"],
    namespaced: true,
    columns: [
      ["Ready", () => "1/1"],
      ["Status", (object) => (object["status"] as { phase?: string } | undefined)?.phase ?? "Pending"],
      ["Restarts", () => "0"],
    ],
  },
  {
    group: "",
    version: "v1",
    plural: "secrets",
    kind: "Secret",
    short: [],
    namespaced: true,
    columns: [
      ["Type", (object) => (typeof object["type"] === "string" ? object["type"] : "Opaque")],
      ["Data", count("data")],
    ],
  },
  {
    group: "",
    version: "v1",
    plural: "configmaps",
    kind: "ConfigMap",
    short: ["cm"],
    namespaced: true,
    columns: [["Data", count("data")]],
  },
  { group: "", version: "v1", plural: "events", kind: "Event", short: ["ev"], namespaced: true, columns: [] },
  {
    group: "",
    version: "v1",
    plural: "namespaces",
    kind: "Namespace",
    short: ["ns"],
    namespaced: false,
    columns: [["Status", () => "Active"]],
  },
  {
    group: "apps",
    version: "v1",
    plural: "deployments",
    kind: "Deployment",
    short: ["deploy"],
    namespaced: true,
    columns: [["Ready", (object) => `0/${String((object["spec"] as { replicas?: number })?.replicas ?? 1)}`]],
  },
];

const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];

const scale = {
  name: "deployments/scale",
  singularName: "",
  namespaced: true,
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
};

/** Discovery as the API server gives it, without aggregation. @returns undefined where there is none */
export function discovery(path: string): unknown {
  const resources = (group: string) => ({
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? "v1" : `${group}/v1`,
    resources: [
      ...kinds
        .filter((each) => each.group === group)
        .map(({ plural, kind, namespaced, short }) => ({
          name: plural,
          singularName: kind.toLowerCase(),
          namespaced,
          kind,
          verbs,
          shortNames: short,
        })),
      ...(group === ""
        ? ["log", "exec", "portforward"].map((sub) => ({
            name: `pods/${sub}`,
            singularName: "",
            namespaced: true,
            kind: "Pod",
            verbs: ["get", "create"],
          }))
        : [{ ...scale, verbs: ["get", "patch", "update"] }]),
    ],
  });
  const apps = {
    name: "apps",
    versions: [{ groupVersion: "apps/v1", version: "v1" }],
    preferredVersion: { groupVersion: "apps/v1", version: "v1" },
  };
  switch (path) {
    case "/version":
      return { major: "1", minor: "32", gitVersion: "v1.32.3+stand-in", platform: "linux/amd64" };
    case "/api":
      return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
    case "/apis":
      return { kind: "APIGroupList", apiVersion: "v1", groups: [apps] };
    case "/api/v1":
      return resources("");
    case "/apis/apps":
      return { kind: "APIGroup", apiVersion: "v1", ...apps };
    case "/apis/apps/v1":
      return resources("apps");
    case "/openapi/v3":
      return {
        paths: {
          "api/v1": { serverRelativeURL: "/openapi/v3/api/v1" },
          "apis/apps/v1": { serverRelativeURL: "/openapi/v3/apis/apps/v1" },
        },
      };
    case "/openapi/v3/api/v1":
      return openapi("");
    case "/openapi/v3/apis/apps/v1":
      return openapi("apps");
    default:
      return undefined;
  }
}

/** As much of the OpenAPI document as kubectl reads before it applies: kinds of any shape, validated by the server. */
function openapi(group: string): unknown {
  const paths: Record<string, unknown> = {};
  const schemas: Record<string, unknown> = {};
  for (const { kind, plural, version, group: of } of kinds) {
    if (of !== group) continue;
    const gvk = { group, kind, version };
    const base = group === "" ? "/api/v1" : `/apis/${group}/v1`;
    paths[`${base}/namespaces/{namespace}/${plural}/{name}`] = {
      patch: {
        "x-kubernetes-group-version-kind": gvk,
        parameters: [
          { name: "fieldValidation", in: "query", schema: { type: "string", uniqueItems: true } },
          { name: "dryRun", in: "query", schema: { type: "string", uniqueItems: true } },
        ],
        responses: { 200: { description: "OK" } },
      },
    };
    schemas[`io.k8s.api.${group === "" ? "core" : group}.v1.${kind}`] = {
      type: "object",
      "x-kubernetes-preserve-unknown-fields": true,
      "x-kubernetes-group-version-kind": [gvk],
    };
  }
  return {
    openapi: "3.0.0",
    info: { title: "stand-in", version: "v1.32.3" },
    paths,
    components: { schemas },
  };
}

function age(object: KubernetesObject): string {
  const seconds = Math.round((Date.now() - Date.parse(object.metadata.creationTimestamp ?? "")) / 1000);
  return seconds < 120 ? `${seconds}s` : `${Math.floor(seconds / 60)}m`;
}

/** Objects as the table that `kubectl get` asks for. */
export function tableOf(kind: Kind, objects: readonly KubernetesObject[], resourceVersion: string): unknown {
  const names = ["Name", ...kind.columns.map(([name]) => name), "Age"];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion },
    columnDefinitions: names.map((name) => ({
      name,
      type: "string",
      format: name === "Name" ? "name" : "",
      description: name,
      priority: 0,
    })),
    rows: objects.map((object) => ({
      cells: [object.metadata.name, ...kind.columns.map(([, cell]) => cell(object)), age(object)],
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata },
    })),
  };
}
