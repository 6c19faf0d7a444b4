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

const ready = (object: KubernetesObject): string =>
  `0/${String((object["spec"] as { replicas?: number } | undefined)?.replicas ?? 1)}`;

const kindOf = (
  group: string,
  plural: string,
  kind: string,
  short: readonly string[] = [],
  namespaced = true,
  columns: Kind["columns"] = [],
): Kind => ({ group, version: "v1", plural, kind, short, namespaced, columns });

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
    columns: [["Ready", ready]],
  },
  kindOf("", "services", "Service", ["svc"]),
  kindOf("", "nodes", "Node", ["no"], false),
  kindOf("apps", "replicasets", "ReplicaSet", ["rs"], true, [["Ready", ready]]),
  kindOf("apps", "statefulsets", "StatefulSet", ["sts"], true, [["Ready", ready]]),
  kindOf("batch", "jobs", "Job"),
  kindOf("batch", "cronjobs", "CronJob", ["cj"]),
  kindOf("networking.k8s.io", "ingresses", "Ingress", ["ing"]),
  kindOf("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", [], false),
];

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
