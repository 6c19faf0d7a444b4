import { writeFile } from "node:fs/promises";
import path from "node:path";
import { startKubernetesStandIn, type KubernetesStandIn } from "@mayfly/kubernetes-stand-in";

/** Starts the stand-in for a cluster with the shop's two pods. @throws Error where containers cannot be run */
export async function startCluster(): Promise<KubernetesStandIn> {
  const cluster = await startKubernetesStandIn();
  const command = ["sh", "-c", "echo shop is open; sleep 100000"];
  cluster.addPod({ namespace: "shop", name: "web-1", labels: { app: "shop" }, command });
  cluster.addPod({ namespace: "shop", name: "ledger-1", labels: { app: "ledger" } });
  return cluster;
}

/** Adds the cluster to a configuration: looking at the shop's pods, and into those of the shop itself. */
export async function withCluster(text: string, cluster: KubernetesStandIn, folder: string): Promise<string> {
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
