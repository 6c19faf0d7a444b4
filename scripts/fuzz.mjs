// `npm run fuzz [-- NAME --count N | --seconds N --seed N]`: brings what is missing, then tries at random.
import { spawn } from "node:child_process";
import { environment, root, setup } from "./setup.mjs";

await setup();
const child = spawn("node", ["tests/fuzz/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
child.once("close", (code) => process.exit(code ?? 1));
