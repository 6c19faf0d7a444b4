// `npm run bench -- kubernetes`: what a command in a pod writes, brought by kubectl direct and through Mayfly with
// frames followed and output recorded, over WebSocket and SPDY, in one run. The cluster is the stand-in over real
// containers, in this process. Rounds are interleaved; medians are printed, and the raw runs are kept in a file.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { startKubernetesStandIn } from "@mayfly/kubernetes-stand-in";
import { call } from "@mayfly/testing/api.ts";
import { startBenchGateway } from "../gateway.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere } from "../measure/results.ts";
import { cpuCell, interleaved, keep, loadNow, medianOf, ratioOf, type Row } from "../measure/rounds.ts";
import { wholeSpan, withCpu, type Load } from "../measure/sampler.ts";

const { values } = parseArgs({
  options: {
    /** Numbers that the command writes, one a line: a recording may have 64 MiB. */
    lines: { type: "string", default: "6000000" },
    rounds: { type: "string", default: "5" },
    /** The mayflyd.js of another checkout. */
    gateway: { type: "string" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("kubernetes", values));
const lines = Number(values.lines);
const bytes = Array.from(String(lines)).reduce(
  // Of each length up to the last, a line is the digits and its end.
  (sum, _, index) => sum + (Math.min(lines, 10 ** (index + 1) - 1) - 10 ** index + 1) * (index + 2),
  0,
);
const megabytes = bytes / 1_000_000;
const rounds = Number(values.rounds);
const transports = ["WebSocket", "SPDY/3.1"];

const cluster = await startKubernetesStandIn();
cluster.addPod({ namespace: "shop", name: "web-1", labels: { app: "shop" } });
const gateway = await startBenchGateway({
  bin: values.gateway,
  environment: { CLUSTER_TOKEN: cluster.token },
  files: { "ca.pem": cluster.ca },
  connections: {
    cluster: {
      kubernetes: { server: cluster.url, ca: "ca.pem", token: { env: "CLUSTER_TOKEN" } },
      operations: {
        write: {
          resources: ["pods"],
          verbs: ["get"],
          namespaces: ["shop"],
          exec: { namespaces: ["shop"], names: ["web-1"], commands: [["seq", "1", "*"]] },
        },
      },
    },
  },
});

interface Run {
  /** kubectl's start included. */
  readonly megabytesPerSecond: number;
}

/** Runs the command once. */
function bring(kubeconfig: string, over: string): Load<Run> {
  const started = performance.now();
  const args = ["exec", "-n", "shop", "web-1", "-c", "app", "--", "seq", "1", String(lines)];
  const child = spawn("kubectl", args, {
    env: {
      ...process.env,
      HOME: gateway.folder,
      KUBECONFIG: kubeconfig,
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(over === "WebSocket"),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const done = new Promise<Run>((resolve, reject) => {
    let got = 0;
    child.stdout.on("data", (chunk: Buffer) => (got += chunk.length));
    child.once("error", reject);
    child.once("close", () => {
      if (got !== bytes) reject(new Error(`${got} of ${bytes} bytes came`));
      else resolve({ megabytesPerSecond: bytes / 1000 / (performance.now() - started) });
    });
  });
  return { pid: child.pid ?? 0, done };
}

/** The kubeconfig that Mayfly hands out with a grant. */
async function kubeconfigOfGrant(): Promise<string> {
  const asked = { connection: "cluster", operations: ["write"], reason: "bench", ttl: "8h" };
  const { body } = await call(gateway, gateway.token, "POST", "/v1/requests", asked);
  const { grant } = body as { grant?: { access?: { kubeconfig?: string } } };
  return grant?.access?.kubeconfig ?? "";
}

/** One that leads to the cluster itself. */
function directKubeconfig(): string {
  const name = "cluster";
  return JSON.stringify({
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
  });
}

try {
  const peers = [
    { name: "direct", kubeconfig: path.join(gateway.folder, "direct"), processes: [] },
    { name: "Mayfly", kubeconfig: path.join(gateway.folder, "mayfly"), processes: [gateway.pid] },
  ];
  writeFileSync(path.join(gateway.folder, "direct"), directKubeconfig());
  writeFileSync(path.join(gateway.folder, "mayfly"), await kubeconfigOfGrant());
  const rows: Row<Run>[] = [];
  for (const over of transports) {
    for (const { round, peer } of interleaved(rounds, peers)) {
      const { run, cpu } = await withCpu(
        bring(peer.kubeconfig, over),
        { peer: peer.processes, server: [process.pid] },
        () => wholeSpan,
        () => megabytes,
      );
      rows.push({ scenario: over, peer: peer.name, round, load: loadNow(), run, cpu });
    }
    keep(results, { lines, megabytes, rounds }, rows);
  }
  const rate = ({ run }: Row<Run>): number => run.megabytesPerSecond;
  console.log(
    tableHead([
      "over",
      "direct",
      "Mayfly",
      "Mayfly / direct",
      "CPU of Mayfly, µs a megabyte (of it the kernel's)",
      "of kubectl",
    ]),
  );
  for (const over of transports)
    console.log(
      tableRow([
        over,
        ...peers.map(({ name }) => `${Math.round(medianOf(rows, over, name, rate))} MB/s`),
        ratioOf(rows, over, { of: "Mayfly", to: "direct" }, rate).toFixed(2),
        cpuCell(rows, over, "Mayfly", "peer"),
        cpuCell(rows, over, "Mayfly", "client"),
      ]),
    );
} finally {
  await gateway.close();
  await cluster.close();
}
