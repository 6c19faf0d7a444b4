// `npm run bench -- http`: the same requests to the same files direct, through nginx as a reverse proxy, through nginx that
// asks an authorizer and logs, through a relay of node:http and undici, and through Mayfly with checking and recording on, all
// over TLS, in one run. Rounds are interleaved; medians and ratios are printed, and the raw runs are kept in a file.
import { parseArgs } from "node:util";
import { makeCertificate } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere } from "../measure/results.ts";
import { cpuCell, interleaved, keep, loadNow, medianOf, ratioOf, type Row } from "../measure/rounds.ts";
import { untilCounted, withCpu } from "../measure/sampler.ts";
import { startMayfly } from "./mayfly.ts";
import {
  files,
  makePlace,
  startApi,
  startBareRelay,
  startNginxProxy,
  startNginxWithAuthorizer,
  type Peer,
} from "./peers.ts";
import { spanOf, startWrk, type Run } from "./wrk.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "7" },
    /** The one load to measure, for example `200 B, 16`. */
    only: { type: "string", default: "" },
    /** The mayflyd.js of another checkout, measured instead of this one's. */
    gateway: { type: "string" },
    /** The mayflyd.js of another checkout, measured beside this one's in the same rounds. */
    against: { type: "string" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("http", values));
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const loads = [1, 16, 64]
  .flatMap((clients) =>
    (["small", "big"] as const).map((file) => ({ clients, file, name: `${files[file]}, ${clients}` })),
  )
  .filter(({ name }) => values.only === "" || name === values.only);
if (loads.length === 0) throw new Error(`no load is named "${values.only}"`);

const undo: (() => unknown)[] = [];
const stop = async (): Promise<void> => {
  for (const step of undo.splice(0).toReversed()) await step();
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void stop().finally(() => process.exit(1)));

try {
  const place = await makePlace(await makeCertificate());
  undo.push(() => place.remove());
  const api = await startApi(place);
  undo.push(() => api.stop());
  const nginx = await startNginxProxy(place, api);
  undo.push(() => nginx.stop());
  const checking = await startNginxWithAuthorizer(place, api);
  undo.push(() => checking.stop());
  const bare = await startBareRelay(place, api);
  undo.push(() => bare.stop());
  const mayfly = await startMayfly({ api: api.port, bin: values.gateway });
  undo.push(() => mayfly.gateway.close());
  const direct: Peer = {
    name: "direct",
    url: `https://127.0.0.1:${api.tlsPort}`,
    headers: [],
    processes: [],
  };
  const peers: Peer[] = [direct, nginx, checking, bare.plain, bare.tls];
  if (values.against !== undefined) {
    const other = await startMayfly({ api: api.port, name: "Mayfly before", bin: values.against });
    undo.push(() => other.gateway.close());
    peers.push(other);
  }
  peers.push(mayfly);

  const rows: Row<Run>[] = [];
  for (const { name, file, clients } of loads) {
    for (const { round, peer } of interleaved(rounds + 1, peers)) {
      const { run, cpu } = await untilCounted(() =>
        withCpu(
          startWrk(peer, file, clients, seconds),
          { peer: peer.processes, server: [api.pid] },
          () => spanOf(seconds),
          ({ requestsPerSecond }, ms) => (requestsPerSecond * ms) / 1000,
        ),
      );
      // The first round only warms up.
      if (round > 0) rows.push({ scenario: name, peer: peer.name, round, load: loadNow(), run, cpu });
      const own = Object.entries(cpu).map(
        ([who, { user, kernel }]) => `${who} ${(user + kernel).toFixed(1)}`,
      );
      console.error(
        `${name}, round ${round}, ${peer.name}: ${Math.round(run.requestsPerSecond)}/s, CPU ${own.join(", ")} µs, load ${loadNow()}`,
      );
    }
    keep(results, { seconds, rounds }, rows);
  }
  print(rows, peers);
} finally {
  await stop();
}

function print(rows: readonly Row<Run>[], peers: readonly Peer[]): void {
  const names = peers.map(({ name }) => name);
  const before = names.includes("Mayfly before") ? ["Mayfly before"] : [];
  const compared = ["nginx", "nginx with auth_request", "bare node:https", ...before];
  console.log(
    tableHead([
      "answer, connections",
      ...names,
      ...compared.map((name) => `of ${name}`),
      "p50 added over direct",
      "p99",
    ]),
  );
  for (const { name, file } of loads) {
    const what = file === "small" ? "requestsPerSecond" : "megabytesPerSecond";
    const unit = file === "small" ? "/s" : " MB/s";
    const of = (peer: string, key: keyof Run): number => medianOf(rows, name, peer, ({ run }) => run[key]);
    console.log(
      tableRow([
        name,
        ...names.map((peer) => `${Math.round(of(peer, what)).toLocaleString("en")}${unit}`),
        ...compared.map((to) => ratioOf(rows, name, { of: "Mayfly", to }, ({ run }) => run[what]).toFixed(2)),
        `${(of("Mayfly", "p50") - of("direct", "p50")).toFixed(3)} ms`,
        `${of("Mayfly", "p99").toFixed(2)} ms`,
      ]),
    );
  }
  const between = names.filter((name) => name !== "direct");
  console.log(
    `\n${tableHead(["CPU, µs a request (of it the kernel's)", "API, direct", ...between, "API behind Mayfly", "wrk"])}`,
  );
  for (const { name } of loads)
    console.log(
      tableRow([
        name,
        cpuCell(rows, name, "direct", "server"),
        ...between.map((peer) => cpuCell(rows, name, peer, "peer")),
        cpuCell(rows, name, "Mayfly", "server"),
        cpuCell(rows, name, "Mayfly", "client"),
      ]),
    );
  const found = rows.map(({ load }) => load);
  console.log(`\nload of the machine: ${Math.min(...found)} to ${Math.max(...found)}`);
}
