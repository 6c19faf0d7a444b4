// The attacks, longer than the tests run them: `npm run torture -- starvation [SECONDS] [NAME…]`. Prints a table.
import { attacks } from "./attacks.ts";
import { besiege } from "./siege.ts";
import { startStage } from "./stage.ts";

const mb = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;

/**
 * Runs the attacks one by one, each against a gateway of its own.
 * @param args how many seconds each lasts (20), and parts of the names of those that are meant (all)
 * @returns the exit code: 1 when one failed the second agent, or gave nothing back
 */
export async function runStarvation([given = "20", ...names]: readonly string[]): Promise<number> {
  const seconds = Number(given);
  const chosen = Object.keys(attacks).filter(
    (name) => names.length === 0 || names.some((part) => name.includes(part)),
  );
  let code = 0;
  console.log(
    "| attack | p50 | p99 | worst | failed | memory before, peak, after | given back after | what came of it |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const name of chosen) {
    const stage = await startStage();
    try {
      const siege = await besiege(stage, name, seconds);
      if (siege.failed.length > 0 || siege.givenBackMs === undefined) code = 1;
      const memory = [siege.before.residentBytes, siege.peakBytes, siege.after.residentBytes]
        .map(mb)
        .join(", ");
      const back = siege.givenBackMs === undefined ? "not given back" : `${Math.round(siege.givenBackMs)} ms`;
      const failed = `${siege.failed.length} of ${siege.requests}${siege.failed.length > 0 ? ` (${[...new Set(siege.failed)].join(", ")})` : ""}`;
      const [p50, p99, worst] = [siege.p50, siege.p99, siege.worst].map((ms) => `${ms.toFixed(0)} ms`);
      console.log(
        `| ${name} | ${p50} | ${p99} | ${worst} | ${failed} | ${memory} | ${back} | ${JSON.stringify(siege.did)} |`,
      );
    } catch (error) {
      code = 1;
      console.log(`| ${name} | ${error instanceof Error ? error.message : String(error)} |`);
    } finally {
      await stage.stop();
    }
  }
  return code;
}
