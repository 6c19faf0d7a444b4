import type { KubernetesScope } from "../scope.ts";
import { ANY } from "./glob.ts";
import { problemOfResource } from "./never.ts";

/** Subresources that an object's own rights go with. Any other may be a stream, a proxy or a credential. */
const observedSubresources: ReadonlySet<string> = new Set(["log", "status", "scale", "eviction"]);

/** Whether a scope names a resource, as it is written in one. @param verb of any other nothing is known to be never granted */
export function grantsResource({ resources = [] }: KubernetesScope, name: string, verb: string): boolean {
  if (resources.includes(name)) return true;
  if (!resources.includes(ANY) || problemOfResource(name, [verb]) !== undefined) return false;
  const [resource = "", subresource] = name.split("/");
  // What is read there outlives the grant.
  if (resource === "secrets") return false;
  return subresource === undefined || observedSubresources.has(subresource);
}

/** Whether a scope names a namespace; `cluster` without namespaces is all of them. */
export function grantsNamespace(
  { namespaces, cluster = false }: Pick<KubernetesScope, "namespaces"> & { readonly cluster?: boolean },
  namespace: string,
): boolean {
  if (namespaces === undefined) return cluster;
  return namespaces.includes(namespace) || namespaces.includes(ANY);
}
