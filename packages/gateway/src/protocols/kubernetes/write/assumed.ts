import type { ResourceRequest } from "../request/read.ts";
import type { Step } from "./json-patch.ts";
import { POD_SECURITY_LABELS } from "./namespace-labels.ts";
import { isObject, type JsonObject, member, valueAt } from "./objects.ts";
import { NotUnderstood } from "./unapplied.ts";

/** Kinds of the resources whose lists a strategic merge patch merges. */
const kinds: Readonly<Record<string, string>> = {
  pods: "Pod",
  podtemplates: "PodTemplate",
  replicationcontrollers: "ReplicationController",
  deployments: "Deployment",
  replicasets: "ReplicaSet",
  statefulsets: "StatefulSet",
  daemonsets: "DaemonSet",
  jobs: "Job",
  cronjobs: "CronJob",
  services: "Service",
  serviceaccounts: "ServiceAccount",
};

/**
 * An object as it is assumed where no cluster is asked, when an act is tried out: it says nothing that could be told, but
 * of a namespace that its pods are confined.
 */
export function assumedLive({ group, version, resource, name, namespace }: ResourceRequest): {
  readonly object: JsonObject;
  readonly version: string;
} {
  const isNamespace = resource === "namespaces" && group === "";
  return {
    version: "1",
    object: {
      apiVersion: group === "" ? version : `${group}/${version}`,
      kind: isNamespace ? "Namespace" : (kinds[resource] ?? "Object"),
      metadata: {
        name,
        ...(isNamespace ? {} : { namespace }),
        labels: isNamespace
          ? Object.fromEntries(POD_SECURITY_LABELS.map((label) => [label, "restricted"]))
          : {},
        annotations: {},
        resourceVersion: "1",
      },
    },
  };
}

/** Where a text stands in every object that has something there: an entry of data, annotations or labels. */
function isText(path: readonly string[]): boolean {
  const around = path.at(-2);
  return (
    (path.length === 2 && (around === "data" || around === "binaryData" || around === "stringData")) ||
    (path.at(-3) === "metadata" && (around === "annotations" || around === "labels"))
  );
}

/**
 * Applies a JSON patch to an assumed object: what a step looks for may be there, so that a path that is missing is made.
 * @throws NotUnderstood for what is moved or copied from a place of which nothing is known
 */
export function lenient(document: JsonObject, steps: readonly Step[]): unknown {
  const holder: JsonObject = { root: structuredClone(document) };
  for (const { op, path, from, value } of steps) {
    if (op === "test") continue;
    if (op === "remove") remove(holder, path);
    else if (from === undefined) put(holder, path, value);
    else {
      const taken = valueAt(holder["root"], from) ?? (isText(from) ? "a text" : undefined);
      if (taken === undefined)
        throw new NotUnderstood("what the patch moves or copies is known to the cluster alone");
      if (op === "move") remove(holder, from);
      put(holder, path, structuredClone(taken));
    }
  }
  return holder["root"];
}

function remove(holder: JsonObject, path: readonly string[]): void {
  const around = path.length === 0 ? holder : valueAt(holder["root"], path.slice(0, -1));
  const last = path.at(-1) ?? "root";
  if (Array.isArray(around)) around.splice(Number(last), 1);
  else if (isObject(around)) delete around[last];
}

function put(holder: JsonObject, path: readonly string[], value: unknown): void {
  let around: unknown = holder;
  const names = ["root", ...path];
  for (const [depth, name] of names.slice(0, -1).entries()) {
    const known = Array.isArray(around) ? around.at(-1) : member(around, name);
    const next = typeof known === "object" && known !== null ? known : isIndex(names[depth + 1]) ? [] : {};
    if (next !== known) set(around, name, next);
    around = next;
  }
  set(around, names.at(-1) ?? "", value);
}

const isIndex = (name: string | undefined): boolean => /^(?:-|\d+)$/.test(name ?? "");

function set(around: unknown, name: string, value: unknown): void {
  if (Array.isArray(around)) around.push(value);
  else if (isObject(around)) around[name] = value;
}
