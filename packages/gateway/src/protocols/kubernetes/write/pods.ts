import type { ResourceRequest } from "../request/read.ts";
import { isObject, type JsonObject, member, type Path, saysTheSame, valueAt } from "./objects.ts";

const template = ["spec", "template"];

/** Where those of Kubernetes' own kinds that make pods say what the pods are. */
const templateAt: Readonly<Record<string, Path>> = {
  podtemplates: ["template"],
  replicationcontrollers: template,
  "deployments.apps": template,
  "replicasets.apps": template,
  "statefulsets.apps": template,
  "daemonsets.apps": template,
  "jobs.batch": template,
  "cronjobs.batch": ["spec", "jobTemplate", ...template],
};

function templateOf({ group, resource }: ResourceRequest): Path | undefined {
  const kind = group === "" ? resource : `${resource}.${group}`;
  return Object.hasOwn(templateAt, kind) ? templateAt[kind] : undefined;
}

const isPod = ({ group, resource }: ResourceRequest): boolean => group === "" && resource === "pods";

/** What `kubectl rollout restart` writes, and nobody reads. */
const RESTARTED = "kubectl.kubernetes.io/restartedAt";

/** Labels and annotations of a template's pods: what puts containers of its own into pods goes by them. */
function marksOf(object: unknown, at: Path): readonly unknown[] {
  const metadata = valueAt(object, [...at, "metadata"]);
  return ["labels", "annotations"].map((which) => {
    const marks = member(metadata, which);
    if (!isObject(marks)) return marks ?? {};
    const { [RESTARTED]: _, ...rest } = marks;
    return rest;
  });
}

/** Whether a write leaves the pods that an object describes as they are; of a kind that is not known, the whole object. */
export function keepsPods(before: JsonObject, after: JsonObject, request: ResourceRequest): boolean {
  if (isPod(request)) return saysTheSame(before["spec"], after["spec"]);
  const at = templateOf(request);
  if (at === undefined) return saysTheSame(withoutMetadata(before), withoutMetadata(after));
  return (
    saysTheSame(valueAt(before, [...at, "spec"]), valueAt(after, [...at, "spec"])) &&
    saysTheSame(marksOf(before, at), marksOf(after, at))
  );
}

function withoutMetadata(object: JsonObject): JsonObject {
  const { metadata: _, status: _status, ...rest } = object;
  return rest;
}

/** Whether what is applied describes pods, or may. */
export function reachesPods(applied: JsonObject, request: ResourceRequest): boolean {
  if (isPod(request)) return applied["spec"] !== undefined;
  const at = templateOf(request);
  if (at === undefined)
    return Object.keys(applied).some((name) => !["apiVersion", "kind", "metadata"].includes(name));
  return valueAt(applied, [...at, "spec"]) !== undefined || !saysTheSame(marksOf(applied, at), [{}, {}]);
}
