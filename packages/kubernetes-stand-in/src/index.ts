import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { attributesOf } from "./attributes.ts";
import { type Audited, type AuditOptions, auditRequest } from "./audit.ts";
import { answer } from "./api.ts";
import { makeCertificate } from "./certificate.ts";
import { type Cluster, containerOf, createPod, execOf, routeOf, type StrategicPatch } from "./cluster.ts";
import { startContainers } from "./containers.ts";
import { kinds, type KubernetesObject } from "./kinds.ts";
import { Authorizer } from "./rbac.ts";
import { Store } from "./store.ts";
import { serveStream } from "./streams.ts";

export { makeCertificate } from "./certificate.ts";
export type { AuditOptions } from "./audit.ts";
export { startContainerd } from "./containerd.ts";
export { whyNoContainers } from "./containers.ts";
export { allows, type Attributes } from "./rbac.ts";
export type { KubernetesObject } from "./kinds.ts";

/** A request as the stand-in saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

/** A stand-in for a cluster, with real containers for its pods. */
export interface KubernetesStandIn {
  readonly url: string;
  /** PEM of the certificate that signs its own. */
  readonly ca: string;
  /** The only bearer that it takes. */
  readonly token: string;
  readonly seen: readonly Seen[];
  /** Creates a pod of one container, `app`, and starts it. */
  addPod(pod: {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly command?: readonly string[];
  }): void;
  add(plural: string, namespace: string, object: KubernetesObject): void;
  remove(plural: string, namespace: string, name: string): void;
  /** How many processes a pod's container has. */
  processes(namespace: string, pod: string): number;
  /** Called right before a stream is opened, for what changes in that moment. */
  beforeStream: (() => void) | undefined;
  /** The rights that were asked for, where there is RBAC: `account: shop pods get`. */
  readonly used: ReadonlySet<string>;
  close(): Promise<void>;
}

export interface KubernetesStandInOptions {
  readonly token?: string;
  /** The roles and bindings that hold now, and whose the token is: `NAMESPACE:NAME`. Left out: it may do everything. */
  readonly rbac?: { readonly objects: () => readonly object[]; readonly account: string };
  /** Further bearers that it takes, with whose they are. What `rbac` lets the account do, each of them may do. */
  readonly users?: Readonly<Record<string, string>>;
  /** Left out: it writes no audit log. */
  readonly audit?: AuditOptions;
  /** Applies strategic merge patches. Left out: it takes none. */
  readonly strategicPatch?: StrategicPatch;
}

/** Starts one on 127.0.0.1. @throws Error where containers cannot be run */
export async function startKubernetesStandIn(
  options: KubernetesStandInOptions = {},
): Promise<KubernetesStandIn> {
  const token = options.token ?? "only-the-gateway-knows-this-token";
  const containers = await startContainers();
  const store = new Store();
  const cluster: Cluster = { store, containers, strategicPatch: options.strategicPatch };
  const { certificate, key } = await makeCertificate();
  const seen: Seen[] = [];
  const sockets = new Set<Duplex>();
  const note = (request: IncomingMessage): boolean => {
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers });
    return whose(request) !== undefined;
  };
  const { rbac } = options;
  const users = new Map(Object.entries(options.users ?? {}));
  users.set(token, `system:serviceaccount:${rbac?.account ?? "mayfly:gateway"}`);
  const whose = ({ headers }: IncomingMessage): string | undefined =>
    users.get(/^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "");
  const audited = (request: IncomingMessage): Audited | undefined =>
    options.audit && auditRequest(options.audit, request, whose(request));
  const authorizer = rbac === undefined ? undefined : new Authorizer(rbac.objects, rbac.account);
  /** Why a request is forbidden, undefined when it is not. */
  const forbidden = (request: IncomingMessage): string | undefined => {
    const lacking = authorizer?.lacks(request.headers, attributesOf(request, cluster));
    return lacking === undefined
      ? undefined
      : `cannot ${lacking.verb} resource "${lacking.resource}" in API group "${lacking.group}" in the namespace "${lacking.namespace}"`;
  };
  const server = createServer({ cert: certificate, key });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("request", (request, response) => {
    const fail = (code: number, reason: string, message: string): void => {
      const status = { kind: "Status", apiVersion: "v1", status: "Failure", reason, code, message };
      response.writeHead(code, { "content-type": "application/json" });
      response.end(JSON.stringify(status));
    };
    const audit = audited(request);
    audit?.follow(response);
    if (!note(request)) return fail(401, "Unauthorized", "Unauthorized");
    const why = forbidden(request);
    audit?.decided(why === undefined);
    if (why !== undefined) return fail(403, "Forbidden", why);
    answer(request, response, cluster).catch(() => response.destroy());
  });
  const kindOf = (plural: string) => {
    const kind = kinds.find((each) => each.plural === plural);
    if (kind === undefined) throw new Error(`the stand-in has no ${plural}`);
    return kind;
  };
  const standIn: KubernetesStandIn = {
    url: "",
    ca: certificate,
    token,
    seen,
    beforeStream: undefined,
    used: authorizer?.used ?? new Set(),
    addPod({ namespace, name, labels = {}, command = ["sleep", "100000"] }) {
      createPod(cluster, kindOf("pods"), namespace, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, labels: { ...labels } },
        spec: { nodeName: "stand-in", containers: [{ name: "app", image: "stand-in:busybox", command }] },
      });
    },
    add: (plural, namespace, object) => void store.put(kindOf(plural), namespace, object),
    remove: (plural, namespace, name) => void store.remove(kindOf(plural), namespace, name),
    processes: (namespace, pod) => containers.processes(containerOf(namespace, pod, "app")),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await containers.close();
    },
  };
  server.on("upgrade", (request, socket, head) => {
    const audit = audited(request);
    const refuse = (line: string, message: string): void => {
      const body = JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", message });
      audit?.completed(Number.parseInt(line, 10), body);
      socket.end(
        `HTTP/1.1 ${line}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    };
    if (!note(request)) return refuse("401 Unauthorized", "Unauthorized");
    const why = forbidden(request);
    audit?.decided(why === undefined);
    if (why !== undefined) return refuse("403 Forbidden", why);
    const url = new URL(request.url ?? "", "http://stand-in");
    const route = routeOf(url.pathname);
    if (route?.kind.plural !== "pods") return refuse("404 Not Found", "nothing to enter there");
    standIn.beforeStream?.();
    const isForward = route.subresource === "portforward";
    const ask = isForward ? "portforward" : execOf(cluster, route, url.searchParams);
    if ((!isForward && route.subresource !== "exec") || ask === undefined)
      return refuse("400 Bad Request", "container not found in the pod");
    audit?.started(101);
    socket.once("close", () => audit?.completed(101));
    return serveStream(request, socket, head, ask, containers);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return Object.assign(standIn, { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
