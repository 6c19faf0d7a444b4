import { closeSync, openSync, readSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Containers } from "./containers.ts";
import { discovery, type Kind, kinds, type KubernetesObject, tableOf } from "./kinds.ts";
import { scaled, scaleOf } from "./scale.ts";
import { type Change, merged, type Store } from "./store.ts";
import type { ExecRequest } from "./streams.ts";

/** Where a path leads. */
export interface Route {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Reads a path of the API. */
export function routeOf(pathname: string): Route | undefined {
  const match =
    /^\/(?:api\/v1|apis\/([a-z.]+)\/v1)(?:\/namespaces\/([^/]+)(?=\/[^/]))?\/([a-z]+)(?:\/([^/]+)(?:\/([a-z]+))?)?$/.exec(
      pathname,
    );
  const [, group = "", namespace, plural, name, subresource] = match ?? [];
  const kind = kinds.find((each) => each.group === group && each.plural === plural);
  return match === null || kind === undefined ? undefined : { kind, namespace, name, subresource };
}

/** The container of a pod, as containerd knows it. */
export function containerOf(namespace: string, pod: string, container: string): string {
  return `${namespace}-${pod}-${container}`;
}

interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

function containersIn(pod: KubernetesObject): readonly Container[] {
  return (pod["spec"] as { containers?: Container[] } | undefined)?.containers ?? [];
}

/** What the server needs to answer. */
export interface Cluster {
  readonly store: Store;
  readonly containers: Containers;
}

/** Creates a pod and starts its containers. */
export function createPod(
  { store, containers }: Cluster,
  kind: Kind,
  namespace: string,
  given: KubernetesObject,
) {
  for (const { name, command, args } of containersIn(given))
    containers.start(containerOf(namespace, given.metadata.name, name), [
      ...(command ?? ["sleep", "100000"]),
      ...(args ?? []),
    ]);
  const statuses = containersIn(given).map(({ name }) => ({
    name,
    ready: true,
    restartCount: 0,
    image: "stand-in:busybox",
    imageID: "",
    state: { running: { startedAt: new Date().toISOString().replace(/\.\d+Z/, "Z") } },
  }));
  return store.put(kind, namespace, {
    ...given,
    status: { phase: "Running", podIP: "127.0.0.1", hostIP: "127.0.0.1", containerStatuses: statuses },
  });
}

function removePod({ containers }: Cluster, namespace: string, pod: KubernetesObject): void {
  for (const { name } of containersIn(pod))
    containers.remove(containerOf(namespace, pod.metadata.name, name));
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, code: number, reason: string, message: string): void {
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
  json(response, code, status);
}

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
  const missing = (): void =>
    fail(response, 404, "NotFound", `${kind.plural} ${JSON.stringify(name)} not found`);
  if (name === undefined) {
    if (request.method === "GET") return list(request, response, cluster, route, url.searchParams);
    if (request.method !== "POST")
      return fail(response, 405, "MethodNotAllowed", "not served by the stand-in");
    const given = JSON.parse(await bodyOf(request)) as KubernetesObject;
    if (store.get(kind, namespace, given.metadata.name) !== undefined)
      return fail(response, 409, "AlreadyExists", `${kind.plural} ${given.metadata.name} already exists`);
    const isPod = kind.plural === "pods";
    return json(
      response,
      201,
      isPod ? createPod(cluster, kind, namespace, given) : store.put(kind, namespace, given),
    );
  }
  const known = store.get(kind, namespace, name);
  const isApply = request.headers["content-type"]?.includes("apply-patch") === true;
  if (known === undefined && !isApply) return missing();
  if (subresource === "log" && known !== undefined)
    return logs(request, response, cluster, known, url.searchParams);
  const isScale = subresource === "scale" && known !== undefined;
  const shown = (object: KubernetesObject): KubernetesObject => (isScale ? scaleOf(object) : object);
  switch (request.method) {
    case "GET":
      return isTable(request)
        ? json(response, 200, tableOf(kind, known === undefined ? [] : [known], store.version))
        : json(response, 200, known && shown(known));
    case "PUT":
    case "PATCH": {
      if (/json-patch|strategic/.test(request.headers["content-type"] ?? ""))
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
      const next = request.method === "PUT" ? given : (merged(now && shown(now), given) as KubernetesObject);
      const kept = isScale && now !== undefined ? scaled(now, next) : next;
      return json(response, now === undefined ? 201 : 200, shown(store.put(kind, namespace, kept)));
    }
    case "DELETE":
      if (known !== undefined && kind.plural === "pods") removePod(cluster, namespace, known);
      return json(response, 200, store.remove(kind, namespace, name));
    default:
      return fail(response, 405, "MethodNotAllowed", "not served by the stand-in");
  }
}

