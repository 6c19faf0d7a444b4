import type { Containers } from "./containers.ts";
import { type Kind, kinds, type KubernetesObject } from "./kinds.ts";
import type { Store } from "./store.ts";
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
    /^\/(?:api\/v1|apis\/([a-z0-9.]+)\/v1)(?:\/namespaces\/([^/]+)(?=\/[^/]))?\/([a-z]+)(?:\/([^/]+)(?:\/([a-z]+))?)?$/.exec(
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

/** The containers that a pod wants. */
export function containersIn(pod: KubernetesObject): readonly Container[] {
  return (pod["spec"] as { containers?: Container[] } | undefined)?.containers ?? [];
}

/** What a strategic merge patch makes of an object. @throws Error where it cannot be applied */
export type StrategicPatch = (object: KubernetesObject, patch: object) => object;

/** What the server needs to answer. */
export interface Cluster {
  readonly store: Store;
  readonly containers: Containers;
  readonly strategicPatch?: StrategicPatch | undefined;
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

/** Ends the containers of a pod. */
export function removePod({ containers }: Cluster, namespace: string, pod: KubernetesObject): void {
  for (const { name } of containersIn(pod))
    containers.remove(containerOf(namespace, pod.metadata.name, name));
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
