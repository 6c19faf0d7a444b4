// tier: full
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startKubernetesStandIn } from "@mayfly/kubernetes-stand-in";
import { afterEach, describe, expect, it } from "vitest";
import { directPathsOf } from "./direct-paths.ts";
import type { RbacRule } from "./rbac.ts";
import { scopeSchema } from "./scope.ts";
import { targetSchema } from "./target.ts";
import { bearer, startRig } from "./testing/rig.ts";

// The rights that `mayflyd close` prints, held by a cluster's RBAC while kubectl does what the scopes grant: nothing is lacking,
// and nothing is left over.

const scopes = {
  read: { resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"], namespaces: ["shop"] },
  configure: {
    resources: ["configmaps"],
    verbs: ["create", "update", "patch", "delete"],
    namespaces: ["shop"],
    names: ["app", "other"],
  },
  deploy: {
    resources: ["deployments.apps", "deployments.apps/scale"],
    verbs: ["get", "patch"],
    namespaces: ["shop"],
  },
  spaces: { resources: ["namespaces"], verbs: ["list"], cluster: true },
  look: { exec: { namespaces: ["shop"], names: ["web-1"], commands: [["cat", "/var/log/app.log"]] } },
  forward: { port_forward: { namespaces: ["shop"], names: ["web-1"], ports: [18_995] } },
};
const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  // oxlint-disable-next-line no-await-in-loop -- what was begun last goes first
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Bound {
  readonly kind: string;
  readonly rules?: readonly RbacRule[];
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What is printed for the scopes. */
function printed(impersonate: object | undefined): readonly object[] {
  const target = targetSchema.parse({
    server: "https://10.0.0.1:6443",
    token: { env: "TOKEN" },
    ...(impersonate === undefined ? {} : { impersonate }),
  });
  const { files } = directPathsOf(target, {
    connection: "prod",
    gateways: [],
    kept: [],
    scopes: new Map(Object.entries(scopes).map(([name, scope]) => [name, scopeSchema.parse(scope)])),
    targets: new Map(),
  });
  const [rbac] = files;
  if (rbac === undefined || !("content" in rbac)) throw new Error(JSON.stringify(rbac));
  return rbac.content as readonly object[];
}

/** Every right of the printed roles, as the stand-in notes those that are used. */
function rights(objects: readonly object[], impersonates: boolean): ReadonlySet<string> {
  const all = new Set<string>();
  for (const { kind, rules, metadata } of objects as readonly Bound[]) {
    if (kind !== "Role" && kind !== "ClusterRole") continue;
    const isOwn = !impersonates || /\.(?:gateway|impersonate)$/.test(metadata.name);
    for (const { resources, verbs } of rules ?? [])
      for (const verb of verbs)
        all.add(`${isOwn ? "account" : "agent"}: ${metadata.namespace ?? ""} ${resources.join()} ${verb}`);
  }
  return all;
}

async function start(impersonate: object | undefined) {
  const objects = printed(impersonate);
  const cluster = await startKubernetesStandIn({
    rbac: { objects: () => objects, account: "mayfly:mayfly" },
  });
  undo.push(() => cluster.close());
  const counts = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.2; done"];
  cluster.addPod({ namespace: "shop", name: "web-1", labels: { app: "shop" }, command: counts });
  cluster.add("namespaces", "", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  cluster.add("deployments", "shop", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: { replicas: 1, template: { spec: { containers: [{ name: "app", image: "shop/web:1" }] } } },
  });
  const rig = await startRig(cluster, scopes, impersonate === undefined ? {} : { impersonate });
  undo.push(() => rig.close());
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-rbac-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "mayfly",
    contexts: [{ name: "mayfly", context: { cluster: "mayfly", user: "mayfly", namespace: "shop" } }],
    clusters: [
      {
        name: "mayfly",
        cluster: { server: rig.url, "certificate-authority-data": Buffer.from(rig.ca).toString("base64") },
      },
    ],
    users: [{ name: "mayfly", user: { token: bearer } }],
  };
  writeFileSync(path.join(folder, "config"), JSON.stringify(config));
  const manifest = (name: string, value: string): string => {
    const file = path.join(folder, `${name}.json`);
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { a: value } };
    writeFileSync(file, JSON.stringify(object));
    return file;
  };
  return { cluster, objects, folder, manifest };
}

interface Kubectl {
  readonly out: () => string;
  readonly err: () => string;
  readonly over: Promise<number | null>;
  kill(): void;
}

function begin(folder: string, args: readonly string[], websockets = true): Kubectl {
  const child = spawn("kubectl", args, {
    env: {
      ...process.env,
      HOME: folder,
      KUBECONFIG: path.join(folder, "config"),
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(websockets),
      KUBECTL_PORT_FORWARD_WEBSOCKETS: String(websockets),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const over = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  undo.push(async () => {
    child.kill("SIGKILL");
    await over;
  });
  return { out: () => out, err: () => err, over, kill: () => void child.kill() };
}

/** Until it has printed something, and then ended. */
async function untilSaid(kubectl: Kubectl, what: string | RegExp): Promise<void> {
  await expect.poll(() => kubectl.out() + kubectl.err(), { timeout: 20_000 }).toMatch(what);
  kubectl.kill();
  await kubectl.over;
}

/** Whatever the scopes grant, done once. */
async function doAll(folder: string, manifest: (name: string, value: string) => string): Promise<void> {
  const kubectl = async (...args: readonly string[]): Promise<void> => {
    const done = begin(folder, args);
    const code = await done.over;
    expect({ args, code, err: code === 0 ? "" : done.err() }).toEqual({ args, code: 0, err: "" });
  };
  await kubectl("get", "pods");
  await kubectl("get", "pod", "web-1");
  await untilSaid(begin(folder, ["get", "pods", "-w"]), "web-1");
  await kubectl("logs", "web-1", "-c", "app");
  await kubectl("apply", "--server-side", "-f", manifest("app", "1"));
  await kubectl("apply", "--server-side", "-f", manifest("app", "2"));
  await kubectl("replace", "-f", manifest("app", "3"));
  await kubectl("delete", "configmap", "app", "--wait=false");
  await kubectl("set", "image", "deployment/web", "app=shop/web:2");
  await kubectl("get", "deployment", "web", "--subresource=scale");
  await kubectl("scale", "deployment/web", "--replicas=2");
  await kubectl("get", "namespaces");
  for (const websockets of [true, false]) {
    const args = ["exec", "web-1", "-c", "app", "--", "cat", "/var/log/app.log"];
    const ran = begin(folder, args, websockets);
    await expect(ran.over).resolves.toBe(0);
    await untilSaid(begin(folder, ["port-forward", "web-1", ":18995"], websockets), /Forwarding from/);
  }
}

describe("the printed rights are enough for kubectl, and none is left over", { timeout: 120_000 }, () => {
  it.each<[string, object | undefined]>([
    ["as the gateway's own account", undefined],
    ["as a group", { user: "mayfly:{agent}", groups: ["mayfly-agents"] }],
    ["as a user", { user: "mayfly-agent" }],
    ["as a service account", { user: "system:serviceaccount:agents:bot" }],
  ])("%s", async (_, impersonate) => {
    const { cluster, objects, folder, manifest } = await start(impersonate);
    await doAll(folder, manifest);
    const given = rights(objects, impersonate !== undefined);
    expect([...given].filter((right) => !cluster.used.has(right))).toEqual([]);
  });
});
