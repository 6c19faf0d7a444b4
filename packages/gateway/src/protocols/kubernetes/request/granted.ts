import type { KubernetesScope } from "../scope.ts";
import { ANY } from "./glob.ts";
import { problemOfResource } from "./never.ts";

/**
 * API groups that come with every cluster, and are known to hold no credentials but secrets. What others add may give out
 * credentials or rights under any name: it has to be named.
 */
const observedGroups: ReadonlySet<string> = new Set([
  "",
  "apps",
  "autoscaling",
  "batch",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "metrics.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
]);

/** Subresources that an object's own rights go with. Any other may be a stream, a proxy or a credential. */
const observedSubresources: ReadonlySet<string> = new Set(["log", "status", "scale", "eviction"]);

/** Whether a scope names a resource, as it is written in one. */
export function grantsResource({ resources = [] }: KubernetesScope, name: string, verb: string): boolean {
  return resources.includes(name) || (resources.includes(ANY) && isObserved(name, verb));
}

function isObserved(name: string, verb: string): boolean {
  const [resource = "", subresource] = name.split("/");
  const [plural = "", ...group] = resource.split(".");
  // What is read there outlives the grant.
  if (plural === "secrets" || !observedGroups.has(group.join("."))) return false;
  if (subresource !== undefined && !observedSubresources.has(subresource)) return false;
  // What is never written is not removed either: it says what others may do.
  const isRead = ["get", "list", "watch"].includes(verb);
  return problemOfResource(name, [isRead ? verb : "update"]) === undefined;
}

/** Whether a scope names a namespace; `cluster` without namespaces is all of them. */
export function grantsNamespace(
  { namespaces, cluster = false }: Pick<KubernetesScope, "namespaces"> & { readonly cluster?: boolean },
  namespace: string,
): boolean {
  if (namespaces === undefined) return cluster;
  return namespaces.includes(namespace) || namespaces.includes(ANY);
}
