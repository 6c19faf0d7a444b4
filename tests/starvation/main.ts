// The attacks, longer than the tests run them: `node tests/starvation/main.ts [SECONDS] [NAME…]`. Prints a table.
import { attacks } from "./attacks.ts";
import { besiege } from "./siege.ts";
import { startStage } from "./stage.ts";

const [given = "20", ...names] = process.argv.slice(2);
const seconds = Number(given);
const chosen = Object.keys(attacks).filter(
  (name) => names.length === 0 || names.some((part) => name.includes(part)),
);
const mb = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;

console.log(
  "| attack | p50 | p99 | worst | failed | memory before, peak, after | given back after | what came of it |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
for (const name of chosen) {
  const stage = await startStage();
  try {
    const siege = await besiege(stage, name, seconds);
    const memory = [siege.before.residentBytes, siege.peakBytes, siege.after.residentBytes]
      .map(mb)
      .join(", ");
    const back = siege.givenBackMs === undefined ? "not in 10 s" : `${Math.round(siege.givenBackMs)} ms`;
    const failed = `${siege.failed.length} of ${siege.requests}${siege.failed.length > 0 ? ` (${[...new Set(siege.failed)].join(", ")})` : ""}`;
    const [p50, p99, worst] = [siege.p50, siege.p99, siege.worst].map((ms) => `${ms.toFixed(0)} ms`);
    console.log(
      `| ${name} | ${p50} | ${p99} | ${worst} | ${failed} | ${memory} | ${back} | ${JSON.stringify(siege.did)} |`,
    );
  } catch (error) {
    console.log(`| ${name} | ${error instanceof Error ? error.message : String(error)} |`);
  } finally {
    await stage.stop();
  }
}
