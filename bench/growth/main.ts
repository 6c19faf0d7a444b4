// `npm run bench -- growth [NAME …]`: what things cost by how much there is of them; one file a dimension, all when left out.
// Each runs in a process of its own, so that none finds the other's memory.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { head } from "./table.ts";

const dimensions = [
  "grants",
  "policies",
  "operations",
  "sessions",
  "statements",
  "rows",
  "masked-rows",
  "store",
  "logs",
  "pruning",
];
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !dimensions.includes(name));
if (unknown !== undefined) {
  console.error(`there is no ${unknown}; there are: ${dimensions.join(", ")}`);
  process.exit(2);
}
console.log(head);
for (const name of asked.length === 0 ? dimensions : asked) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, ["--expose-gc", file], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
