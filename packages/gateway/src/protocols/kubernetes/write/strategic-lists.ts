/**
 * How a strategic merge patch merges the lists of Kubernetes' own kinds: the "patch strategy" and "patch merge key" of the
 * API reference, which are the same in all versions of a kind. What is not here is replaced whole.
 */
export interface Shape {
  /** Lists that are merged: of objects by the value of a key, of plain values where there is no key. */
  readonly lists?: Readonly<Record<string, { readonly key?: string; readonly of?: Shape }>>;
  /** Members in which something is merged in another way than by its name. */
  readonly members?: Readonly<Record<string, Shape>>;
  /** Members that are objects, and replaced whole. */
  readonly replaced?: ReadonlySet<string>;
}

const metadata: Shape = { lists: { finalizers: {}, ownerReferences: { key: "uid" } } };

const container: Shape = {
  lists: {
    env: { key: "name" },
    ports: { key: "containerPort" },
    volumeDevices: { key: "devicePath" },
    volumeMounts: { key: "mountPath" },
  },
};

const podSpec: Shape = {
  lists: {
    containers: { key: "name", of: container },
    initContainers: { key: "name", of: container },
    ephemeralContainers: { key: "name", of: container },
    hostAliases: { key: "ip" },
    imagePullSecrets: { key: "name" },
    resourceClaims: { key: "name" },
    schedulingGates: { key: "name" },
    topologySpreadConstraints: { key: "topologyKey" },
    volumes: { key: "name" },
  },
};

const status: Shape = { lists: { conditions: { key: "type" } } };
const template: Shape = { members: { metadata, spec: podSpec } };
const withTemplate: Shape = { members: { metadata, spec: { members: { template } }, status } };

/** Kinds by their group, the core's without one, in which more is merged than in every object. */
const kinds: Readonly<Record<string, Shape>> = {
  Pod: {
    members: {
      metadata,
      spec: podSpec,
      status: {
        lists: {
          conditions: { key: "type" },
          hostIPs: { key: "ip" },
          podIPs: { key: "ip" },
          resourceClaimStatuses: { key: "name" },
        },
      },
    },
  },
  PodTemplate: { members: { metadata, template } },
  ReplicationController: withTemplate,
  "Deployment.apps": withTemplate,
  "ReplicaSet.apps": withTemplate,
  "StatefulSet.apps": withTemplate,
  "DaemonSet.apps": withTemplate,
  "Job.batch": withTemplate,
  "CronJob.batch": {
    members: {
      metadata,
      spec: { members: { jobTemplate: { members: { metadata, spec: { members: { template } } } } } },
    },
  },
  Service: { members: { metadata, spec: { lists: { ports: { key: "port" } } }, status } },
  ServiceAccount: { members: { metadata }, lists: { secrets: { key: "name" } } },
  Node: {
    members: {
      metadata,
      spec: { lists: { podCIDRs: {} } },
      status: { lists: { addresses: { key: "type" }, conditions: { key: "type" } } },
    },
  },
  "PodDisruptionBudget.policy": {
    members: { metadata, spec: { replaced: new Set(["selector"]) }, status },
  },
  "CSINode.storage.k8s.io": { members: { metadata, spec: { lists: { drivers: { key: "name" } } } } },
};

const others: Shape = { members: { metadata, status } };

/** Groups whose kinds are Kubernetes' own; of others the API server takes no strategic merge patch. */
const ownGroup = /^(?:|apps|autoscaling|batch|extensions|policy|[a-z0-9.-]+\.k8s\.io)$/;

/** How the lists of a kind are merged; undefined where that is not known. */
export function shapeOf(apiVersion: unknown, kind: unknown): Shape | undefined {
  if (typeof apiVersion !== "string" || typeof kind !== "string") return undefined;
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  if (!ownGroup.test(group)) return undefined;
  const name = group === "" ? kind : `${kind}.${group}`;
  return Object.hasOwn(kinds, name) ? kinds[name] : others;
}
