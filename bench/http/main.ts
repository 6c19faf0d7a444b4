// `npm run bench -- http`: the same requests to the same files direct, through nginx as a reverse proxy and through
// Mayfly with checking and recording on, all over TLS, in one run. Rounds are interleaved; medians are printed, and the
// raw runs are kept in a file.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../tests/support/gateway.ts";
import { median } from "../median.ts";
import { startPeers } from "./peers.ts";
import { type Run, wrk } from "./wrk.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    out: { type: "string", default: path.join(root, "bench/results/http.json") },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const scenarios = [1, 16, 64].flatMap((clients) =>
  ["small", "big"].map((file) => ({
    clients,
    file,
    name: `${file === "small" ? "200 B" : "1 MB"}, ${clients}`,
  })),
);
const raw: { scenario: string; peer: string; round: number; run: Run }[] = [];
const peers = await startPeers();
try {
  for (const { name, file, clients } of scenarios) {
    for (let round = 0; round < rounds; round += 1)
      for (const peer of peers.all)
        raw.push({ scenario: name, peer: peer.name, round, run: await wrk(peer, file, clients, seconds) });
    console.error(`… ${name}`);
  }
} finally {
  await peers.stop();
}

const of = (scenario: string, peer: string, what: keyof Run): number =>
  median(raw.filter((each) => each.scenario === scenario && each.peer === peer).map(({ run }) => run[what]));
console.log(
  "| answer, connections | direct | nginx | Mayfly | Mayfly / nginx | p50 added over direct | p99 |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const { name, file } of scenarios) {
  const what = file === "small" ? "requestsPerSecond" : "megabytesPerSecond";
  const unit = file === "small" ? "/s" : " MB/s";
  const [d, n, m] = ["direct", "nginx", "Mayfly"].map((peer) => of(name, peer, what));
  const show = (value = Number.NaN): string => `${Math.round(value).toLocaleString("en")}${unit}`;
  const added = of(name, "Mayfly", "p50") - of(name, "direct", "p50");
  const ratio = ((m ?? Number.NaN) / (n ?? Number.NaN)).toFixed(2);
  const p99 = of(name, "Mayfly", "p99").toFixed(2);
  console.log(
    `| ${name} | ${show(d)} | ${show(n)} | ${show(m)} | ${ratio} | ${added.toFixed(3)} ms | ${p99} ms |`,
  );
}
mkdirSync(path.dirname(values.out), { recursive: true });
writeFileSync(values.out, `${JSON.stringify({ seconds, rounds, raw }, undefined, 1)}\n`);
