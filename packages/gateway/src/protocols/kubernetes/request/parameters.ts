import { type Objection, notGranted, wrong } from "../../../gate/hints.ts";
import type { ResourceRequest } from "./read.ts";
import type { KubernetesScope } from "../scope.ts";

// kubectl --request-timeout sends `timeout`: how long the server may take.
const common = ["pretty", "timeout"];
const listing = [
  "labelSelector",
  "fieldSelector",
  "limit",
  "continue",
  "resourceVersion",
  "resourceVersionMatch",
  "timeoutSeconds",
  "watch",
  "allowWatchBookmarks",
  "sendInitialEvents",
  "includeObject",
];
const writing = ["dryRun", "fieldManager", "fieldValidation"];
const removing = ["dryRun", "gracePeriodSeconds", "propagationPolicy", "orphanDependents"];
/** Members of a delete's body (metav1.DeleteOptions): what its parameters say, and which object is meant. */
export const DELETE_OPTIONS: ReadonlySet<string> = new Set([
  ...removing,
  "apiVersion",
  "kind",
  "preconditions",
]);
const logging = [
  "container",
  "follow",
  "previous",
  "sinceSeconds",
  "sinceTime",
  "timestamps",
  "tailLines",
  "limitBytes",
  "stream",
];

/** The parameters that each verb takes. What is not here is not taken: it may mean something to the server. */
const taken: Readonly<Record<ResourceRequest["verb"], readonly string[]>> = {
  get: ["resourceVersion"],
  list: listing,
  watch: listing,
  create: writing,
  update: writing,
  patch: [...writing, "force"],
  delete: removing,
  deletecollection: [...removing, ...listing],
  connect: [],
};

/** Why a request's parameters are refused, or undefined. */
export function parametersOf(request: ResourceRequest, scope: KubernetesScope): Objection | undefined {
  const isLog = request.resource === "pods" && request.group === "" && request.subresource === "log";
  const known = [...common, ...(isLog ? logging : taken[request.verb])];
  const seen = new Set<string>();
  for (const [name, value] of request.query) {
    if (!known.includes(name))
      return wrong(`${request.verb} takes no parameter ${JSON.stringify(name.slice(0, 40))}`);
    if (seen.has(name)) return wrong(`the parameter ${name} stands twice`);
    seen.add(name);
    if (name === "dryRun" && value !== "All") return wrong("dryRun is All");
    const masked = Object.hasOwn(scope.mask, request.resource) ? (scope.mask[request.resource] ?? []) : [];
    // What is selected by a member tells what the member is.
    if (name === "fieldSelector" && value.split(/[.=!,]/).some((part) => masked.includes(part.trim())))
      return notGranted("what is masked is not selected by");
    if (name === "labelSelector" && (masked.includes("labels") || masked.includes("metadata")))
      return notGranted("what is masked is not selected by");
    if (name === "includeObject" && value === "Object" && masked.length > 0)
      return notGranted("what is masked is not included whole");
  }
  return undefined;
}
