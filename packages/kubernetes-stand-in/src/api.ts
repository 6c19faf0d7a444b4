import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyOf, fail, isTable, json } from "./answers.ts";
import { type Cluster, createPod, removePod, type Route, routeOf } from "./cluster.ts";
import { discovery } from "./discovery.ts";
import { type Kind, type KubernetesObject, tableOf } from "./kinds.ts";
import { list, logs, selects } from "./reads.ts";
import { scaled, scaleOf } from "./scale.ts";
import { merged } from "./store.ts";

/** Answers one request of the API. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: Cluster,
): Promise<void> {
  const url = new URL(request.url ?? "", "http://stand-in");
  const found = discovery(url.pathname.replace(/(?<=.)\/$/, ""));
  if (found !== undefined) return json(response, 200, found);
  const route = routeOf(url.pathname);
  if (route === undefined)
    return fail(response, 404, "NotFound", "the server could not find the requested resource");
  const { kind, name, subresource } = route;
  const namespace = route.namespace ?? "";
  const { store } = cluster;
  const { method } = request;
  if (name === undefined) {
    if (method === "GET") return list(request, response, cluster, route, url.searchParams);
    if (method === "DELETE") return removeAll(request, response, cluster, route, url.searchParams);
    if (method === "POST") return create(request, response, cluster, route);
    return fail(response, 405, "MethodNotAllowed", "not served by the stand-in");
  }
  const known = store.get(kind, namespace, name);
  const isApply = request.headers["content-type"]?.includes("apply-patch") === true;
  if (known === undefined && !isApply) {
    const details = { name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.plural };
    const message = `${kind.plural} ${JSON.stringify(name)} not found`;
    return fail(response, 404, "NotFound", message, details);
  }
  if (subresource === "log" && known !== undefined)
    return logs(request, response, cluster, known, url.searchParams);
  switch (method) {
    case "GET":
      return isTable(request)
        ? json(response, 200, tableOf(kind, known === undefined ? [] : [known], store.version))
        : json(response, 200, known && subresource === "scale" ? scaleOf(known) : known);
    case "PUT":
    case "PATCH":
      return change(request, response, cluster, { ...route, name });
    case "DELETE":
      await bodyOf(request);
      if (known !== undefined) remove(cluster, kind, known);
      return json(response, 200, known);
    default:
      return fail(response, 405, "MethodNotAllowed", "not served by the stand-in");
  }
}

async function create(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: Cluster,
  { kind, namespace = "" }: Route,
): Promise<void> {
  const { store } = cluster;
  const body = await bodyOf(request);
  // Nothing is kept of a question, which kubectl asks in protobuf.
  if (kind.plural === "selfsubjectaccessreviews")
    return json(response, 201, {
      kind: kind.kind,
      apiVersion: `${kind.group}/v1`,
      metadata: {},
      spec: {},
      status: { allowed: true },
    });
  const given = JSON.parse(body) as KubernetesObject;
  if (store.get(kind, namespace, given.metadata.name) !== undefined)
    return fail(response, 409, "AlreadyExists", `${kind.plural} ${given.metadata.name} already exists`);
  const isPod = kind.plural === "pods";
  return json(
    response,
    201,
    isPod ? createPod(cluster, kind, namespace, given) : store.put(kind, namespace, given),
  );
}

async function change(
  request: IncomingMessage,
  response: ServerResponse,
  { store, strategicPatch }: Cluster,
  { kind, namespace = "", name, subresource }: Route & { readonly name: string },
): Promise<void> {
  const type = request.headers["content-type"] ?? "";
  const strategic = type.includes("strategic") ? strategicPatch : undefined;
  if (/json-patch|strategic/.test(type) && strategic === undefined)
    return fail(response, 415, "UnsupportedMediaType", "the stand-in takes merge patches alone");
  const given = JSON.parse(await bodyOf(request)) as KubernetesObject;
  const meant = given.metadata?.resourceVersion;
  const now = store.get(kind, namespace, name);
  if (meant !== undefined && meant !== now?.metadata.resourceVersion)
    return fail(
      response,
      409,
      "Conflict",
      `Operation cannot be fulfilled on ${kind.plural} ${JSON.stringify(name)}: the object has been modified; please apply your changes to the latest version and try again`,
    );
  const isScale = subresource === "scale" && now !== undefined;
  const shown = (object: KubernetesObject): KubernetesObject => (isScale ? scaleOf(object) : object);
  const apply = now === undefined ? undefined : strategic;
  const next =
    request.method === "PUT"
      ? given
      : (apply?.(shown(now as KubernetesObject), given) ?? merged(now && shown(now), given));
  const kept = isScale ? scaled(now, next as KubernetesObject) : (next as KubernetesObject);
  return json(response, now === undefined ? 201 : 200, shown(store.put(kind, namespace, kept)));
}

function remove(cluster: Cluster, kind: Kind, { metadata, ...rest }: KubernetesObject): void {
  const namespace = metadata.namespace ?? "";
  if (kind.plural === "pods") removePod(cluster, namespace, { metadata, ...rest });
  cluster.store.remove(kind, namespace, metadata.name);
}

async function removeAll(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: Cluster,
  { kind, namespace }: Route,
  query: URLSearchParams,
): Promise<void> {
  await bodyOf(request);
  const items = cluster.store.list(kind, namespace).filter(selects(query));
  for (const each of items) remove(cluster, kind, each);
  const apiVersion = kind.group === "" ? "v1" : `${kind.group}/v1`;
  const metadata = { resourceVersion: cluster.store.version };
  return json(response, 200, { kind: `${kind.kind}List`, apiVersion, metadata, items });
}
