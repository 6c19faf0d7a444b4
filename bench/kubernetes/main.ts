// `npm run bench -- kubernetes`: what a command in a pod writes, brought by kubectl direct and through Mayfly with
// frames followed and output recorded, over WebSocket and SPDY, in one run. The cluster is the stand-in over real
// containers. Rounds are interleaved; medians are printed, and the raw runs are kept in a file.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startKubernetesStandIn } from "@mayfly/kubernetes-stand-in";
import { startOktaStandIn } from "@mayfly/okta-stand-in";
import { call } from "../../tests/support/api.ts";
import { root, startGateway } from "../../tests/support/gateway.ts";
import { freePort } from "../../tests/support/postgres.ts";
import { median } from "../median.ts";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "200" },
    rounds: { type: "string", default: "5" },
    out: { type: "string", default: path.join(root, "bench/results/kubernetes.json") },
  },
});
const bytes = Number(values.megabytes) * 1_000_000;
const folder = mkdtempSync(path.join(tmpdir(), "mayfly-bench-kubernetes-"));
const cluster = await startKubernetesStandIn();
cluster.addPod({ namespace: "shop", name: "web-1", labels: { app: "shop" } });
const okta = await startOktaStandIn({ agents: [{ clientId: "0oabench", keys: [] }] });
const https = await freePort();
writeFileSync(path.join(folder, "ca.pem"), cluster.ca);
writeFileSync(
  path.join(folder, "mayfly.yaml"),
  `url: https://127.0.0.1:${https}
listen: { https: 127.0.0.1:${https} }
store: sqlite:data/mayfly.db
identity:
  agents:
    issuer: ${okta.issuer}
    audience: ${okta.audience}
    allow_insecure_loopback: true
    directory:
      0oabench: { name: bench, groups: [bench] }
connections:
  cluster:
    kubernetes: { server: "${cluster.url}", ca: ca.pem, token: { env: CLUSTER_TOKEN } }
    operations:
      write:
        resources: [pods]
        verbs: [get]
        namespaces: [shop]
        exec:
          namespaces: [shop]
          names: [web-1]
          commands: [[head, "-c", "*", /dev/zero]]
policies:
  - { name: bench, groups: [bench], connection: cluster, operations: [write], ttl: 8h }
`,
);
const gateway = await startGateway(path.join(folder, "mayfly.yaml"), { CLUSTER_TOKEN: cluster.token });
const raw: { peer: string; over: string; round: number; megabytesPerSecond: number }[] = [];

/** Runs the command once. @returns MB/s, kubectl's start included */
function bring(kubeconfig: string, over: string): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const args = ["exec", "-n", "shop", "web-1", "-c", "app", "--", "head", "-c", String(bytes), "/dev/zero"];
    const child = spawn("kubectl", args, {
      env: {
        ...process.env,
        HOME: folder,
        KUBECONFIG: kubeconfig,
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(over === "WebSocket"),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let got = 0;
    child.stdout.on("data", (chunk: Buffer) => (got += chunk.length));
    child.once("close", () => {
      if (got !== bytes) reject(new Error(`${got} of ${bytes} bytes came`));
      else resolve(bytes / 1000 / (performance.now() - started));
    });
  });
}

try {
  const token = await okta.tokenFor({ agent: "0oabench" });
  const asked = { connection: "cluster", operations: ["write"], reason: "bench", ttl: "8h" };
  const { body } = await call(gateway, token, "POST", "/v1/requests", asked);
  const { grant } = body as { grant?: { access?: { kubeconfig?: string } } };
  const kubeconfig = grant?.access?.kubeconfig ?? "";
  const peers = { direct: path.join(folder, "direct"), Mayfly: path.join(folder, "mayfly") };
  writeFileSync(peers.Mayfly, kubeconfig);
  const name = "cluster";
  writeFileSync(
    peers.direct,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": name,
      contexts: [{ name, context: { cluster: name, user: name } }],
      clusters: [
        {
          name,
          cluster: {
            server: cluster.url,
            "certificate-authority-data": Buffer.from(cluster.ca).toString("base64"),
          },
        },
      ],
      users: [{ name, user: { token: cluster.token } }],
    }),
  );
  console.log("| over | direct | Mayfly | Mayfly / direct |\n| --- | --- | --- | --- |");
  for (const over of ["WebSocket", "SPDY/3.1"]) {
    for (let round = 0; round < Number(values.rounds); round += 1)
      for (const [peer, file] of Object.entries(peers))
        raw.push({ peer, over, round, megabytesPerSecond: await bring(file, over) });
    const of = (peer: string): number =>
      median(
        raw.filter((each) => each.peer === peer && each.over === over).map((each) => each.megabytesPerSecond),
      );
    const [d, m] = [of("direct"), of("Mayfly")];
    console.log(`| ${over} | ${Math.round(d)} MB/s | ${Math.round(m)} MB/s | ${(m / d).toFixed(2)} |`);
  }
  mkdirSync(path.dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify({ bytes, raw }, undefined, 1)}\n`);
} finally {
  await gateway.stop();
  await okta.close();
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
}
