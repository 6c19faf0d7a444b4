import { writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { makeCertificate, startKubernetesStandIn, type KubernetesStandIn } from "@mayfly/kubernetes-stand-in";

import { acceptOf } from "../../gateway/src/gate/web/websocket/handshake.ts";
import { answer } from "../../kubernetes-stand-in/src/api.ts";
import { kinds } from "../../kubernetes-stand-in/src/kinds.ts";
import { Store } from "../../kubernetes-stand-in/src/store.ts";

export { makeCertificate } from "@mayfly/kubernetes-stand-in";

/** Starts the stand-in for a cluster with the shop's two pods. @throws Error where containers cannot be run */
export async function startCluster(): Promise<KubernetesStandIn> {
  const cluster = await startKubernetesStandIn();
  const command = ["sh", "-c", "echo shop is open; sleep 100000"];
  cluster.addPod({ namespace: "shop", name: "web-1", labels: { app: "shop" }, command });
  cluster.addPod({ namespace: "shop", name: "ledger-1", labels: { app: "ledger" } });
  return cluster;
}

/** A cluster whose pods run nothing: its API is the stand-in's, and a stream into a pod opens and says nothing. */
export interface EmptyCluster {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  /** The headers of every request. */
  readonly seen: readonly IncomingMessage["headers"][];
  close(): Promise<void>;
}

/** Starts it, with one pod of the shop's: for machines without containers. */
export async function startEmptyCluster(): Promise<EmptyCluster> {
  const { certificate, key } = await makeCertificate();
  const store = new Store();
  const pod = kinds.find(({ plural }) => plural === "pods");
  if (pod === undefined) throw new Error("the stand-in has no pods");
  const containers = [{ name: "app", image: "stand-in:busybox", command: ["sleep", "100000"] }];
  store.put(pod, "shop", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-1", labels: { app: "shop" }, uid: "uid-1" },
    spec: { nodeName: "stand-in", containers },
    status: { phase: "Running" },
  });
  const seen: IncomingMessage["headers"][] = [];
  const sockets = new Set<Duplex>();
  const server = createServer({ cert: certificate, key }, (request, response) => {
    seen.push(request.headers);
    answer(request, response, { store, containers: {} as never }).catch(() => response.destroy());
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    seen.push(request.headers);
    socket.on("error", () => undefined);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(request.headers["sec-websocket-key"] ?? "")}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`,
    );
  });
  server.on("connection", (socket: Duplex) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: certificate,
    token: "only-the-gateway-knows-this-token",
    seen,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Adds the cluster to a configuration: looking at the shop's pods, and into those of the shop itself. */
export async function withCluster(
  text: string,
  cluster: Pick<KubernetesStandIn, "url" | "ca">,
  folder: string,
): Promise<string> {
  await writeFile(path.join(folder, "cluster-ca.pem"), cluster.ca);
  return text
    .replace(
      "connections:\n",
      `connections:
  shop-cluster:
    kubernetes:
      server: ${cluster.url}
      ca: ${path.join(folder, "cluster-ca.pem")}
      token: { env: CLUSTER_TOKEN }
      impersonate: { user: "mayfly:{agent}" }
    operations:
      debug-shop:
        description: See the shop's pods and their logs, and look at files in them
        resources: [pods, pods/log]
        verbs: [get, list, watch]
        namespaces: [shop]
        exec:
          namespaces: [shop]
          pods: { app: shop }
          commands: [[ls, "*"], [cat, /var/log/*]]
`,
    )
    .replace(
      "policies:\n",
      `policies:
  - name: support agents look at the shop's pods
    groups: [support-agents]
    connection: shop-cluster
    operations: [debug-shop]
    ttl: { default: 5m, max: 15m }
`,
    );
}