const isTable = (request: IncomingMessage): boolean => request.headers.accept?.includes("as=Table") === true;

/** Whether an object is among those asked for. */
function selects(query: URLSearchParams): (object: KubernetesObject) => boolean {
  const fields = (query.get("fieldSelector") ?? "").split(",").filter(Boolean);
  const labels = (query.get("labelSelector") ?? "").split(",").filter(Boolean);
  return (object) =>
    fields.every((each) => {
      const [field, value] = each.split("=");
      return field !== "metadata.name" || object.metadata.name === value;
    }) &&
    labels.every((each) => {
      const [label = "", value] = each.split(/==?/);
      return object.metadata.labels?.[label] === value;
    });
}

function list(
  request: IncomingMessage,
  response: ServerResponse,
  { store }: Cluster,
  { kind, namespace }: Route,
  query: URLSearchParams,
): void {
  const wanted = selects(query);
  const objects = store.list(kind, namespace).filter(wanted);
  if (query.get("watch") === "true" || query.get("watch") === "1") {
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    const send = (type: Change["type"], object: KubernetesObject): void => {
      const told = isTable(request) ? tableOf(kind, [object], store.version) : object;
      response.write(`${JSON.stringify({ type, object: told })}\n`);
    };
    const told = (change: Change): void => {
      const isHere = namespace === undefined || change.object.metadata.namespace === namespace;
      if (change.kind === kind && isHere && wanted(change.object)) send(change.type, change.object);
    };
    const since = Number(query.get("resourceVersion") ?? 0);
    for (const object of objects) if (Number(object.metadata.resourceVersion) > since) send("ADDED", object);
    store.changes.on("change", told);
    response.once("close", () => store.changes.off("change", told));
    return;
  }
  if (isTable(request)) return json(response, 200, tableOf(kind, objects, store.version));
  json(response, 200, {
    kind: `${kind.kind}List`,
    apiVersion: kind.group === "" ? "v1" : `${kind.group}/v1`,
    metadata: { resourceVersion: store.version },
    items: objects,
  });
}

/** Sends what a container wrote, and with `follow` what it goes on to write. */
function logs(
  _: IncomingMessage,
  response: ServerResponse,
  { containers }: Cluster,
  pod: KubernetesObject,
  query: URLSearchParams,
): void {
  const container = query.get("container") ?? containersIn(pod)[0]?.name ?? "";
  const id = containerOf(pod.metadata.namespace ?? "", pod.metadata.name, container);
  const fd = openSync(containers.logOf(id), "r");
  const chunk = Buffer.alloc(65_536);
  response.writeHead(200, { "content-type": "text/plain" });
  const more = (): void => {
    for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk))
      response.write(Buffer.from(chunk.subarray(0, n)));
  };
  more();
  if (query.get("follow") !== "true") {
    closeSync(fd);
    response.end();
    return;
  }
  const timer = setInterval(more, 50);
  response.once("close", () => {
    clearInterval(timer);
    closeSync(fd);
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** What an exec asks for, as its URL says it; undefined when its container is not there. */
export function execOf(cluster: Cluster, route: Route, query: URLSearchParams): ExecRequest | undefined {
  const pod = cluster.store.get(route.kind, route.namespace ?? "", route.name ?? "");
  const container = query.get("container") ?? "";
  if (pod === undefined || !containersIn(pod).some(({ name }) => name === container)) return undefined;
  const flag = (name: string): boolean => query.get(name) === "true";
  return {
    id: containerOf(route.namespace ?? "", route.name ?? "", container),
    argv: query.getAll("command"),
    stdin: flag("stdin"),
    stdout: flag("stdout"),
    stderr: flag("stderr"),
    terminal: flag("tty"),
  };
}
