// tier: full
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { call } from "@mayfly/testing/api.ts";
import { type EmptyCluster, startEmptyCluster, withCluster } from "@mayfly/testing/cluster.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

// What an agent did at a cluster through the gateway, as `mayflyd inventory` reads it out of the gateway's own audit log.

let world: World;
let cluster: EmptyCluster;
let folder: string;

beforeAll(async () => {
  cluster = await startEmptyCluster();
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-inventory-own-kubernetes-"));
  const configured = await withCluster("connections:\n@policies:\n", cluster, folder);
  const [connections = "", policies = ""] = configured.split("@");
  world = await startWorld({
    store: "sqlite",
    configure: (text) => text.replace("connections:\n", connections).replace("policies:\n", policies),
    environment: { CLUSTER_TOKEN: cluster.token },
  });
});
afterAll(async () => {
  await world?.stop();
  await cluster?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the real kubectl; answers its exit code. */
function kubectl(url: string, secret: string, ...words: string[]): Promise<number | string> {
  const where = ["--server", url, "--certificate-authority", world.gateway.caFile, "--token", secret];
  return new Promise((resolve) => {
    const environment = { ...process.env, HOME: folder, KUBECONFIG: path.join(folder, "none") };
    execFile("kubectl", [...where, ...words], { env: environment }, (error) => {
      resolve(error === null ? 0 : (error.code ?? error.message));
    });
  });
}

const inventory = (...given: string[]): Promise<Ran> =>
  runMayflyd([
    "inventory",
    "--connection",
    "shop-cluster",
    "--kind",
    "kubernetes",
    ...given,
    path.join(world.folder, "data/audit"),
  ]);

test("what the agent did is proposed, with who did it, and what was refused is not", async () => {
  const answer = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
    connection: "shop-cluster",
    operations: ["debug-shop"],
    reason: "TICKET-9 what runs there",
    ttl: "5m",
  });
  const { access } = (answer.body as { grant: { access: { url: string; secret: string } } }).grant;
  const codes = [
    await kubectl(access.url, access.secret, "get", "pods", "-n", "shop"),
    await kubectl(access.url, access.secret, "get", "pod", "web-1", "-n", "shop", "-o", "yaml"),
    await kubectl(access.url, access.secret, "get", "secrets", "-n", "shop"),
  ];
  expect(codes).toEqual([0, 0, 1]);
  expect(await world.gateway.stop()).toBe(0);

  const proposed = await inventory();
  expect([proposed.code, proposed.stderr]).toEqual([
    0,
    "mayflyd: 2 requests counted; 1 failed or was refused\n",
  ]);
  expect(proposed.stdout).toMatch(/# seen 2 times by support-bot, \d{4}-\d\d-\d\d/);
  expect(proposed.stdout).toContain(
    "resources: [pods]\n        verbs: [get, list]\n        namespaces: [shop]",
  );
  expect(proposed.stdout).not.toContain("secrets");
});
