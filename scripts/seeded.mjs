// `npm run seeded [-- LIVE]`: brings what is missing, then starts a gateway with the seeded data set, to look at.
import { spawn } from "node:child_process";
import { environment, root, setup } from "./setup.mjs";

await setup(["psql", "chromium"]);
const child = spawn("node", ["packages/testing/src/seeded/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
// Ctrl-C reaches the gateway too: it ends by itself, and this waits for it.
process.on("SIGINT", () => undefined);
child.once("close", (code) => process.exit(code ?? 1));
