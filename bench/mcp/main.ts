// `npm run bench -- mcp`: calls of one tool of an MCP server that the official SDK serves, direct and through Mayfly with the
// tool's definition compared, its arguments checked and each call recorded, both over TLS, in one run. Mayfly asks the server
// for the definition before each call; a direct client that does the same tells what of the difference is the server's.
// Rounds are interleaved; medians and ratios are printed, and the raw runs are kept in a file.
import { parseArgs } from "node:util";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere } from "../measure/results.ts";
import { cpuCell, interleaved, keep, loadNow, medianOf, ratioOf, type Row } from "../measure/rounds.ts";
import { withCpu } from "../measure/sampler.ts";
import { type Run, startClient, startParties, type Way } from "./peers.ts";

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

interface Peer {
  readonly name: string;
  readonly way: Way;
  readonly processes: readonly number[];
}

const undo: (() => unknown)[] = [];
const stop = async (): Promise<void> => {
  for (const step of undo.splice(0).toReversed()) await step();
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void stop().finally(() => process.exit(1)));

try {
  const { server, gateway, direct, mayfly } = await startParties(undo, { bin: values.gateway });
  const peers: readonly Peer[] = [
    { name: "direct", way: direct, processes: [] },
    { name: "direct, asking twice", way: { ...direct, lists: true }, processes: [] },
    { name: "Mayfly", way: mayfly, processes: [gateway.pid] },
  ];
  const rows: Row<Run>[] = [];
  const loads = [1, 16];
  for (const connections of loads)
    for (const { round, peer } of interleaved(rounds, peers)) {
      const { run, cpu } = await withCpu(
        startClient(peer.way, connections, seconds),
        { peer: peer.processes, server: [server] },
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
      "direct, asking twice",
      "Mayfly",
      "Mayfly / direct",
      "p50 added",
      "by asking twice alone",
      "CPU a call, µs (kernel): Mayfly",
      "the server behind it",
      "the server direct",
    ]),
  );
  for (const scenario of loads.map(String)) {
    const rate = (peer: string): string => `${Math.round(medianOf(rows, scenario, peer, perSecond))}/s`;
    const direct = medianOf(rows, scenario, "direct", ({ run }) => run.p50);
    const added = (peer: string): string =>
      `${(medianOf(rows, scenario, peer, ({ run }) => run.p50) - direct).toFixed(2)} ms`;
    console.log(
      tableRow([
        scenario,
        rate("direct"),
        rate("direct, asking twice"),
        rate("Mayfly"),
        ratioOf(rows, scenario, { of: "Mayfly", to: "direct" }, perSecond).toFixed(2),
        added("Mayfly"),
        added("direct, asking twice"),
        cpuCell(rows, scenario, "Mayfly", "peer"),
        cpuCell(rows, scenario, "Mayfly", "server"),
        cpuCell(rows, scenario, "direct", "server"),
      ]),
    );
  }
}
