import { closeSync, openSync, readSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isTable, json } from "./answers.ts";
import { type Cluster, containerOf, containersIn, type Route } from "./cluster.ts";
import { type KubernetesObject, tableOf } from "./kinds.ts";
import type { Change } from "./store.ts";

/** Whether an object is among those asked for. */
export function selects(query: URLSearchParams): (object: KubernetesObject) => boolean {
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

/** Answers with the objects of a kind, or goes on to tell of them. */
export function list(
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
export function logs(
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
  response.writeHead(200, { "content-type": "text/plain" }).flushHeaders();
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
