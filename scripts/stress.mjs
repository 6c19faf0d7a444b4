// `npm run stress -- FILE… [--times 20] [--busy 2] [-t NAME]`: runs test files again and again beside processes that keep the
// machine busy, without second tries, and prints how often each test failed, and why.
import { spawn } from "node:child_process";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { setupTests } from "./test/programs.mjs";
import { firstWords } from "./test/second-tries.mjs";
import { testFiles, unknownNames } from "./test/tiers.mjs";
import { runVitest } from "./test/vitest.mjs";

const { values: options, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string", default: "20" },
    busy: { type: "string", default: "2" },
    limit: { type: "string", default: "600" },
    t: { type: "string", short: "t" },
  },
});
const unknown = unknownNames(files, testFiles());
if (files.length === 0 || unknown.length > 0) {
  console.error(
    `npm run stress: no test file is named${unknown.map((name) => ` ${name}`).join(",")}\nhint: name test files by their paths from the root: npm run stress -- packages/gateway/src/gate/session.test.ts --times 20 --busy 2`,
  );
  process.exit(2);
}
await setupTests();

const burners = [];
const extinguish = () => {
  for (const burner of burners.splice(0)) burner.kill("SIGKILL");
};
process.on("exit", extinguish);

const times = Number(options.times);
let failedRuns = 0;
for (const file of files) {
  for (let at = 0; at < Number(options.busy); at += 1)
    burners.push(spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
  const failures = new Map();
  const took = [];
  let failed = 0;
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    const named = options.t === undefined ? [] : ["-t", options.t];
    const { outcomes, errors } = await runVitest([file], {
      args: named,
      limitMs: Number(options.limit) * 1000,
      isQuiet: true,
    });
    took.push((performance.now() - began) / 1000);
    const all = [
      ...outcomes.flatMap((outcome) => outcome.failures),
      ...errors.map((message) => ({ test: "(no test of its own)", message })),
    ];
    if (options.t !== undefined && all.length === 0 && outcomes.every(({ passed }) => passed === 0)) {
      console.error(
        `npm run stress: no test of ${file} has run\nhint: -t takes a part of a test's name, as vitest's -t does: ${options.t} is in none`,
      );
      process.exit(2);
    }
    if (all.length > 0) failed += 1;
    for (const { test, message } of all)
      failures.set(test, [...(failures.get(test) ?? []), firstWords(message).slice(0, 4).join("\n      ")]);
  }
  extinguish();
  failedRuns += failed;
  const [quickest, slowest] = [Math.min(...took), Math.max(...took)].map((seconds) => seconds.toFixed(1));
  console.log(
    `${failed} of ${times} failed, ${options.busy} burners, ${quickest} to ${slowest} s, load ${loadavg()[0].toFixed(1)}: ${file}`,
  );
  for (const [test, messages] of failures)
    console.log(`  ${messages.length} × ${test}\n      ${[...new Set(messages)].join("\n      or ")}`);
}
process.exit(failedRuns === 0 ? 0 : 1);
