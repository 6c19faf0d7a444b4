import type { IncomingMessage } from "node:http";
import { type Cluster, routeOf } from "./cluster.ts";
import type { Attributes } from "./rbac.ts";

const verbs: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch" };

/** The rights that a request needs, each of them; none for what tells which resources there are. */
export function attributesOf(
  { method = "", url = "", headers }: IncomingMessage,
  { store }: Cluster,
): readonly Attributes[] {
  const { pathname, searchParams } = new URL(url, "http://stand-in");
  const route = routeOf(pathname);
  if (route === undefined) return [];
  const { kind, name, subresource } = route;
  const watches = searchParams.get("watch");
  const read = name !== undefined ? "get" : watches === "true" || watches === "1" ? "watch" : "list";
  const removed = name === undefined ? "deletecollection" : "delete";
  const verb = verbs[method] ?? (method === "DELETE" ? removed : read);
  // The API server takes a namespace for an object within itself.
  const namespace = kind.plural === "namespaces" ? name : route.namespace;
  const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
  const asked = { group: kind.group, resource, namespace: namespace ?? "", name: name ?? "" };
  // A stream over WebSocket is opened by GET, and asks for `create` as well; so does what makes an object that is not there.
  const enters = subresource === "exec" || subresource === "portforward";
  const isApply = headers["content-type"]?.includes("apply-patch") === true;
  const makes =
    (isApply || method === "PUT") && name !== undefined && !store.get(kind, route.namespace ?? "", name);
  return [verb, ...(verb !== "create" && (enters || makes) ? ["create"] : [])].map((each) => ({
    verb: each,
    ...asked,
  }));
}
