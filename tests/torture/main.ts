import { parseArgs } from "node:util";
import { runFaults } from "./faults.ts";
import { runKills } from "./kills.ts";

// `npm run torture`: kills a gateway under load, a thousand times, and looks whether everything it acknowledged is
// there. `npm run torture -- faults`: takes the files from under it. `npm run torture -- starvation [SECONDS] [ATTACK…]`:
// has one agent attack beside another. Ends with 1 when anything did not hold.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    bin: { type: "string" },
  },
});
const which = values.bin === undefined ? {} : { bin: values.bin };
const isFaults = positionals[0] === "faults";
if (positionals[0] === "starvation") {
  const { runStarvation } = await import("../starvation/main.ts");
  process.exit(await runStarvation(positionals.slice(1)));
}
if (isFaults) {
  const results = await runFaults({
    ...which,
    ...(values.only === undefined ? {} : { only: values.only }),
    onResult: ({ name, noticedMs, answeredAfter, unrecorded, problems }) =>
      console.log(
        `${problems.length === 0 ? "ok  " : "FAIL"} ${name}: noticed after ${noticedMs} ms, ${answeredAfter} answers after it struck, ${unrecorded} of them without a record that is left${problems.map((problem) => `\n     ${problem}`).join("")}`,
      ),
  });
  const failed = results.filter(({ problems }) => problems.length > 0);
  const slowest = Math.max(...results.map(({ noticedMs }) => noticedMs));
  console.log(
    `${results.length} faults, ${failed.length} failed; the slowest was noticed after ${slowest} ms`,
  );
  process.exit(failed.length === 0 ? 0 : 1);
}
const started = performance.now();
const report = await runKills(
  { kills: Number(values.kills), seed: Number(values.seed) },
  (kill, failures) => {
    if (kill % 10 === 0)
      console.log(
        `${kill} kills, ${failures} failures, ${Math.round((performance.now() - started) / 1000)} s`,
      );
  },
);
const { acknowledged: all, failures, records, slowestStartMs } = report;
for (const { kill, check, what } of failures.slice(0, 50))
  console.log(`FAIL kill ${kill}: ${check}: ${what}`);
console.log(
  `${report.kills} kills (seed ${report.seed}): ${all.acts} reads, ${all.updates} updates, ${all.requests} requests, ${all.approvals} approvals, ${all.grants} grants and ${all.ended} ends acknowledged, ${records} records; ${failures.length} failures; slowest start ${slowestStartMs} ms`,
);
process.exit(failures.length === 0 ? 0 : 1);
