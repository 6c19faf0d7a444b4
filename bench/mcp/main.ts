// `npm run bench -- mcp`: calls of one tool of an MCP server that the official SDK serves, direct and through Mayfly with the
// tool's definition compared, its arguments checked and each call recorded, both over TLS, in one run. Rounds are interleaved;
// medians and ratios are printed, and the raw runs are kept in a file.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { root } from "@mayfly/testing/gateway.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { pinOf } from "../../packages/gateway/src/protocols/mcp/upstream/pins.ts";
import { makeCertificate } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { startBenchGateway } from "../gateway.ts";
import { makePlace } from "../http/peers.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere } from "../measure/results.ts";
import { cpuCell, interleaved, keep, loadNow, medianOf, ratioOf, type Row } from "../measure/rounds.ts";
import { type Load, withCpu } from "../measure/sampler.ts";
import { startListening } from "../processes.ts";
import { tool } from "./tool.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "7" },
    /** The mayflyd.js of another checkout, measured instead of this one's. */
    gateway: { type: "string" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("mcp", values));
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
/** Until the client has started and all its connections have shaken hands. */
const SETTLE_MS = 1000;

/** What one run of the client measured. */
interface Run {
  readonly callsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Peer {
  readonly name: string;
  readonly url: string;
  readonly ca: string;
  readonly bearer: string;
  readonly processes: readonly number[];
}

function startClient(peer: Peer, connections: number): Load<Run> {
  const args = ["bench/mcp/client.ts", peer.url, peer.ca, String(connections), String(seconds)];
  const child = spawn("node", args, {
    cwd: root,
    env: { ...process.env, BENCH_BEARER: peer.bearer },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  const done = new Promise<Run>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as Run);
      else reject(new Error(`the client of ${peer.name} ended with ${code}`));
    });
  });
  return { pid: child.pid ?? 0, done };
}

const undo: (() => unknown)[] = [];
const stop = async (): Promise<void> => {
  for (const step of undo.splice(0).toReversed()) await step();
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void stop().finally(() => process.exit(1)));

try {
  const tls = await makeCertificate();
  const place = await makePlace(tls);
  undo.push(() => place.remove());
  const [port, tlsPort] = [await freePort(), await freePort()];
  const args = ["bench/mcp/server.ts", String(port), String(tlsPort), place.certificate, place.key];
  const server = await startListening("node", args, tlsPort);
  undo.push(() => server.stop());
  const gateway = await startBenchGateway({
    bin: values.gateway,
    connections: {
      orders: {
        mcp: { url: `http://127.0.0.1:${port}/mcp`, pins: { [tool.name]: pinOf(tool) } },
        operations: { read: { tools: { [tool.name]: tool.inputSchema } } },
      },
    },
  });
  undo.push(() => gateway.close());
  const { secret } = await gateway.access("orders");
  const peers: readonly Peer[] = [
    {
      name: "direct",
      url: `https://127.0.0.1:${tlsPort}/mcp`,
      ca: tls.file,
      bearer: "none",
      processes: [],
    },
    {
      name: "Mayfly",
      url: `${gateway.url}/mcp/orders`,
      ca: gateway.caFile,
      bearer: secret,
      processes: [gateway.pid],
    },
  ];
  const rows: Row<Run>[] = [];
  const loads = [1, 16];
  for (const connections of loads)
    for (const { round, peer } of interleaved(rounds, peers)) {
      const { run, cpu } = await withCpu(
        startClient(peer, connections),
        { peer: peer.processes, server: [server.pid] },
        () => ({ from: SETTLE_MS, to: seconds * 1000 }),
        ({ callsPerSecond }, ms) => (callsPerSecond * ms) / 1000,
      );
      rows.push({ scenario: String(connections), peer: peer.name, round, load: loadNow(), run, cpu });
      console.error(`${connections}, round ${round}, ${peer.name}: ${Math.round(run.callsPerSecond)}/s`);
    }
  keep(results, { seconds, rounds }, rows);
  print(rows, loads);
} finally {
  await stop();
}

function print(rows: readonly Row<Run>[], loads: readonly number[]): void {
  const perSecond = ({ run }: Row<Run>): number => run.callsPerSecond;
  console.log(
    tableHead([
      "connections",
      "direct",
      "Mayfly",
      "Mayfly / direct",
      "p50 added",
      "CPU a call, µs (kernel): Mayfly",
      "the server behind it",
      "the server direct",
    ]),
  );
  for (const scenario of loads.map(String)) {
    const p50 = (peer: string): number => medianOf(rows, scenario, peer, ({ run }) => run.p50);
    console.log(
      tableRow([
        scenario,
        `${Math.round(medianOf(rows, scenario, "direct", perSecond))}/s`,
        `${Math.round(medianOf(rows, scenario, "Mayfly", perSecond))}/s`,
        ratioOf(rows, scenario, { of: "Mayfly", to: "direct" }, perSecond).toFixed(2),
        `${(p50("Mayfly") - p50("direct")).toFixed(2)} ms`,
        cpuCell(rows, scenario, "Mayfly", "peer"),
        cpuCell(rows, scenario, "Mayfly", "server"),
        cpuCell(rows, scenario, "direct", "server"),
      ]),
    );
  }
}
