import { EventEmitter } from "node:events";
import { type KubernetesStandIn, startKubernetesStandIn } from "@mayfly/kubernetes-stand-in";
import { createRandom } from "@mayfly/testing/seeded/random.ts";
import { expect, vi } from "vitest";
import { isObject } from "../../../../kernel/json-object.ts";
import { shapeOf } from "../../write/strategic-lists.ts";
import { applyStrategicPatch } from "../../write/strategic-patch.ts";
import { createRunner, type KubectlRunner } from "./kubectl-runner.ts";
import { dates, type Day, deployment, jobOf, logDates, podNames, workOf } from "./kubectl-work.ts";

/** A cluster whose audit log tells what agents did with kubectl. */
export interface WorkedCluster {
  /** The lines that each day added to the log, at the level RequestResponse. */
  days(count: number): Promise<readonly (readonly string[])[]>;
  close(): Promise<void>;
}

const agents = ["support-bot", "deploy-bot", "nightly-report"] as const;

/** Starts it. @throws Error where containers cannot be run */
export async function startWorkedCluster(seed: number): Promise<WorkedCluster> {
  const lines: string[] = [];
  const heard = new EventEmitter<{ line: [string] }>();
  const write = (line: string): void => {
    lines.push(line);
    heard.emit("line", line);
  };
  const tokens = Object.fromEntries(agents.map((agent) => [agent, `token-of-${agent}`]));
  const cluster = await startKubernetesStandIn({
    users: Object.fromEntries(
      agents.map((agent) => [tokens[agent] ?? "", `system:serviceaccount:agents:${agent}`]),
    ),
    audit: { level: "RequestResponse", write },
    strategicPatch: (object, patch) =>
      applyStrategicPatch(object, { ...patch }, shapeOf(object.apiVersion, object.kind) ?? {}),
  });
  const runner = createRunner(cluster, tokens, heard);
  const random = createRandom(seed);
  return {
    async days(count) {
      const all = dates("2026-11-02", count + 1);
      const logs: (readonly string[])[] = [];
      furnish(cluster, all[0] ?? "");
      for (const [at, date] of all.slice(1).entries()) {
        const [leaving = "", ...others] = podNames(random, "web", 5);
        const [running, listed] = [others.slice(0, 2), others.slice(2)];
        const tried = podNames(random, "try", 3);
        const day = { date, before: all[at] ?? "", running, listed, leaving, tried };
        await roll(cluster, runner, day);
        await runner.run(workOf(random, day));
        // A client's process may be over before the server has seen its connection end.
        await vi.waitFor(() => expect(unanswered(lines)).toBe(0), { timeout: 20_000 });
        logs.push(lines.splice(0));
      }
      return logs;
    },
    async close() {
      runner.close();
      await cluster.close();
    },
  };
}

/** How many requests have been received, and not answered. */
function unanswered(lines: readonly string[]): number {
  const stages = lines.map((line) => (JSON.parse(line) as { stage: string }).stage);
  return (
    stages.filter((stage) => stage === "RequestReceived").length -
    stages.filter((stage) => stage === "ResponseComplete").length
  );
}

/** What a container writes at its start: what it has for each date, and that it is ready. */
const command = [
  "sh",
  "-c",
  `for date in ${logDates.join(" ")}; do echo "$date: 3 orders" > /var/log/app-$date.log; done; echo ready; sleep 100000`,
];

/** What was in the cluster before anybody came. */
function furnish(cluster: KubernetesStandIn, date: string): void {
  for (const name of ["shop", "staging", "reports", "scratch"])
    cluster.add("namespaces", "", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  for (const name of ["node-1", "node-2"])
    cluster.add("nodes", "", { apiVersion: "v1", kind: "Node", metadata: { name } });
  cluster.add("secrets", "shop", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "stripe" },
    data: { key: Buffer.from("sk_live_1").toString("base64") },
  });
  for (const namespace of ["shop", "staging"]) {
    cluster.add("deployments", namespace, deployment("web", "shop/web:1"));
    cluster.add("services", namespace, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    });
    cluster.add("configmaps", namespace, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "app-config" },
      data: { "log.level": "info" },
    });
  }
  cluster.add("jobs", "reports", jobOf(date));
  for (const name of ["db-0", "db-1"])
    cluster.addPod({ namespace: "shop", name, labels: { app: "db" }, command });
}

/** Makes the pods of a day, as a Deployment makes others for each release. */
async function roll(cluster: KubernetesStandIn, runner: KubectlRunner, day: Day): Promise<void> {
  for (const name of day.running)
    cluster.addPod({ namespace: "shop", name, labels: { app: "web" }, command });
  const pod = { apiVersion: "v1", kind: "Pod", spec: { containers: [{ name: "app", image: "shop/web:1" }] } };
  for (const name of [...day.listed, day.leaving])
    cluster.add("pods", "shop", {
      ...pod,
      metadata: { name, labels: { app: "web" } },
      status: { phase: "Running" },
    });
  // One is swept away by its label, the others are deleted by their names.
  for (const [at, name] of day.tried.entries())
    cluster.add("pods", "scratch", {
      ...pod,
      metadata: { name, labels: at === 0 ? { sweep: day.date } : { app: "try" } },
    });
  // What goes into a pod finds what its container makes at its start.
  await runner.run(
    ["db-0", "db-1", ...day.running].map((name) => ({
      agent: "support-bot",
      args: ["logs", "-f", name, "-n", "shop"],
      until: "ready",
    })),
  );
}

/** A line as it would be at the level Metadata; every other member is the same there. */
export function atMetadata(line: string): string {
  const event: unknown = JSON.parse(line);
  if (!isObject(event)) throw new Error("the line is no object");
  const { requestObject: _, responseObject: __, ...rest } = event;
  return JSON.stringify({ ...rest, level: "Metadata" });
}
