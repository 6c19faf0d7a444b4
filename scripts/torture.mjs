// `npm run torture [-- kills | faults] [--kills N] [--seed S]`: brings what is missing, then kills, or takes files away.
import { spawn } from "node:child_process";
import { environment, root, setup } from "./setup.mjs";

await setup();
const child = spawn("node", ["tests/torture/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
child.once("close", (code) => process.exit(code ?? 1));
