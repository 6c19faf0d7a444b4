import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import type { Granted } from "./items.ts";
import type { ObjectNeed } from "./need.ts";

/** Namespaces that a cluster, or what makes one of it, has for itself (Kubernetes: "Namespaces", initial namespaces). */
const ofTheCluster = /^(?:kube-(?:system|public|node-lease)|openshift(?:-.*)?)$/u;

/** Why a person should decide about something that could be granted; undefined: nothing speaks against it. */
export function reasonAgainst(need: Granted): string | undefined {
  if (need.kind === "object") return againstObject(need);
  if (ofTheCluster.test(need.namespace)) return `what runs the cluster is in ${need.namespace}`;
  if (need.kind === "command" && need.stdin) return "its standard input is passed on, and is not judged";
  if (need.kind === "port" && need.port === undefined)
    return "no source says to which ports: write port_forward with the namespace, the pods and the ports";
  return undefined;
}

export const isRead = ({ verb }: ObjectNeed): boolean =>
  verb === "get" || verb === "list" || verb === "watch";

/** Resources that are all of a cluster's, or hold everything of a namespace: the rest of those are told by the path. */
const whole: ReadonlySet<string> = new Set(["namespaces", "projects.project.openshift.io"]);

function againstObject(need: ObjectNeed): string | undefined {
  const { what, verb, namespace } = need;
  const [resource = ""] = what.split(/[./]/u);
  if (what === "secrets") return "secrets hold credentials";
  if (sensitivityOf(resource) === "secret") return `${resource} look secret`;
  if (isRead(need) || isQuestion(what)) return undefined;
  if (verb === "deletecollection") return "it deletes all that a selector takes, whatever is there by then";
  if (namespace === undefined || whole.has(what.split("/")[0] ?? ""))
    return "it changes what is all of the cluster's";
  if (ofTheCluster.test(namespace)) return `what runs the cluster is in ${namespace}`;
  return undefined;
}

/** Whether it asks what whoever asks may do, and changes nothing (`kubectl auth can-i`, `kubectl auth whoami`). */
export const isQuestion = (what: string): boolean =>
  /^selfsubject(?:accessreviews|rulesreviews)\.authorization\.k8s\.io$|^selfsubjectreviews\.authentication\.k8s\.io$/u.test(
    what,
  );

/** Resources of which pods are made: whoever writes one runs what they like in its namespace. */
const workloads: ReadonlySet<string> = new Set([
  "pods",
  "podtemplates",
  "replicationcontrollers",
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "cronjobs.batch",
  "deploymentconfigs.apps.openshift.io",
]);

/** Whether whoever writes it says what runs. How many there are of it is another matter. */
export const isWorkload = (what: string): boolean => workloads.has(what);
